import { expect, test } from 'vitest';
import type { Secret } from '../../core/api/generated/core-v1.ts';
import { pod } from '../../test/builders/pod.ts';
import type { ConfigSource } from './environment.ts';
import { registryAuthFor } from './image-credentials.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');

function sourceOf(auths: Readonly<Record<string, unknown>>): ConfigSource {
  const secret: Secret = { metadata: {}, data: { '.dockerconfigjson': base64(JSON.stringify({ auths })) } };
  return { configMap: () => Promise.resolve(undefined), secret: () => Promise.resolve(secret) };
}

const subject = pod()
  .withSpec({ imagePullSecrets: [{ name: 'pull' }] })
  .build();
const me = { username: 'me', password: 'a:b' };

test.each([
  ['registry.example:5000/team/app:1', { 'registry.example:5000': me }, true],
  ['registry.example/app', { 'https://registry.example/v2/': me }, true],
  ['busybox', { 'https://index.docker.io/v1/': me }, true],
  ['team/app', { 'docker.io': { auth: base64('me:a:b') } }, true],
  ['registry.example/app', { 'other.example': me }, false],
  ['registry.example.evil/app', { 'registry.example': me }, false],
])('%s with %j: %s', async (image, auths, found) => {
  const auth = await registryAuthFor(subject, image, sourceOf(auths));
  expect(auth?.username).toBe(found ? 'me' : undefined);
  if (found) expect(auth?.password).toBe('a:b');
});

test('the entry that says most of the path wins', async () => {
  const auths = { 'r.example': me, 'r.example/team': { username: 'team', password: 'x' } };
  expect((await registryAuthFor(subject, 'r.example/team/app', sourceOf(auths)))?.username).toBe('team');
  expect((await registryAuthFor(subject, 'r.example/other', sourceOf(auths)))?.username).toBe('me');
});

test('a broken Secret gives nothing', async () => {
  const broken: ConfigSource = {
    configMap: () => Promise.resolve(undefined),
    secret: () => Promise.resolve({ metadata: {}, data: { '.dockerconfigjson': base64('{') } }),
  };
  expect(await registryAuthFor(subject, 'busybox', broken)).toBeUndefined();
});
