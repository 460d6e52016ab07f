import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { configmaps, secrets } from '../../../core/api/generated/resources.ts';
import { createClient } from '../../../core/client/typed-client.ts';
import type { RestApi } from '../../environment/rest.ts';
import { createRestApi } from '../../environment/rest.ts';

const option = 'ignoreStoreReadErrorWithClusterBreakingPotential';
const path = '/api/v1/namespaces/default/configmaps';

let rest: RestApi;
beforeAll(async () => {
  rest = await createRestApi({ rbac: true });
  const grant = (name: string, verbs: readonly string[]) => [
    { kind: 'Role', rules: [{ apiGroups: [''], resources: ['configmaps', 'secrets'], verbs }], name },
    {
      kind: 'RoleBinding',
      subjects: [{ kind: 'User', name, apiGroup: 'rbac.authorization.k8s.io' }],
      roleRef: { kind: 'Role', name, apiGroup: 'rbac.authorization.k8s.io' },
      name,
    },
  ];
  for (const { name, ...body } of [
    ...grant('deleter', ['delete', 'deletecollection']),
    ...grant('surgeon', ['delete', 'unsafe-delete-ignore-read-errors']),
  ]) {
    const plural = body.kind === 'Role' ? 'roles' : 'rolebindings';
    const answer = await send('POST', `/apis/rbac.authorization.k8s.io/v1/namespaces/default/${plural}`, {
      metadata: { name },
      ...body,
    });
    expect(answer.code).toBe(201);
  }
});
afterAll(async () => {
  // Each is told of in the log.
  const told = await rest[Symbol.asyncDispose]().then(
    () => [],
    (error: unknown) => (error as AggregateError).errors as readonly Error[],
  );
  for (const { message } of told) expect(message).toMatch(/^Cannot (?:decode|read) /);
});

async function send(method: string, url: string, body?: object, user?: string) {
  const answer = await rest.send(method, url, {
    ...(body === undefined ? {} : { body: JSON.stringify(body), contentType: 'application/json' }),
    ...(user === undefined ? {} : { headers: { 'impersonate-user': user } }),
  });
  return { ...answer.json(), code: answer.code };
}

const deletion = (more: object = {}) => ({
  kind: 'DeleteOptions',
  apiVersion: 'v1',
  [option]: true,
  ...more,
});

/** Puts bytes that mean nothing where an object is, behind the server's back. */
async function spoil(name: string, bytes: string | ((value: string) => string) = 'rubbish') {
  const { api } = rest;
  await api.client.create(configmaps, {
    metadata: { namespace: 'default', name, finalizers: ['example.com/kept'] },
    data: { a: 'b' },
  });
  const key = `/registry/core/configmaps/default/${name}`;
  const { value } = (await api.store.get(key, {})) ?? { value: Buffer.alloc(0) };
  const spoilt = typeof bytes === 'string' ? bytes : bytes(value.toString());
  await api.store.transact([], [{ kind: 'put', key, value: Buffer.from(spoilt) }], {});
  await api.api.registry.storeFor(configmaps).cache.waitForCurrent();
}

describe('an object whose bytes mean nothing', () => {
  test.each<[string, string | ((value: string) => string)]>([
    ['garbage', 'rubbish'],
    ['cut short', (value) => value.slice(0, -5)],
  ])('(%s) is named in the error, and removed by who may, with its finalizers', async (_, bytes) => {
    await spoil('bad', bytes);
    expect(await send('GET', `${path}/bad`)).toMatchObject({ code: 500, reason: 'StorageReadError' });
    expect(await send('DELETE', `${path}/bad`)).toMatchObject({ code: 500, reason: 'StorageReadError' });
    expect(await send('DELETE', `${path}/bad`, deletion(), 'deleter')).toMatchObject({
      code: 403,
      message:
        'configmaps "bad" is forbidden: not permitted to do "unsafe-delete-ignore-read-errors", reason: ',
    });
    expect(await send('DELETE', `${path}/bad`, deletion(), 'surgeon')).toMatchObject({
      code: 200,
      kind: 'Status',
      status: 'Success',
    });
    expect(await send('GET', `${path}/bad`)).toMatchObject({ code: 404 });
    expect(await send('GET', path)).toMatchObject({ code: 200 });
    await expect(
      rest.api.client.create(configmaps, { metadata: { namespace: 'default', name: 'bad' } }),
    ).resolves.toBeDefined();
    await rest.api.client.delete(configmaps, { namespace: 'default', name: 'bad' });
  });

  test('is counted in the refusal of a list, one cause for each', async () => {
    await spoil('first');
    await spoil('second');
    const list = await send('GET', path);
    expect(list).toMatchObject({ code: 500, reason: 'StorageReadError', details: { kind: 'configmaps' } });
    expect(list.message).toMatch(/^failed to read one or more configmaps from the storage: /);
    expect(list.details?.causes?.map(({ message }) => /"default\/(\w+)"/.exec(message ?? '')?.[1])).toEqual([
      'first',
      'second',
    ]);
    expect(await send('DELETE', path)).toMatchObject({ code: 500, reason: 'StorageReadError' });
    for (const name of ['first', 'second'])
      expect(await send('DELETE', `${path}/${name}?${option}=true`)).toMatchObject({ code: 200 });
    expect(await send('GET', path)).toMatchObject({ code: 200 });
  });

  test('is removed over gRPC’s verbs, too', async () => {
    await spoil('bad');
    const client = createClient(rest.api.verbs, { user: { name: 'root', groups: ['system:masters'] } });
    await client.delete(configmaps, { namespace: 'default', name: 'bad' }, { [option]: true });
    await expect(client.get(configmaps, { namespace: 'default', name: 'bad' })).rejects.toMatchObject({
      reason: 'NotFound',
    });
  });
});

describe('blind deletion is refused', () => {
  test('for what can be read, and for what is not there', async () => {
    await rest.api.client.create(secrets, { metadata: { namespace: 'default', name: 'fine' } });
    for (const name of ['fine', 'absent'])
      expect(
        await send('DELETE', `/api/v1/namespaces/default/secrets/${name}`, deletion(), 'surgeon'),
      ).toMatchObject({
        code: 422,
        message: `secrets "${name}" is invalid: ${option}: Invalid value: true: is exclusively used to delete corrupt object(s), try again by removing this option`,
      });
    await rest.api.client.get(secrets, { namespace: 'default', name: 'fine' });
  });

  test.each([
    ['dryRun', { dryRun: ['All'] }],
    ['propagationPolicy', { propagationPolicy: 'Orphan' }],
    ['gracePeriodSeconds', { gracePeriodSeconds: 0 }],
    ['preconditions', { preconditions: { uid: 'a' } }],
  ])('together with %s', async (name, more) => {
    expect(await send('DELETE', `${path}/any`, deletion(more))).toMatchObject({
      code: 422,
      message: `DeleteOptions.meta.k8s.io "" is invalid: ${option}: Invalid value: true: cannot be set together with .${name}`,
    });
  });

  test('of a whole collection', async () => {
    expect(await send('DELETE', path, deletion())).toMatchObject({
      code: 422,
      message: expect.stringContaining('is not allowed with DELETECOLLECTION'),
    });
  });
});
