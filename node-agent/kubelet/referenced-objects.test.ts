import { describe, expect, test } from 'vitest';
import { configmaps, secrets } from '../../core/api/generated/resources.ts';
import { seededRandom } from '../../core/machinery/random.ts';
import { createTestApi } from '../../test/environment/api.ts';
import { expectEventually } from '../../test/expectations/eventually.ts';
import { pod } from '../../test/builders/pod.ts';
import { ReferencedObjects, referencesOf } from './referenced-objects.ts';

const naming = pod().withSpec({
  imagePullSecrets: [{ name: 'pull' }],
  volumes: [
    { name: 'a', configMap: { name: 'files' } },
    { name: 'b', secret: { secretName: 'keys' } },
    { name: 'c', projected: { sources: [{ configMap: { name: 'ca' } }, { secret: { name: 'keys' } }] } },
  ],
  initContainers: [
    { name: 'i', envFrom: [{ configMapRef: { name: 'files' } }, { secretRef: { name: 'login' } }] },
  ],
  containers: [
    {
      name: 'm',
      env: [
        { name: 'A', valueFrom: { configMapKeyRef: { name: 'env', key: 'x' } } },
        { name: 'B', valueFrom: { secretKeyRef: { name: 'token', key: 'x' } } },
      ],
    },
  ],
});

test('referencesOf finds every ConfigMap and Secret that a Pod names, once', () => {
  const found = referencesOf(naming.build()).map(({ kind, name }) => `${kind} ${name}`);
  expect(found.sort()).toEqual([
    'configmap ca',
    'configmap env',
    'configmap files',
    'secret keys',
    'secret login',
    'secret pull',
    'secret token',
  ]);
});

describe('ReferencedObjects', () => {
  test('reads, tells those who name an object of its changes, and ends with the last of them', async () => {
    await using api = await createTestApi();
    const { client, clock } = api;
    const changed: string[] = [];
    const references = new ReferencedObjects({ client, clock, random: seededRandom(1) }, (uid) =>
      changed.push(uid),
    );
    const stop = new AbortController();
    references.start(stop.signal);
    const user = (uid: string) =>
      pod()
        .withUid(uid)
        .withSpec({ volumes: [{ name: 'v', configMap: { name: 'files' } }] })
        .build();
    references.retain(user('one'));
    references.retain(user('two'));
    expect(references.size).toBe(1);
    expect(await references.configMap('default', 'files')).toBeUndefined();

    await client.create(configmaps, { metadata: { name: 'files', namespace: 'default' }, data: { x: '1' } });
    await client.create(secrets, { metadata: { name: 'files', namespace: 'default' } });
    await expectEventually(clock, () => expect(changed.sort()).toEqual(['one', 'two']));
    expect((await references.configMap('default', 'files'))?.data).toEqual({ x: '1' });

    references.release('one');
    expect(references.size).toBe(1);
    references.release('two');
    expect(references.size).toBe(0);
    stop.abort();
  });
});
