import { describe, expect, test } from 'vitest';
import { containers, Story } from '../../../test/builders/apply-story.ts';

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
