import { describe, expect, test } from 'vitest';
import type { ConfigMap, Container, EnvVar, Secret } from '../../core/api/generated/core-v1.ts';
import { pod } from '../../test/builders/pod.ts';
import { environmentOf, expandedCommand, type ConfigSource } from './environment.ts';
import { expand } from './expansion.ts';

const settings: ConfigMap = {
  metadata: { name: 'settings' },
  data: { color: 'blue', 'not a name=': 'x', size: '3' },
};
const secret: Secret = {
  metadata: { name: 'login' },
  data: { user: Buffer.from('root').toString('base64') },
};
const config: ConfigSource = {
  configMap: (_, name) => Promise.resolve(name === 'settings' ? settings : undefined),
  secret: (_, name) => Promise.resolve(name === 'login' ? secret : undefined),
};
const subject = pod()
  .named('web')
  .inNamespace('shop')
  .labelled({ app: 'web', "it's": 'x' })
  .annotated({ note: 'two\nlines' })
  .onNode('a')
  .withSpec({ serviceAccountName: 'robot' })
  .build();

async function environment(env: readonly EnvVar[], more: Partial<Container> = {}) {
  const container = { name: 'main', image: 'main:1', env, ...more };
  const result = await environmentOf(subject, container, {
    podIps: ['10.0.0.7', 'fd00::7'],
    hostIps: ['192.0.2.1'],
    allocatable: { cpu: '4', memory: '8Gi' },
    config,
    serviceVariables: new Map([['WEB_SERVICE_HOST', '10.96.0.1']]),
  });
  return Object.fromEntries(result);
}

const field = (fieldPath: string): EnvVar => ({ name: 'V', valueFrom: { fieldRef: { fieldPath } } });

describe('expand', () => {
  const values: Record<string, string> = { A: '1', B: '$(A)', EMPTY: '' };
  test.each([
    ['$(A)', '1'],
    ['x$(A)y$(A)', 'x1y1'],
    ['$(B)', '$(A)'],
    ['$(EMPTY)', ''],
    ['$(NONE)', '$(NONE)'],
    ['$$(A)', '$(A)'],
    ['$$$(A)', '$1'],
    ['$', '$'],
    ['$A', '$A'],
    ['$(A', '$(A'],
    ['a$$', 'a$'],
    ['$($(A))', '$($(A))'],
  ])('%s becomes %s', (text, expected) => {
    expect(expand(text, (name) => (Object.hasOwn(values, name) ? values[name] : undefined))).toBe(expected);
  });
});

describe('environmentOf', () => {
  test.each([
    ['metadata.name', 'web'],
    ['metadata.namespace', 'shop'],
    ['metadata.uid', 'pod-web'],
    ["metadata.labels['app']", 'web'],
    ["metadata.labels['none']", ''],
    ["metadata.annotations['note']", 'two\nlines'],
    ['spec.nodeName', 'a'],
    ['spec.serviceAccountName', 'robot'],
    ['status.podIP', '10.0.0.7'],
    ['status.podIPs', '10.0.0.7,fd00::7'],
    ['status.hostIP', '192.0.2.1'],
    ['status.hostIPs', '192.0.2.1'],
  ])('reads field %s', async (path, expected) => {
    expect((await environment([field(path)]))['V']).toBe(expected);
  });

  test('refuses a field it does not know', async () => {
    await expect(environment([field('spec.secret')])).rejects.toThrow('"spec.secret"');
  });

  test.each([
    ['limits.cpu', '1', '1'],
    ['limits.cpu', '1m', '250'],
    ['limits.memory', '1Mi', '8192'],
    ['requests.memory', '1Ki', '64'],
    ['requests.cpu', '1m', '250'],
  ])('reads resource %s in units of %s', async (resource, divisor, expected) => {
    const resources = { limits: { cpu: '250m' }, requests: { memory: '64Ki' } };
    const variable = { name: 'V', valueFrom: { resourceFieldRef: { resource, divisor } } };
    expect((await environment([variable], { resources }))['V']).toBe(expected);
  });

  test('reads keys of ConfigMaps and Secrets', async () => {
    const result = await environment([
      { name: 'COLOR', valueFrom: { configMapKeyRef: { name: 'settings', key: 'color' } } },
      { name: 'USER', valueFrom: { secretKeyRef: { name: 'login', key: 'user' } } },
    ]);
    expect(result).toMatchObject({ COLOR: 'blue', USER: 'root' });
  });

  test.each([
    [{ configMapKeyRef: { name: 'none', key: 'x' } }, 'configmap "none" not found'],
    [{ configMapKeyRef: { name: 'settings', key: 'x' } }, "couldn't find key x in ConfigMap shop/settings"],
    [{ secretKeyRef: { name: 'none', key: 'x' } }, 'secret "none" not found'],
    [{ secretKeyRef: { name: 'login', key: 'x' } }, "couldn't find key x in Secret shop/login"],
  ])('says what is missing: %j', async (valueFrom, message) => {
    await expect(environment([{ name: 'V', valueFrom }])).rejects.toThrow(message);
  });

  test('leaves out what is optional and missing', async () => {
    const optional = { name: 'none', key: 'x', optional: true };
    const result = await environment([{ name: 'V', valueFrom: { configMapKeyRef: optional } }]);
    expect(Object.keys(result)).toEqual(['WEB_SERVICE_HOST']);
  });

  test('takes whole ConfigMaps, without what can be no name, and lets single variables override', async () => {
    const envFrom = [{ configMapRef: { name: 'settings' }, prefix: 'S_' }, { secretRef: { name: 'login' } }];
    const result = await environment([{ name: 'user', value: 'me' }], { envFrom });
    expect(result).toEqual({ S_color: 'blue', S_size: '3', user: 'me', WEB_SERVICE_HOST: '10.96.0.1' });
  });

  test('lets variables refer to earlier ones and to Services, not to later ones', async () => {
    const result = await environment([
      { name: 'A', value: '$(B)/$(WEB_SERVICE_HOST)' },
      { name: 'B', value: '2' },
      { name: 'C', value: '$(B)$(A)' },
    ]);
    expect(result).toMatchObject({ A: '$(B)/10.96.0.1', C: '2$(B)/10.96.0.1' });
  });
});

test('command and arguments take the values of the environment', () => {
  const container = { name: 'main', image: 'main:1', command: ['run', '$(A)'], args: ['$$(A)', '$(NONE)'] };
  expect(expandedCommand(container, new Map([['A', '1']]))).toEqual({
    command: ['run', '1'],
    args: ['$(A)', '$(NONE)'],
  });
});
