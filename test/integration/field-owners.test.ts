import { describe, expect, test } from 'vitest';
import { configmaps, nodes, pods } from '../../core/api/generated/resources.ts';
import { apiVersionOf } from '../../core/api/resource.ts';
import { createClient } from '../../core/client/typed-client.ts';
import { isStored } from '../../core/registry/registry.ts';
import { node, pod } from '../builders/index.ts';
import { kindSamples } from '../builders/kind-samples.ts';
import type { TestApi } from '../environment/api.ts';
import { createTestApi } from '../environment/api.ts';

test('of every kind, who writes owns what was written, by the name of the program', async () => {
  await using api = await createTestApi({ customResources: false });
  // Another form of a kind is written, and its fields owned, as the form that is stored.
  const stored = api.scheme.all().filter((kind) => isStored(kind) && kind.conversion === undefined);
  for (const kind of stored) {
    const { group, version, plural, namespaced } = kind;
    const sample = kindSamples[`${group}/${plural}`];
    const name = sample?.name ?? 'web';
    const target = { group, version, resource: plural, ...(namespaced ? { namespace: 'default' } : {}) };
    const object = {
      apiVersion: apiVersionOf(kind),
      kind: kind.kind,
      metadata: { name, annotations: { of: 'maker' } },
      ...sample?.given,
    };
    await api.verbs.create({ userAgent: 'maker/1.0 (linux)' }, target, { kind: 'object', object });
    api.clock.advance(1_000);
    const bytes = Buffer.from('{"metadata":{"annotations":{"of":"changer"}}}');
    const changed = await api.verbs.patch(
      { userAgent: 'changer/2.0' },
      { ...target, name },
      { type: 'merge', bytes },
    );
    const owners = changed.object.metadata.managedFields ?? [];
    const ofChanger = owners.filter(({ manager }) => manager === 'changer');
    expect(ofChanger, plural).toEqual([
      {
        manager: 'changer',
        operation: 'Update',
        apiVersion: apiVersionOf(kind),
        time: expect.any(String),
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:metadata': { 'f:annotations': { 'f:of': {} } } },
      },
    ]);
    // Whoever made it keeps what the other did not touch.
    const ofMaker = owners.filter(({ manager }) => manager === 'maker');
    expect(JSON.stringify(ofMaker.map(({ fieldsV1 }) => fieldsV1)), plural).not.toContain('"f:of"');
    await api.verbs.delete({}, { ...target, name });
  }
});

test("a Pod is its maker's and its status the kubelet's; who binds it owns nothing", async () => {
  await using api = await createTestApi();
  const by = (userAgent: string) => createClient(api.verbs, { userAgent });
  await by('kubelet/1.0').create(nodes, node().named('here').build());
  const where = { namespace: 'default', name: 'web' };
  await by('kube-controller-manager').create(pods, pod().named('web').build());
  await by('kube-scheduler').createSubresource(pods, where, 'binding', {
    metadata: where,
    target: { kind: 'Node', name: 'here' },
  });
  api.clock.advance(1_000);
  const bound = await api.client.get(pods, where);
  await by('kubelet/1.0').updateStatus(pods, { ...bound, status: { ...bound.status, phase: 'Running' } });
  const { metadata, spec } = await api.client.get(pods, where);
  expect(spec.nodeName).toBe('here');
  expect(metadata.managedFields).toMatchObject([
    { manager: 'kube-controller-manager', fieldsV1: { 'f:spec': { 'f:containers': {} } } },
    {
      manager: 'kubelet',
      subresource: 'status',
      time: '2030-01-01T00:00:01Z',
      fieldsV1: { 'f:status': { 'f:phase': {} } },
    },
  ]);
  expect(metadata.managedFields).toHaveLength(2);
});

test('what admission adds belongs to nobody', async () => {
  await using api = await createTestApi();
  const where = { namespace: 'default', name: 'web' };
  await api.client.create(pods, pod().named('web').build(), { fieldManager: 'kim' });
  const made = await api.client.get(pods, where);
  expect(made.spec.tolerations).not.toEqual([]);
  const [owner] = made.metadata.managedFields ?? [];
  expect(owner?.fieldsV1).toMatchObject({ 'f:spec': { 'f:restartPolicy': {} } });
  expect(owner?.fieldsV1).not.toMatchObject({ 'f:spec': { 'f:tolerations': {} } });
});

test('who writes a status owns nothing else, whatever else it sends', async () => {
  await using api = await createTestApi();
  const made = await api.client.create(pods, pod().named('web').build(), { fieldManager: 'kim' });
  const sent = { ...made, spec: { ...made.spec, priority: 7 }, status: { ...made.status, message: 'late' } };
  const { metadata } = await api.client.updateStatus(pods, sent, { fieldManager: 'robin' });
  expect(metadata.managedFields).toEqual([
    expect.objectContaining({ manager: 'kim', fieldsV1: made.metadata.managedFields?.[0]?.fieldsV1 }),
    expect.objectContaining({ manager: 'robin', fieldsV1: { 'f:status': { 'f:message': {} } } }),
  ]);
});

describe('owners that a client writes itself', () => {
  const where = { namespace: 'default', name: 'settings' };
  const kim = {
    manager: 'kim',
    operation: 'Update',
    apiVersion: 'v1',
    time: '2030-01-01T00:00:00Z',
    fieldsType: 'FieldsV1',
    fieldsV1: { 'f:data': { '.': {}, 'f:a': {} } },
  };

  async function written(managedFields: unknown): Promise<unknown> {
    await using api = await createTestApi();
    await write(api, managedFields);
    return (await api.client.get(configmaps, where)).metadata.managedFields;
  }

  async function write(api: TestApi, managedFields: unknown): Promise<void> {
    const metadata = { name: 'settings', namespace: 'default' };
    const made = await api.client.create(configmaps, { metadata, data: { a: '1' } }, { fieldManager: 'kim' });
    const changed = { ...made, metadata: { ...made.metadata, managedFields } } as typeof made;
    await api.client.update(configmaps, changed, { fieldManager: 'robin' });
  }

  test('are theirs from then on', async () => {
    const moved = { ...kim, manager: 'alex' };
    expect(await written([moved])).toEqual([moved]);
  });

  test('are theirs also where a patch changes the name alone', async () => {
    await using api = await createTestApi();
    const metadata = { name: 'settings', namespace: 'default' };
    await api.client.create(configmaps, { metadata, data: { a: '1' } }, { fieldManager: 'kim' });
    const rename = [{ op: 'replace', path: '/metadata/managedFields/0/manager', value: 'alex' }];
    const renamed = await api.client.patch(configmaps, where, 'json', rename, { fieldManager: 'robin' });
    expect(renamed.metadata.managedFields).toEqual([
      { ...kim, manager: 'alex', time: expect.any(String) as string },
    ]);
  });

  test('are forgotten where it writes one that is empty, until somebody applies', async () => {
    await using api = await createTestApi();
    await write(api, [{}]);
    expect((await api.client.get(configmaps, where)).metadata.managedFields).toBeUndefined();
    const data = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: { b: '2' } };
    await api.client.patch(configmaps, where, 'merge', { data: { a: '2' } }, { fieldManager: 'robin' });
    expect((await api.client.get(configmaps, where)).metadata.managedFields).toBeUndefined();
    const applied = await api.client.patch(configmaps, where, 'apply', data, { fieldManager: 'alex' });
    expect(applied.metadata.managedFields).toMatchObject([
      { manager: 'alex', operation: 'Apply', fieldsV1: { 'f:data': { 'f:b': {} } } },
      { manager: 'before-first-apply', operation: 'Update' },
    ]);
  });

  test.for<[string, unknown]>([
    ['none', undefined],
    ['an empty list', []],
    ['what nobody can read', [{ ...kim, operation: 'Guess' }]],
  ])('stay as they are where it writes %s', async ([, given]) => {
    expect(await written(given)).toEqual([kim]);
  });
});

test('fifty thousand owners are told apart in no more than one walk, and each that is repeated is warned of', async () => {
  await using api = await createTestApi();
  const target = { group: '', version: 'v1', resource: 'configmaps', namespace: 'default' };
  const owner = (index: number) => ({ apiVersion: 'v1', kind: 'Node', name: `n${index}`, uid: `u${index}` });
  const ownerReferences = [...Array.from({ length: 50_000 }, (_, index) => owner(index)), owner(7)];
  const object = { metadata: { name: 'owned', ownerReferences } };
  const warnings: string[] = [];
  const call = { warn: (text: string) => warnings.push(text) };
  const made = await api.verbs.create(call, target, { kind: 'object', object }, { dryRun: true });
  expect(made.object.metadata.ownerReferences?.length).toBe(50_000);
  expect(warnings).toEqual([expect.stringMatching(/duplicate UID\(s\) observed: u7$/)]);
});

test('fifty thousand equal items are compared in no more than one walk', async () => {
  await using api = await createTestApi();
  const finalizers = Array.from({ length: 50_000 }, () => 'example.com/same');
  const metadata = { name: 'settings', namespace: 'default', finalizers };
  const made = await api.client.create(configmaps, { metadata }, { fieldManager: 'kim' });
  expect(made.metadata.managedFields).toMatchObject([
    { fieldsV1: { 'f:metadata': { 'f:finalizers': { 'v:"example.com/same"': {} } } } },
  ]);
});
