import { expect, test } from 'vitest';
import { parseReference } from './image-reference.ts';
import { RuntimeError } from './runtime.ts';
import { cpuMs } from '../../test/expectations/cpu-time.ts';

const digest = `sha256:${'0'.repeat(64)}`;

test.each([
  ['busybox', 'busybox', 'latest', undefined],
  ['busybox:1.36', 'busybox', '1.36', undefined],
  ['kimschles/pod-info-app:latest', 'kimschles/pod-info-app', 'latest', undefined],
  ['localhost:5000/a/b', 'localhost:5000/a/b', 'latest', undefined],
  ['registry.example.com:443/team/app:v1.2_x', 'registry.example.com:443/team/app', 'v1.2_x', undefined],
  ['[::1]:5000/app', '[::1]:5000/app', 'latest', undefined],
  [`app@${digest}`, 'app', undefined, digest],
  [`app:v1@${digest}`, 'app', 'v1', digest],
  ['a__b/c-d.e', 'a__b/c-d.e', 'latest', undefined],
])('%s is taken apart as Docker does', (image, repository, tag, expectedDigest) => {
  expect(parseReference(image)).toEqual({ repository, tag, digest: expectedDigest });
});

test.each([
  '',
  'Upper/case',
  'a b',
  '../containers/json',
  'app:',
  'app:-x',
  'a//b',
  'app?x=1',
  'app#x',
  `app@${'0'.repeat(64)}`,
  'a'.repeat(600),
])('"%s" is no image', (image) => {
  expect(() => parseReference(image)).toThrow(RuntimeError);
  expect(() => parseReference(image)).toThrow(/invalid reference format/);
});

test('a name made to confuse the grammar is refused at once', () => {
  const spent = cpuMs(() => expect(() => parseReference(`${'a-'.repeat(250)}!`)).toThrow(RuntimeError));
  expect(spent).toBeLessThan(1_000);
});
