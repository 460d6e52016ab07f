import { expect, test } from 'vitest';
import { readFlags } from './flags.ts';

const needed = ['--core=127.0.0.1:7443', '--data-dir=/data'];

test('reads labels with and without values', () => {
  expect(readFlags([...needed, '--labels=zone=a,node-role.kubernetes.io/worker=']).labels).toEqual({
    zone: 'a',
    'node-role.kubernetes.io/worker': '',
  });
});

test.each([
  [['--data-dir=/data'], '--core is missing'],
  [['--core=x'], '--data-dir is missing'],
  [[...needed, '--runtime=podman'], '--runtime "podman" is not one of docker, simulated'],
  [[...needed, '--max-pods=many'], '--max-pods "many" is not a positive number'],
  [[...needed, '--colour'], "'--colour'"],
])('refuses %j', (args, message) => {
  expect(() => readFlags(args)).toThrow(message);
});
