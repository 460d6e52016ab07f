import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deepFreeze, type JsonObject } from '../json.ts';
import { any, field, list, map, object, scalar } from '../schema-builder.ts';
import { apply, trackUpdate, withManagedFields, type ApplyRequest, type ApplyResult } from './apply.ts';
import { conflictMessage } from './conflict.ts';
import { readManagedFields, type ManagedFieldsEntry } from './managed-fields.ts';
import { formatElements } from './path-element.ts';
import { ApplyError } from './typed-value.ts';

const text = scalar('string');
const container = object(
  {
    name: text,
    image: text,
    args: list(text),
    lifecycle: object({ grace: scalar('int64') }, { name: 'Lifecycle' }),
    env: list(object({ name: text, value: text }, { name: 'EnvVar' }), ['name']),
    ports: list(
      object(
        { port: scalar('int32'), protocol: field(text, { default: 'TCP' }), name: text },
        { name: 'Port' },
      ),
      ['port', 'protocol'],
    ),
  },
  { name: 'Container' },
);
const schema = object(
  {
    apiVersion: text,
    kind: text,
    metadata: object(
      {
        name: text,
        uid: text,
        resourceVersion: text,
        labels: map(text),
        annotations: map(text),
        finalizers: list(text, 'set'),
        managedFields: any,
      },
      { name: 'ObjectMeta' },
    ),
    spec: object(
      {
        replicas: field(scalar('int32'), { pointer: true }),
        paused: scalar('bool'),
        containers: field(list(container, ['name']), { keepEmpty: true }),
        selector: field(object({ matchLabels: map(text) }, { name: 'Selector', atomic: true }), {
          pointer: true,
        }),
        security: field(object({ user: scalar('int64'), group: scalar('int64') }, { name: 'Security' }), {
          pointer: true,
        }),
      },
      { name: 'Spec' },
    ),
    status: object({ ready: scalar('int32') }, { name: 'Status' }),
  },
  { name: 'Thing' },
);

/** A cluster of one object: every step is a write by some manager. */
class Story {
  live: JsonObject | undefined;
  managedFields: readonly ManagedFieldsEntry[] = [];
  #minute = 0;

  apply(manager: string, applied: object, more: Partial<ApplyRequest> = {}): ApplyResult {
    const result = apply({
      schema,
      live: this.live === undefined ? undefined : deepFreeze(this.live),
      applied: deepFreeze({
        apiVersion: 'v1',
        kind: 'Thing',
        metadata: { name: 'x' },
        ...applied,
      }) as JsonObject,
      managedFields: deepFreeze(this.managedFields),
      manager,
      apiVersion: 'v1',
      time: this.#now(),
      ...more,
    });
    if (result.kind === 'applied') {
      this.live = result.object;
      this.managedFields = result.managedFields;
    }
    return result;
  }

  update(manager: string, after: object, more: { subresource?: string; ignore?: string[][] } = {}): void {
    const full = { apiVersion: 'v1', kind: 'Thing', metadata: { name: 'x' }, ...after };
    this.managedFields = trackUpdate({
      schema,
      before: this.live,
      after: deepFreeze(full),
      managedFields: this.managedFields,
      manager,
      apiVersion: 'v1',
      time: this.#now(),
      ...more,
    });
    this.live = full;
  }

  #now(): string {
    return `2030-01-01T00:${String(this.#minute++).padStart(2, '0')}:00Z`;
  }

  /** The fields of a manager, written as paths. */
  fields(manager: string): string[] {
    return [...readManagedFields(this.managedFields).values()]
      .filter((owner) => owner.manager === manager)
      .flatMap(({ set }) => [...set.paths()].map(formatElements))
      .sort();
  }

  get managers(): string[] {
    return this.managedFields.map(({ manager, operation }) => `${manager} ${operation}`);
  }

  get spec(): unknown {
    return this.live?.['spec'];
  }
}

const containers = (...items: object[]) => ({ spec: { containers: items } });

describe('applying', () => {
  test('creates the object and owns what the configuration says, but no system fields', () => {
    const story = new Story();
    story.apply('alice', {
      metadata: { name: 'x', labels: { app: 'web' } },
      spec: { replicas: 1, containers: [{ name: 'a', image: 'a:1' }] },
    });
    expect(story.live).toMatchObject({
      metadata: { name: 'x', labels: { app: 'web' } },
      spec: { replicas: 1 },
    });
    expect(story.managedFields).toEqual([
      {
        manager: 'alice',
        operation: 'Apply',
        apiVersion: 'v1',
        time: '2030-01-01T00:00:00Z',
        fieldsType: 'FieldsV1',
        fieldsV1: {
          'f:metadata': { 'f:labels': { 'f:app': {} } },
          'f:spec': {
            'f:containers': { 'k:{"name":"a"}': { '.': {}, 'f:image': {}, 'f:name': {} } },
            'f:replicas': {},
          },
        },
      },
    ]);
  });

  test('the same again changes nothing, not even the time', () => {
    const story = new Story();
    story.apply('alice', { spec: { replicas: 1 } });
    const { live, managedFields } = story;
    story.apply('alice', { spec: { replicas: 1 } });
    expect(story.live).toBe(live);
    expect(story.managedFields).toEqual(managedFields);
  });

  test('removes what the manager no longer lists', () => {
    const story = new Story();
    story.apply('alice', {
      metadata: { name: 'x', labels: { a: '1', b: '1' } },
      spec: {
        replicas: 1,
        paused: true,
        containers: [
          { name: 'a', image: 'a' },
          { name: 'b', image: 'b' },
        ],
      },
    });
    story.apply('alice', { spec: { replicas: 1, containers: [{ name: 'b', image: 'b' }] } });
    expect(story.live).toEqual({
      apiVersion: 'v1',
      kind: 'Thing',
      metadata: { name: 'x' },
      spec: { replicas: 1, containers: [{ name: 'b', image: 'b' }] },
    });
  });

  test('keeps what others own or nobody applied', () => {
    const story = new Story();
    story.apply('alice', { metadata: { name: 'x', labels: { a: '1' } }, spec: { replicas: 1 } });
    story.apply('bob', { metadata: { name: 'x', labels: { b: '1' } }, spec: { replicas: 1 } });
    story.update('carol', { ...story.live, spec: { replicas: 1, paused: true } });
    story.apply('alice', {});
    expect(story.live).toMatchObject({
      metadata: { labels: { b: '1' } },
      spec: { replicas: 1, paused: true },
    });
    expect(story.live).not.toHaveProperty('metadata.labels.a');
    expect(story.managers).toEqual(['bob Apply', 'carol Update']);
    expect(story.fields('bob')).toEqual(['.metadata.labels.b', '.spec.replicas']);
  });

  test('keeps an item that somebody else writes into, and removes only the own fields of it', () => {
    const story = new Story();
    story.apply('alice', containers({ name: 'a', image: 'a', args: ['x'] }));
    story.apply('bob', containers({ name: 'a', env: [{ name: 'e', value: '1' }] }));
    story.apply('alice', {});
    expect(story.spec).toEqual({ containers: [{ name: 'a', env: [{ name: 'e', value: '1' }] }] });
  });

  test('a struct goes when its last field goes', () => {
    const story = new Story();
    story.apply('alice', { spec: { replicas: 1, security: { user: 1 } } });
    story.apply('alice', { spec: { replicas: 1 } });
    expect(story.spec).toEqual({ replicas: 1 });
  });

  test('atomic objects and lists belong to one manager as a whole', () => {
    const story = new Story();
    story.apply('alice', {
      spec: { selector: { matchLabels: { a: '1' } }, containers: [{ name: 'a', args: ['x', 'y'] }] },
    });
    expect(story.fields('alice')).toContain('.spec.selector');
    story.apply('alice', {
      spec: { selector: { matchLabels: { b: '1' } }, containers: [{ name: 'a', args: ['z'] }] },
    });
    expect(story.spec).toEqual({
      selector: { matchLabels: { b: '1' } },
      containers: [{ name: 'a', args: ['z'] }],
    });
  });

  test('a null takes a field away', () => {
    const story = new Story();
    story.update('alice', { spec: { replicas: 1, paused: true } });
    story.apply('bob', { spec: { replicas: null } }, { force: true });
    expect(story.spec).toEqual({ paused: true });
  });

  test('keys are completed by their defaults', () => {
    const story = new Story();
    story.apply('alice', containers({ name: 'a', ports: [{ port: 80, protocol: 'TCP' }] }));
    story.apply(
      'bob',
      containers({
        name: 'a',
        ports: [
          { port: 80, name: 'http' },
          { port: 80, protocol: 'UDP' },
        ],
      }),
    );
    expect(story.spec).toEqual({
      containers: [
        {
          name: 'a',
          ports: [
            { port: 80, protocol: 'TCP', name: 'http' },
            { port: 80, protocol: 'UDP' },
          ],
        },
      ],
    });
    expect(story.fields('bob')).toContain('.spec.containers[name="a"].ports[port=80,protocol="TCP"].name');
  });

  test('items keep the applied order, and what others added keeps its place', () => {
    const story = new Story();
    const items = (...names: string[]) => containers(...names.map((name) => ({ name })));
    story.apply('alice', items('a', 'b', 'c'));
    story.apply('bob', items('x', 'b'));
    story.apply('alice', items('c', 'b', 'a'));
    const order = (story.spec as { containers: { name: string }[] }).containers.map(({ name }) => name);
    expect(order.filter((name) => name !== 'x')).toEqual(['c', 'b', 'a']);
    expect(order).toContain('x');
  });

  test.each<[object, string]>([
    [
      containers({ name: 'a' }, { name: 'a' }),
      'Cannot apply .spec.containers: duplicate entries for key [name="a"]',
    ],
    [containers({ image: 'a' }), 'Cannot apply .spec.containers: an item has none of its keys name'],
    [
      { metadata: { finalizers: ['a', 'a'] } },
      'Cannot apply .metadata.finalizers: duplicate entries for key [="a"]',
    ],
  ])('%j is refused', (applied, message) => {
    expect(() => new Story().apply('alice', applied)).toThrow(message);
  });
});

describe('conflicts', () => {
  const contested = () => {
    const story = new Story();
    story.apply('alice', { spec: { replicas: 1, containers: [{ name: 'x', image: 'a' }] } });
    return story;
  };

  test('name the owner and the field as upstream does, and leave all as it was', () => {
    const story = contested();
    const { live, managedFields } = story;
    const result = story.apply('bob', { spec: { replicas: 2, containers: [{ name: 'x', image: 'b' }] } });
    const conflicts = result.kind === 'conflict' ? result.conflicts : [];
    expect(conflicts.map(({ manager, field }) => `${manager} ${field}`)).toEqual([
      'alice .spec.replicas',
      'alice .spec.containers[name="x"].image',
    ]);
    expect(conflictMessage(conflicts)).toBe(
      'Apply failed with 2 conflicts: conflicts with "alice":\n- .spec.replicas\n- .spec.containers[name="x"].image',
    );
    expect([story.live, story.managedFields]).toEqual([live, managedFields]);
  });

  test('one alone is told in one line', () => {
    const story = new Story();
    story.update('alice', { spec: { replicas: 1 } });
    const result = story.apply('bob', { spec: { replicas: 2 } });
    expect(result.kind === 'conflict' && conflictMessage(result.conflicts)).toBe(
      'Apply failed with 1 conflict: conflict with "alice" using v1 at 2030-01-01T00:00:00Z: .spec.replicas',
    );
  });

  test('do not arise from equal values: the field is shared', () => {
    const story = contested();
    expect(story.apply('bob', { spec: { replicas: 1 } }).kind).toBe('applied');
    expect(story.fields('alice')).toContain('.spec.replicas');
    expect(story.fields('bob')).toContain('.spec.replicas');
  });

  test('are decided by force, and the former owner loses the field', () => {
    const story = contested();
    story.apply('bob', { spec: { replicas: 2 } }, { force: true });
    expect(story.spec).toMatchObject({ replicas: 2 });
    expect(story.fields('alice')).not.toContain('.spec.replicas');
    expect(story.fields('bob')).toEqual(['.spec.replicas']);
  });

  test('of an object from a client-side apply do not stop kubectl', () => {
    const config = {
      apiVersion: 'v1',
      kind: 'Thing',
      metadata: { name: 'x' },
      spec: { replicas: 1, paused: true },
    };
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(config) };
    const story = new Story();
    story.update('kubectl-client-side-apply', {
      metadata: { name: 'x', annotations },
      spec: { replicas: 1, paused: true },
    });
    expect(story.apply('other', { spec: { replicas: 3 } }).kind).toBe('conflict');
    expect(story.apply('kubectl', { spec: { replicas: 3 } }).kind).toBe('applied');
    story.update('scaler', { ...story.live, spec: { replicas: 5, paused: true } });
    expect(story.apply('kubectl', { spec: { replicas: 4 } }).kind).toBe('conflict');
  });
});

describe('ordinary writes', () => {
  test('own what they change and take it from others', () => {
    const story = new Story();
    story.apply('alice', { spec: { replicas: 1, containers: [{ name: 'a', image: 'a:1' }] } });
    story.update('scaler', { spec: { replicas: 5, containers: [{ name: 'a', image: 'a:1' }] } });
    expect(story.fields('scaler')).toEqual(['.spec.replicas']);
    expect(story.fields('alice')).toEqual([
      '.spec.containers[name="a"]',
      '.spec.containers[name="a"].image',
      '.spec.containers[name="a"].name',
    ]);
  });

  test('take ownership away of what they remove', () => {
    const story = new Story();
    story.apply('alice', {
      metadata: { name: 'x', labels: { a: '1', b: '1' } },
      ...containers({ name: 'a' }, { name: 'b' }),
    });
    story.update('bob', { metadata: { name: 'x', labels: { a: '1' } }, ...containers({ name: 'a' }) });
    expect(story.fields('alice')).toEqual([
      '.metadata.labels.a',
      '.spec.containers[name="a"]',
      '.spec.containers[name="a"].name',
    ]);
    expect(story.managers).toEqual(['alice Apply']);
  });

  test('on create own everything, with a dot for maps and pointers only', () => {
    const story = new Story();
    story.update('creator', {
      metadata: { name: 'x', labels: { a: '1' } },
      spec: { security: { user: 1 }, containers: [{ name: 'a' }] },
    });
    expect(story.managedFields[0]?.fieldsV1).toEqual({
      'f:metadata': { 'f:labels': { '.': {}, 'f:a': {} } },
      'f:spec': {
        'f:containers': { 'k:{"name":"a"}': { '.': {}, 'f:name': {} } },
        'f:security': { '.': {}, 'f:user': {} },
      },
    });
  });

  test('that add an item own its structs too: where the item was not, they were not', () => {
    const story = new Story();
    story.update('creator', { spec: { replicas: 1 } });
    story.update('adder', containers({ name: 'a', lifecycle: { grace: 1 } }));
    expect(story.fields('adder')).toEqual([
      '.spec.containers[name="a"]',
      '.spec.containers[name="a"].lifecycle',
      '.spec.containers[name="a"].lifecycle.grace',
      '.spec.containers[name="a"].name',
    ]);
    expect(story.fields('creator')).toEqual([]);
  });

  test('that change nothing give the very entries back', () => {
    const story = new Story();
    story.update('creator', { spec: { replicas: 1 } });
    const before = story.managedFields;
    story.update('other', { spec: { replicas: 1 } });
    expect(story.managedFields).toBe(before);
  });

  test('to a subresource are told apart, and fields it cannot set are nobody’s', () => {
    const story = new Story();
    story.update('creator', { spec: { replicas: 1 } }, { ignore: [['status']] });
    story.update(
      'controller',
      { spec: { replicas: 9 }, status: { ready: 1 } },
      { subresource: 'status', ignore: [['spec']] },
    );
    expect(story.managedFields.map(({ manager, subresource }) => [manager, subresource])).toEqual([
      ['creator', undefined],
      ['controller', 'status'],
    ]);
    expect(story.fields('controller')).toEqual(['.status.ready']);
    expect(story.fields('creator')).toEqual(['.spec.replicas']);
  });

  test('by a manager with its own entry add to it', () => {
    const story = new Story();
    story.update('a', { spec: { replicas: 1 } });
    story.update('a', { spec: { replicas: 2, paused: true } });
    expect(story.fields('a')).toEqual(['.spec.paused', '.spec.replicas']);
    expect(story.managedFields).toHaveLength(1);
  });

  test('by very many managers are merged into ancient changes', () => {
    const story = new Story();
    const labels: Record<string, string> = {};
    for (let i = 0; i < 14; i++) {
      labels[`l${i}`] = '1';
      story.update(`m${String(i).padStart(2, '0')}`, { metadata: { name: 'x', labels: { ...labels } } });
    }
    expect(story.managedFields).toHaveLength(10);
    expect(story.managers[0]).toBe('ancient-changes Update');
    expect(story.fields('ancient-changes')).toContain('.metadata.labels.l3');
    expect(story.managers.at(-1)).toBe('m13 Update');
  });
});

describe('objects that nobody tracked', () => {
  test('belong to before-first-apply', () => {
    const story = new Story();
    story.live = {
      apiVersion: 'v1',
      kind: 'Thing',
      metadata: { name: 'x' },
      spec: { replicas: 1, paused: true },
    };
    const result = story.apply('alice', { spec: { replicas: 2 } });
    expect(result.kind === 'conflict' && result.conflicts.map(({ manager }) => manager)).toEqual([
      'before-first-apply',
    ]);
    story.apply('alice', { spec: { replicas: 2 } }, { force: true });
    expect(story.fields('before-first-apply')).toEqual(['.spec.paused']);
  });
});

test('withManagedFields() puts owners in and leaves an empty list out', () => {
  const entry = { manager: 'a', operation: 'Update' };
  expect(withManagedFields({ metadata: { name: 'x' } }, [entry])).toEqual({
    metadata: { name: 'x', managedFields: [entry] },
  });
  expect(withManagedFields({ metadata: { name: 'x', managedFields: [entry] } }, [])).toEqual({
    metadata: { name: 'x' },
  });
});

const name = fc.constantFrom('p', 'q', 'r');
const value = fc.constantFrom('1', '2');
const config = fc.record(
  {
    replicas: fc.nat(2),
    paused: fc.boolean(),
    security: fc.record({ user: fc.nat(1), group: fc.nat(1) }, { requiredKeys: ['user'] }),
    containers: fc.uniqueArray(
      fc.record(
        {
          name,
          image: value,
          env: fc.uniqueArray(fc.record({ name, value }), { selector: ({ name }) => name }),
        },
        { requiredKeys: ['name'] },
      ),
      { selector: ({ name }) => name },
    ),
  },
  { requiredKeys: [] },
);

describe('always', () => {
  const step = fc.tuple(fc.constantFrom('alice', 'bob'), fc.boolean(), config);

  test('an applier alone gets exactly what it applied last', () => {
    fc.assert(
      fc.property(fc.array(config, { minLength: 1, maxLength: 4 }), (configs) => {
        const story = new Story();
        for (const spec of configs) story.apply('alice', { spec });
        const tidy = JSON.stringify(story.spec ?? {});
        const alone = new Story();
        alone.apply('alice', { spec: configs.at(-1) });
        // What became empty is gone; what was applied empty stays.
        const strip = (value: unknown) =>
          JSON.parse(JSON.stringify(value), (_, member: unknown) =>
            isEmptyContainer(member) ? undefined : member,
          ) as unknown;
        expect(strip(JSON.parse(tidy))).toEqual(strip(alone.spec ?? {}));
      }),
      { numRuns: 200 },
    );
  });

  test('what is applied by force is what the object says, and nobody owns what is not there', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 6 }), (steps) => {
        const story = new Story();
        for (const [manager, applies, spec] of steps) {
          if (applies || story.live === undefined) {
            story.apply(manager, { spec }, { force: true });
            expect(story.spec ?? {}).toMatchObject(withoutEmpty(spec));
          } else story.update(manager, { spec });
        }
        const owned = ['alice', 'bob'].flatMap((manager) => story.fields(manager));
        const present = new Story();
        present.apply('all', { spec: story.spec ?? {} });
        const there = new Set([...present.fields('all'), '.spec', '.spec.security', '.spec.containers']);
        expect(owned.filter((field) => !there.has(field) && !field.endsWith('.env'))).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});

test('odd configurations are refused or applied, never anything else', () => {
  const odd = fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 4 }, fc.constantFrom(null, 0, 'a', true), tie('list'), tie('object')),
    list: fc.array(tie('value'), { maxLength: 3 }),
    object: fc.dictionary(
      fc.constantFrom(
        'spec',
        'metadata',
        'containers',
        'name',
        'env',
        'finalizers',
        'security',
        'other',
        'constructor',
      ),
      tie('value'),
      { maxKeys: 4 },
    ),
  })).object as fc.Arbitrary<JsonObject>;
  fc.assert(
    fc.property(odd, odd, odd, (live, first, second) => {
      const story = new Story();
      story.live = live;
      for (const applied of [first, second]) {
        try {
          story.apply('alice', applied, { force: true });
        } catch (error) {
          expect(error).toBeInstanceOf(ApplyError);
        }
      }
    }),
    { numRuns: 300 },
  );
});

function isEmptyContainer(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

/** Lists are compared by their own tests: here only scalars and structs count. */
function withoutEmpty(spec: object): object {
  return Object.fromEntries(Object.entries(spec).filter(([key]) => key !== 'containers'));
}
