import { describe, expect, test } from 'vitest';
import { StatusError } from '../../core/api/errors.ts';
import { configmaps, deployments, pods } from '../../core/api/generated/resources.ts';
import type { PatchOptions } from '../../core/api/verbs.ts';
import type { TestApi } from '../environment/api.ts';
import { deployment } from '../builders/index.ts';
import { createTestApi } from '../environment/api.ts';

const settings = { namespace: 'default', name: 'settings' };

function apply(api: TestApi, data: object, options: PatchOptions) {
  const configuration = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, ...data };
  return api.client.patch(configmaps, settings, 'apply', configuration, options);
}

describe('server-side apply', () => {
  test('creates, changes what it owns, and removes what it no longer lists', async () => {
    await using api = await createTestApi();
    const created = await apply(api, { data: { a: '1', b: '2' } }, { fieldManager: 'kim' });
    expect(created.metadata.managedFields).toEqual([
      {
        manager: 'kim',
        operation: 'Apply',
        apiVersion: 'v1',
        time: '2030-01-01T00:00:00Z',
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:data': { 'f:a': {}, 'f:b': {} } },
      },
    ]);
    const same = await apply(api, { data: { a: '1', b: '2' } }, { fieldManager: 'kim' });
    expect(same.metadata.resourceVersion).toBe(created.metadata.resourceVersion);
    const changed = await apply(api, { data: { a: '3' } }, { fieldManager: 'kim' });
    expect(changed.data).toEqual({ a: '3' });
  });

  test('leaves fields to whoever wrote them last, unless forced', async () => {
    await using api = await createTestApi();
    await apply(api, { data: { a: '1' } }, { fieldManager: 'kim' });
    await api.client.patch(configmaps, settings, 'merge', { data: { a: '2' } }, { fieldManager: 'robin' });
    const refused = await apply(api, { data: { a: '1' } }, { fieldManager: 'kim' }).catch(
      (error: unknown) => error,
    );
    if (!(refused instanceof StatusError)) throw new Error('The apply was taken');
    expect([refused.code, refused.reason]).toEqual([409, 'Conflict']);
    expect(refused.message).toContain('Apply failed with 1 conflict: conflict with "robin" using v1');
    expect(refused.status.details?.causes).toEqual([
      {
        reason: 'FieldManagerConflict',
        message: expect.stringContaining('conflict with "robin"'),
        field: '.data.a',
      },
    ]);
    const forced = await apply(api, { data: { a: '1' } }, { fieldManager: 'kim', force: true });
    expect(forced.data).toEqual({ a: '1' });
    expect(forced.metadata.managedFields?.map(({ manager }) => manager)).toEqual(['kim']);
  });

  test('wants to know who applies, and a configuration without owners', async () => {
    await using api = await createTestApi();
    await expect(apply(api, {}, {})).rejects.toThrow(
      'fieldManager: Required value: is required for apply patch',
    );
    const owned = { metadata: { name: 'settings', managedFields: [{ manager: 'kim' }] } };
    await expect(apply(api, owned, { fieldManager: 'kim' })).rejects.toThrow('managedFields must be nil');
  });

  test('creates nothing in place of an object that is known by its uid', async () => {
    await using api = await createTestApi();
    const metadata = { name: 'settings', uid: 'abc' };
    await expect(apply(api, { metadata }, { fieldManager: 'kim' })).rejects.toThrow(
      'uid mismatch: the provided object specified uid abc, and no existing object was found',
    );
  });

  test('reads YAML', async () => {
    await using api = await createTestApi();
    const bytes = Buffer.from(
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata:\n  a: "1"\n',
    );
    const target = { group: '', version: 'v1', resource: 'configmaps', ...settings };
    const { object } = await api.verbs.patch({}, target, { type: 'apply', bytes }, { fieldManager: 'kim' });
    expect(object).toMatchObject({ data: { a: '1' } });
  });
});

test('ordinary writes own what they change, the status apart', async () => {
  await using api = await createTestApi();
  const created = await api.client.create(
    deployments,
    {
      metadata: { name: 'web', namespace: 'default' },
      spec: {
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: { containers: [{ name: 'main', image: 'web' }] },
        },
      },
    },
    { fieldManager: 'kim' },
  );
  api.clock.advance(1_000);
  const status = { ...created.status, replicas: 1 };
  const counted = await api.client.updateStatus(
    deployments,
    { ...created, status },
    { fieldManager: 'controller' },
  );
  expect(counted.metadata.managedFields).toMatchObject([
    { manager: 'kim', operation: 'Update', fieldsV1: { 'f:spec': { 'f:replicas': {} } } },
    {
      manager: 'controller',
      operation: 'Update',
      subresource: 'status',
      fieldsV1: { 'f:status': { 'f:replicas': {} } },
    },
  ]);
});

describe('server-side apply to a subresource', () => {
  const where = { namespace: 'default', name: 'web' };
  const target = { group: 'apps', version: 'v1', resource: 'deployments', ...where };

  function applyTo(api: TestApi, to: object, configuration: object, options: PatchOptions = {}) {
    const patch = { type: 'apply', bytes: Buffer.from(JSON.stringify(configuration)) } as const;
    return api.verbs.patch({}, { ...target, ...to }, patch, { fieldManager: 'autoscaler', ...options });
  }

  const scale = (replicas: number) => ({
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: where,
    spec: { replicas },
  });

  async function apiWithWeb(): Promise<TestApi> {
    const api = await createTestApi();
    const labels = { app: 'web' };
    await api.client.patch(
      deployments,
      where,
      'apply',
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: where,
        spec: {
          replicas: 1,
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'web:1' }] } },
        },
      },
      { fieldManager: 'kim' },
    );
    return api;
  }

  test('takes the replicas over, and owns nothing else', async () => {
    await using api = await apiWithWeb();
    await expect(applyTo(api, { subresource: 'scale' }, scale(3))).rejects.toMatchObject({
      reason: 'Conflict',
      message: expect.stringContaining('.spec.replicas') as unknown,
    });
    const scaled = await applyTo(api, { subresource: 'scale' }, scale(3), { force: true });
    expect(scaled.object).toMatchObject({ kind: 'Scale', spec: { replicas: 3 } });
    const { spec, metadata } = await api.client.get(deployments, where);
    expect(spec.replicas).toBe(3);
    expect(metadata.managedFields?.find(({ manager }) => manager === 'autoscaler')).toMatchObject({
      operation: 'Apply',
      subresource: 'scale',
      apiVersion: 'apps/v1',
      fieldsV1: { 'f:spec': { 'f:replicas': {} } },
    });
    await expect(applyTo(api, { subresource: 'scale' }, scale(-1))).rejects.toMatchObject({
      reason: 'Invalid',
    });
    await expect(
      applyTo(api, { subresource: 'scale' }, { ...scale(1), kind: 'Deployment', apiVersion: 'apps/v1' }),
    ).rejects.toMatchObject({ reason: 'BadRequest' });
  });

  test('changes what the subresource is of, and no more', async () => {
    await using api = await createTestApi();
    await api.client.create(pods, {
      metadata: where,
      spec: { containers: [{ name: 'main', image: 'web:1', resources: { requests: { cpu: '1' } } }] },
    });
    const containers = [{ name: 'main', image: 'other:1', resources: { requests: { cpu: '2' } } }];
    const configuration = { apiVersion: 'v1', kind: 'Pod', metadata: where, spec: { containers } };
    const of = { group: '', resource: 'pods', subresource: 'resize' };
    await applyTo(api, of, configuration, { force: true });
    const { spec } = await api.client.get(pods, where);
    expect(spec.containers[0]).toMatchObject({ image: 'web:1', resources: { requests: { cpu: '2' } } });
  });

  test('is not there where nothing can be patched', async () => {
    await using api = await apiWithWeb();
    const of = { group: '', resource: 'pods', subresource: 'eviction' };
    await expect(applyTo(api, of, scale(1))).rejects.toMatchObject({ reason: 'MethodNotAllowed' });
  });
});

test('an apply to a status neither owns nor disputes what cannot be written there', async () => {
  await using api = await createTestApi();
  await api.client.create(deployments, deployment().build(), { fieldManager: 'kim' });
  const configuration = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    spec: { replicas: 5 },
    status: { replicas: 2 },
  };
  const { verbs } = api;
  const { metadata } = deployment().build();
  const where = { namespace: 'default', name: metadata.name ?? '' };
  const target = { group: 'apps', version: 'v1', resource: 'deployments', subresource: 'status', ...where };
  const bytes = Buffer.from(JSON.stringify({ ...configuration, metadata: where }));
  const { object } = await verbs.patch({}, target, { type: 'apply', bytes }, { fieldManager: 'robin' });
  expect(object.metadata.managedFields).toMatchObject([
    { manager: 'robin', subresource: 'status', fieldsV1: { 'f:status': { 'f:replicas': {} } } },
    { manager: 'kim' },
  ]);
  expect(JSON.stringify(object.metadata.managedFields?.[0])).not.toContain('f:spec');
  expect(object).toMatchObject({ spec: { replicas: 1 }, status: { replicas: 2 } });
});

test.for(['Strict', 'Warn', 'Ignore'] as const)(
  'an apply of what the schema does not have is refused with %s, because nobody could own it',
  async (fieldValidation) => {
    await using api = await createTestApi();
    const applyWith = (data: object) => apply(api, data, { fieldManager: 'kim', fieldValidation });
    await expect(applyWith({ dta: { a: 'b' } })).rejects.toThrow(
      'failed to create typed patch object (default/settings; /v1, Kind=ConfigMap): .dta: field not declared in schema',
    );
    const metadata = { name: 'settings', unknownMeta: 1 };
    await expect(applyWith({ metadata, dta: {} })).rejects.toThrow(
      /errors:\n {2}\.metadata\.unknownMeta: field not declared in schema\n {2}\.dta: field not declared in schema/,
    );
  },
);
