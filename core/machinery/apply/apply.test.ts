import { describe, expect, test } from 'vitest';
import { conflictMessage } from './conflict.ts';
import { containers, Story } from '../../../test/builders/apply-story.ts';

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
