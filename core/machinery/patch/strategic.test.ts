import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deepFreeze, type JsonObject } from '../json.ts';
import { any, field, list, map, object, scalar } from '../schema-builder.ts';
import { createThreeWayPatch, createTwoWayPatch } from './strategic-diff.ts';
import { applyStrategicMerge } from './strategic-merge.ts';

const text = scalar('string');
const byName = { patch: { merge: true, mergeKey: 'name' } };
const container = object({
  name: text,
  image: text,
  args: list(text),
  env: field(list(object({ name: text, value: text }), ['name']), byName),
  ports: field(list(object({ containerPort: scalar('int32'), protocol: text })), {
    patch: { merge: true, mergeKey: 'containerPort' },
  }),
});
const deployment = object({
  metadata: object({ labels: map(text), finalizers: field(list(text, 'set'), { patch: { merge: true } }) }),
  spec: object({
    replicas: scalar('int32'),
    containers: field(list(container, ['name']), byName),
    selector: field(object({ matchLabels: map(text) }), { patch: { replace: true } }),
    strategy: field(object({ type: text, rollingUpdate: map(text) }), { patch: { retainKeys: true } }),
    volumes: field(list(object({ name: text, emptyDir: map(text), secret: map(text) }), ['name']), {
      patch: { merge: true, mergeKey: 'name', retainKeys: true },
    }),
  }),
  free: any,
});

const apply = (original: object, patch: object) =>
  applyStrategicMerge(deepFreeze(original) as JsonObject, deepFreeze(patch) as JsonObject, deployment);
const containers = (...items: object[]) => ({ spec: { containers: items } });
const a = { name: 'a', image: 'a:1' };
const b = { name: 'b', image: 'b:1' };
const c = { name: 'c', image: 'c:1' };

describe('applying a strategic merge patch', () => {
  test.each<[string, object, object, object]>([
    [
      'merges objects and lists by key',
      containers(a, b),
      containers({ name: 'a', args: ['x'] }),
      containers({ ...a, args: ['x'] }, b),
    ],
    ['adds items it does not find in front', containers(a), containers(b), containers(b, a)],
    [
      'replaces plain lists',
      containers({ ...a, args: ['x', 'y'] }),
      containers({ name: 'a', args: ['z'] }),
      containers({ ...a, args: ['z'] }),
    ],
    ['deletes items', containers(a, b), containers({ name: 'a', $patch: 'delete' }), containers(b)],
    [
      'deletes members by null',
      { spec: { replicas: 1 }, free: 1 },
      { spec: { replicas: null }, free: null },
      { spec: {} },
    ],
    ['replaces a list', containers(a, b), containers({ $patch: 'replace' }, c), containers(c)],
    [
      'replaces an object',
      { metadata: { labels: { x: '1' } } },
      { metadata: { labels: { $patch: 'replace', y: '2' } } },
      { metadata: { labels: { y: '2' } } },
    ],
    [
      'replaces an object that is declared to be replaced',
      { spec: { selector: { matchLabels: { x: '1' } } } },
      { spec: { selector: { matchLabels: { y: '2' } } } },
      { spec: { selector: { matchLabels: { y: '2' } } } },
    ],
    [
      'deletes the members of an object',
      { metadata: { labels: { x: '1' } } },
      { metadata: { labels: { $patch: 'delete' } } },
      { metadata: { labels: {} } },
    ],
    [
      'takes an explicit merge for what it is',
      { spec: { replicas: 1 } },
      { spec: { $patch: 'merge', replicas: 2 } },
      { spec: { replicas: 2 } },
    ],
    [
      'merges sets of primitives',
      { metadata: { finalizers: ['a', 'b'] } },
      { metadata: { finalizers: ['c', 'b'] } },
      { metadata: { finalizers: ['c', 'a', 'b'] } },
    ],
    [
      'deletes from sets of primitives',
      { metadata: { finalizers: ['a', 'b', 'c'] } },
      { metadata: { '$deleteFromPrimitiveList/finalizers': ['b', 'x'] } },
      { metadata: { finalizers: ['a', 'c'] } },
    ],
    [
      'orders sets of primitives',
      { metadata: { finalizers: ['a', 'b', 'c'] } },
      { metadata: { '$setElementOrder/finalizers': ['c', 'a'] } },
      { metadata: { finalizers: ['b', 'c', 'a'] } },
    ],
    [
      'orders items and keeps others between them',
      containers(a, b, c),
      { spec: { '$setElementOrder/containers': [{ name: 'c' }, { name: 'a' }] } },
      containers(b, c, a),
    ],
    [
      'drops what $retainKeys leaves out',
      { spec: { strategy: { type: 'Rolling', rollingUpdate: { x: '1' } } } },
      { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } },
      { spec: { strategy: { type: 'Recreate' } } },
    ],
    [
      'drops it in items too',
      { spec: { volumes: [{ name: 'v', emptyDir: {} }] } },
      { spec: { volumes: [{ $retainKeys: ['name', 'secret'], name: 'v', secret: { n: '1' } }] } },
      { spec: { volumes: [{ name: 'v', secret: { n: '1' } }] } },
    ],
    [
      'leaves no directive in what is new',
      {},
      containers({ ...a, $patch: 'merge' }, { name: 'gone', $patch: 'delete' }),
      containers(a),
    ],
    [
      'leaves no null in what is new',
      {},
      { metadata: { labels: { x: null, y: '1' } } },
      { metadata: { labels: { y: '1' } } },
    ],
    [
      'merges what the schema does not know',
      { free: { x: { y: 1 }, l: [1, 2] } },
      { free: { x: { z: 2 }, l: [3] }, other: 1 },
      { free: { x: { y: 1, z: 2 }, l: [3] }, other: 1 },
    ],
    ['replaces what is of another type', { spec: { containers: 'odd' } }, containers(a), containers(a)],
    [
      'is not misled by inherited members',
      { metadata: { labels: {} } },
      { metadata: { labels: { constructor: { x: '1' } } } },
      { metadata: { labels: { constructor: { x: '1' } } } },
    ],
  ])('%s', (_, original, patch, expected) => expect(apply(original, patch)).toEqual(expected));

  test.each<[object, object, string]>([
    [containers(a), containers({ image: 'x' }), 'does not contain declared merge key: name'],
    [containers(a), containers({ name: 'a', $patch: 'burn' }), 'unknown patch type "burn"'],
    [{}, { spec: { $patch: 1 } }, 'unknown patch type 1'],
    [containers(a), { spec: { containers: ['a'] } }, 'is not an object'],
    [
      containers(a),
      { spec: { containers: [b, a], '$setElementOrder/containers': [{ name: 'a' }, { name: 'b' }] } },
      'does not match its $setElementOrder list',
    ],
    [
      {},
      { spec: { strategy: { $retainKeys: ['type'], rollingUpdate: {} } } },
      '"rollingUpdate" is patched but not in its $retainKeys',
    ],
    [{}, { spec: { '$setElementOrder/containers': 'a' } }, '"$setElementOrder/containers" is not a list'],
  ])('%j with %j is refused', (original, patch, message) =>
    expect(() => apply(original, patch)).toThrow(message),
  );

  test('shares what it leaves alone and changes nothing for nothing', () => {
    const original = deepFreeze({ ...containers(a, b), metadata: { labels: { x: '1' } } });
    const result = apply(original, containers({ name: 'a', image: 'a:2' })) as typeof original;
    expect(result.metadata).toBe(original.metadata);
    expect(result.spec.containers[1]).toBe(original.spec.containers[1]);
    expect(apply(original, containers({ name: 'b', image: 'b:1' }))).toBe(original);
    expect(apply(original, { metadata: { labels: { gone: null } } })).toBe(original);
  });

  test('a prototype cannot be reached', () => {
    const patch = JSON.parse(
      '{"spec":{"__proto__":{"polluted":1},"$setElementOrder/__proto__":[]}}',
    ) as object;
    expect(apply({ spec: {} }, patch)).toEqual({ spec: {} });
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

describe('creating a patch', () => {
  test('of two documents names changes, deletions and order', () => {
    const patch = createTwoWayPatch(containers(a, b), containers({ ...b, image: 'b:2' }, c), deployment);
    expect(patch).toEqual({
      spec: {
        '$setElementOrder/containers': [{ name: 'b' }, { name: 'c' }],
        containers: [{ name: 'b', image: 'b:2' }, c, { name: 'a', $patch: 'delete' }],
      },
    });
  });

  test('sets of primitives get a parallel list of deletions', () => {
    const before = { metadata: { finalizers: ['x', 'y'] } };
    const after = { metadata: { finalizers: ['y', 'z'] } };
    expect(createTwoWayPatch(before, after, deployment)).toEqual({
      metadata: {
        finalizers: ['z'],
        '$deleteFromPrimitiveList/finalizers': ['x'],
        '$setElementOrder/finalizers': ['y', 'z'],
      },
    });
  });

  test('unions keep only the keys they name', () => {
    const before = { spec: { strategy: { type: 'Rolling', rollingUpdate: { x: '1' } } } };
    const after = { spec: { strategy: { type: 'Recreate' } } };
    expect(createTwoWayPatch(before, after, deployment)).toEqual({
      spec: { strategy: { $retainKeys: ['type'], type: 'Recreate', rollingUpdate: null } },
    });
  });

  test('of three documents keeps what others added, as kubectl apply does', () => {
    const original = { ...containers(a, b), metadata: { labels: { old: '1', both: '1' } } };
    const modified = { ...containers({ ...a, image: 'a:2' }), metadata: { labels: { both: '2' } } };
    const current = {
      spec: { replicas: 3, containers: [{ ...a, args: ['defaulted'] }, b, { name: 'injected', image: 'i' }] },
      metadata: { labels: { old: '1', both: '1', other: '1' } },
    };
    const patch = createThreeWayPatch(original, modified, current, deployment);
    expect(patch).toEqual({
      metadata: { labels: { old: null, both: '2' } },
      spec: {
        '$setElementOrder/containers': [{ name: 'a' }],
        containers: [
          { name: 'a', image: 'a:2' },
          { name: 'b', $patch: 'delete' },
        ],
      },
    });
    expect(apply(current, patch)).toEqual({
      spec: {
        replicas: 3,
        containers: [
          { name: 'a', image: 'a:2', args: ['defaulted'] },
          { name: 'injected', image: 'i' },
        ],
      },
      metadata: { labels: { both: '2', other: '1' } },
    });
  });

  test('deletions inside an item meet its changes', () => {
    const original = containers({
      ...a,
      env: [
        { name: 'x', value: '1' },
        { name: 'y', value: '1' },
      ],
    });
    const modified = containers({ ...a, image: 'a:2', env: [{ name: 'y', value: '2' }] });
    const patch = createThreeWayPatch(original, modified, original, deployment);
    expect(apply(original, patch)).toEqual(modified);
  });

  test('two ports of one number stay apart', () => {
    const dns = containers({
      ...a,
      ports: [
        { containerPort: 53, protocol: 'UDP' },
        { containerPort: 53, protocol: 'TCP' },
      ],
    });
    expect(createThreeWayPatch(dns, dns, dns, deployment)).toEqual({});
  });

  test('is empty when nothing is to do', () => {
    const live = { ...containers(a, b), metadata: { finalizers: ['x'], labels: { l: '1' } } };
    expect(createTwoWayPatch(live, live, deployment)).toEqual({});
    expect(createThreeWayPatch(containers(a), containers(a), live, deployment)).toEqual({});
  });
});

const word = fc.constantFrom('p', 'q', 'r', 's');
const value = fc.constantFrom('1', '2', '3');
const labels = fc.dictionary(word, value);
const unique = (item: fc.Arbitrary<JsonObject>) =>
  fc.uniqueArray(item, { selector: ({ name }) => name, maxLength: 4 });
const someContainers = unique(
  fc.record(
    {
      name: word,
      image: value,
      args: fc.array(value, { maxLength: 2 }),
      env: unique(fc.record({ name: word, value }, { requiredKeys: ['name'] })),
    },
    { requiredKeys: ['name'] },
  ),
);
const someDeployment: fc.Arbitrary<JsonObject> = fc.record(
  {
    metadata: fc.record({ labels, finalizers: fc.uniqueArray(word) }, { requiredKeys: [] }),
    spec: fc.record(
      {
        replicas: fc.nat(3),
        containers: someContainers,
        strategy: fc.record({ type: value, rollingUpdate: labels }, { requiredKeys: ['type'] }),
        volumes: unique(
          fc.record({ name: word, emptyDir: labels, secret: labels }, { requiredKeys: ['name'] }),
        ),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
);

describe('every patch', () => {
  test('of two documents yields the second', () => {
    fc.assert(
      fc.property(someDeployment, someDeployment, (original, modified) => {
        expect(apply(original, createTwoWayPatch(original, modified, deployment))).toEqual(modified);
      }),
      { numRuns: 300 },
    );
  });

  test('of three documents yields the second when nobody else wrote', () => {
    fc.assert(
      fc.property(someDeployment, someDeployment, (original, modified) => {
        expect(apply(original, createThreeWayPatch(original, modified, original, deployment))).toEqual(
          modified,
        );
      }),
      { numRuns: 300 },
    );
  });

  test('of three documents, applied once, leaves nothing to do', () => {
    fc.assert(
      fc.property(someDeployment, someDeployment, someDeployment, (original, modified, current) => {
        const patched = apply(current, createThreeWayPatch(original, modified, current, deployment));
        // A second patch may repeat $retainKeys for members that others own; applied, it changes nothing.
        const again = createThreeWayPatch(modified, modified, patched, deployment);
        expect(apply(patched, again)).toEqual(patched);
      }),
      { numRuns: 300 },
    );
  });
});
