import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { CustomResourceDefinition } from '../../core/api/generated/apiextensions-v1.ts';
import { customresourcedefinitions } from '../../core/api/generated/resources.ts';
import type { Mutable } from '../../core/api/object.ts';
import { MemoryStore } from '../../core/storage/memory/store.ts';
import {
  createDatabasesApi,
  database,
  databaseDefinition,
  databases,
  establish,
  plainDefinition,
  redefine,
  resourceOf,
  untilServed,
} from '../custom-resources/definitions.ts';
import type { TestApi } from '../environment/api.ts';
import { createTestApi } from '../environment/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await createDatabasesApi();
});
afterAll(() => api.close());

const at = (name: string) => ({ namespace: 'default', name });

function conditionsOf({ status }: CustomResourceDefinition): Record<string, string> {
  return Object.fromEntries((status.conditions ?? []).map(({ type, status: value }) => [type, value]));
}

describe('a definition', () => {
  test('is granted its names, remembers its storage version and is established', async () => {
    const definition = await api.client.get(customresourcedefinitions, {
      name: 'databases.data.example.com',
    });
    expect(conditionsOf(definition)).toEqual({ NamesAccepted: 'True', Established: 'True' });
    expect(definition.status.storedVersions).toEqual(['v1']);
    expect(definition.status.acceptedNames).toEqual(definition.spec.names);
    expect(definition.metadata.generation).toBe(1);
  });

  test('whose names somebody else of the group has is not served until they are free', async () => {
    const first = plainDefinition('gears');
    const second = plainDefinition('cogs');
    second.spec.names.shortNames = ['gear'];
    await establish(api, first);
    await api.client.create(customresourcedefinitions, second);
    const refused = await waitFor('cogs.example.com', ({ status }) => (status.conditions?.length ?? 0) > 0);
    expect(conditionsOf(refused)).toEqual({ NamesAccepted: 'False', Established: 'False' });
    expect(refused.status.conditions?.[0]).toMatchObject({
      reason: 'ShortNamesConflict',
      message: '"gear" is already in use',
    });
    expect(api.scheme.byResource('example.com', 'v1', 'cogs')).toBeUndefined();
    await api.client.delete(customresourcedefinitions, { name: 'gears.example.com' });
    await untilServed(api, resourceOf(second), true);
    expect(api.scheme.byResource('example.com', 'v1', 'gears')).toBeUndefined();
  });

  test('keeps its objects until their finalizers let them go, takes no new ones, and goes with the last', async () => {
    const definition = plainDefinition('wheels');
    const wheels = resourceOf(definition);
    await establish(api, definition);
    const held = { metadata: { name: 'held', namespace: 'default', finalizers: ['example.com/hold'] } };
    await api.client.create(wheels, { ...held, apiVersion: 'example.com/v1', kind: 'Wheel' });
    await api.client.create(wheels, { metadata: { name: 'free', namespace: 'default' } });
    const ending = await api.client.delete(customresourcedefinitions, { name: 'wheels.example.com' });
    expect(ending?.metadata.finalizers).toEqual(['customresourcecleanup.apiextensions.k8s.io']);
    await waitFor(
      'wheels.example.com',
      ({ status }) =>
        status.conditions?.some(({ reason }) => reason === 'InstanceDeletionInProgress') === true,
    );
    await expect(
      api.client.create(wheels, { metadata: { name: 'late', namespace: 'default' } }),
    ).rejects.toMatchObject({
      reason: 'MethodNotAllowed',
      message: 'create not allowed while custom resource definition is terminating',
    });
    const left = async () => (await api.client.list(wheels)).items.map(({ metadata }) => metadata.name);
    await vi.waitFor(async () => expect(await left()).toEqual(['held']));
    await api.client.patch(wheels, at('held'), 'merge', { metadata: { finalizers: null } });
    await untilServed(api, wheels, false);
    await expect(api.client.list(wheels)).rejects.toMatchObject({ code: 404 });
  });

  test('of which no version is served any more takes its objects with it too', async () => {
    const definition = plainDefinition('spokes');
    const spokes = resourceOf(definition);
    await establish(api, definition);
    await api.client.create(spokes, { metadata: { name: 'one', namespace: 'default' } });
    await redefine(api, 'spokes.example.com', (next) => {
      next.spec.versions = next.spec.versions.map((version) => ({ ...version, served: false }));
    });
    await untilServed(api, spokes, false);
    await api.client.delete(customresourcedefinitions, { name: 'spokes.example.com' });
    await untilGone('spokes.example.com');
    await establish(api, definition);
    expect((await api.client.list(spokes)).items).toEqual([]);
  });

  test('is served again by a server that starts on what was stored', async () => {
    const store = new MemoryStore();
    const shared = new Proxy(store, {
      get: (target, key) => {
        if (key === 'close') return () => Promise.resolve();
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
    {
      await using first = await createTestApi({ store: shared });
      await establish(first, databaseDefinition());
      await first.client.create(databases, database('kept'));
    }
    await using second = await createTestApi({ store, seed: 2 });
    const kept = await second.client.get(databases, at('kept'));
    expect(kept.spec?.['engine']).toBe('postgres');
  });
});

test('what was stored in another version is read, and written anew when it changes', async () => {
  const definition = plainDefinition('moves');
  const open = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  const moves = resourceOf(definition);
  await establish(api, definition);
  await api.client.create(moves, { metadata: { name: 'one', namespace: 'default' }, spec: { a: 1 } });
  await redefine(api, 'moves.example.com', (next) => {
    next.spec.versions = [
      { name: 'v1', served: true, storage: false, schema: open },
      { name: 'v2', served: true, storage: true, schema: open },
    ];
  });
  const newer = { ...moves, version: 'v2' };
  await untilServed(api, newer, true);
  const moved = await api.client.get(newer, at('one'));
  expect(moved).toMatchObject({ apiVersion: 'example.com/v2', spec: { a: 1 } });
  const stored = async () =>
    (await api.store.get('/registry/example.com/moves/default/one', {}))?.value.toString() ?? '';
  expect(await stored()).toContain('"apiVersion":"example.com/v1"');
  await api.client.update(newer, { ...moved, metadata: { ...moved.metadata, labels: { moved: 'yes' } } });
  expect(await stored()).toContain('"apiVersion":"example.com/v2"');
  const after = await api.client.get(customresourcedefinitions, { name: 'moves.example.com' });
  expect(after.status.storedVersions).toEqual(['v1', 'v2']);
  await expect(
    redefine(api, 'moves.example.com', (next) => {
      next.spec.versions = next.spec.versions.filter(({ name }) => name === 'v2');
    }),
  ).rejects.toThrow('status.storedVersions[0]: Invalid value: "v1": must appear in spec.versions');
});

async function waitFor(
  name: string,
  holds: (definition: CustomResourceDefinition) => boolean,
): Promise<CustomResourceDefinition> {
  const stop = new AbortController();
  const options = { fieldSelector: `metadata.name=${name}`, signal: stop.signal };
  for await (const events of api.client.watch(customresourcedefinitions, options))
    for (const event of events)
      if (event.type !== 'BOOKMARK' && holds(event.object)) {
        stop.abort();
        return event.object;
      }
  throw new Error(`Cannot wait for "${name}": the watch ended`);
}

async function untilGone(name: string): Promise<void> {
  const stop = new AbortController();
  const options = { fieldSelector: `metadata.name=${name}`, sendInitialEvents: true, signal: stop.signal };
  const seen = { there: false };
  for await (const events of api.client.watch(customresourcedefinitions, options))
    for (const event of events) {
      if (event.type === 'ADDED') seen.there = true;
      if (event.type === 'DELETED' || (event.type === 'BOOKMARK' && !seen.there)) {
        stop.abort();
        return;
      }
    }
}

describe('a definition that was stored before schemas had to be structural', () => {
  const name = 'relics.example.com';
  const find = () => api.client.get(customresourcedefinitions, { name });

  test('is told where they are not, is served, and may change elsewhere until they are', async () => {
    const loose = plainDefinition('relics', { properties: { spec: { type: 'object' }, age: {} } });
    await expect(api.client.create(customresourcedefinitions, loose)).rejects.toMatchObject({
      reason: 'Invalid',
    });
    // Below the rules, as it would be in the store of an older release.
    loose.spec.preserveUnknownFields = true;
    const { metadata } = await api.client.create(customresourcedefinitions, plainDefinition('relics'));
    const store = api.api.registry.storeFor(customresourcedefinitions);
    await store.update(undefined, name, {
      change: async ({ object }) =>
        ({
          ...object,
          metadata: { ...object.metadata },
          spec: loose.spec,
        }) as Mutable<CustomResourceDefinition>,
    });
    const told = await waitFor(name, ({ status }) =>
      (status.conditions ?? []).some(({ type }) => type === 'NonStructuralSchema'),
    );
    expect(told.metadata.uid).toBe(metadata.uid);
    const at = 'spec.versions[0].schema.openAPIV3Schema';
    expect(told.status.conditions?.find(({ type }) => type === 'NonStructuralSchema')).toMatchObject({
      status: 'True',
      reason: 'Violations',
      message:
        `[spec.preserveUnknownFields: Invalid value: true: must be false, ` +
        `${at}.properties[age].type: Required value: must not be empty for specified object fields, ` +
        `${at}.type: Required value: must not be empty at the root]`,
    });

    await untilServed(api, resourceOf(loose), true);
    const relic = { metadata: { name: 'old', namespace: 'default' }, spec: {}, extra: 'kept' };
    expect(await api.client.create(resourceOf(loose), relic)).toMatchObject({ extra: 'kept' });

    await api.client.patch(customresourcedefinitions, { name }, 'merge', {
      metadata: { labels: { of: 'old' } },
      spec: { names: { shortNames: ['rl'] } },
    });
    expect((await find()).spec.names.shortNames).toEqual(['rl']);

    await api.client.patch(customresourcedefinitions, { name }, 'merge', {
      spec: { ...plainDefinition('relics').spec, preserveUnknownFields: null },
    });
    const mended = await waitFor(name, ({ status }) =>
      (status.conditions ?? []).every(({ type }) => type !== 'NonStructuralSchema'),
    );
    expect(conditionsOf(mended)).toEqual({ NamesAccepted: 'True', Established: 'True' });
    // What is structural stays so.
    await expect(
      api.client.patch(customresourcedefinitions, { name }, 'merge', {
        spec: { versions: loose.spec.versions },
      }),
    ).rejects.toMatchObject({ reason: 'Invalid' });
  });
});

describe('a definition in a group of the community', () => {
  test('says whether its API was approved', async () => {
    const definition = plainDefinition('chimes');
    definition.spec.group = 'bells.k8s.io';
    definition.metadata.name = 'chimes.bells.k8s.io';
    const { name } = definition.metadata;
    await expect(api.client.create(customresourcedefinitions, definition)).rejects.toThrow(
      'protected groups must have approval annotation',
    );
    const annotated = (value: string) => ({
      metadata: { annotations: { 'api-approved.kubernetes.io': value } },
    });
    definition.metadata.annotations = annotated('unapproved, a test').metadata.annotations;
    await establish(api, definition);
    const conformant = (expected: object) =>
      waitFor(name, ({ status }) => {
        const found = (status.conditions ?? []).find(
          ({ type }) => type === 'KubernetesAPIApprovalPolicyConformant',
        );
        return Object.entries(expected).every(([key, value]) => (found as never)?.[key] === value);
      });
    await conformant({
      status: 'False',
      reason: 'UnapprovedAnnotation',
      message: 'not approved: "unapproved, a test"',
    });
    const url = 'https://github.com/kubernetes/kubernetes/pull/1';
    await api.client.patch(customresourcedefinitions, { name }, 'merge', annotated(url));
    await conformant({ status: 'True', reason: 'ApprovedAnnotation', message: `approved in ${url}` });
  });
});
