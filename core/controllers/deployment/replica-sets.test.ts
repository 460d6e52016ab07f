import { describe, expect, test } from 'vitest';
import { builtAtMs, deployment, replicaSet } from '../../../test/builders/index.ts';
import {
  desiredReplicasAnnotation,
  newestAnnotations,
  revisionAnnotation,
  revisionHistoryAnnotation,
} from './annotations.ts';
import { activeOrLatest, isScaled, setsToDelete, tellApart } from './replica-sets.ts';

const set = (name: string, revision = 1) =>
  replicaSet()
    .named(name)
    .annotated({ [revisionAnnotation]: `${revision}` });

describe('telling new from old', () => {
  test('the label of the hash makes no difference, any other change does', () => {
    const web = deployment().running('web:2').build();
    const labels = { app: 'web', 'pod-template-hash': 'abc' };
    const same = set('same').running('web:2').selecting(labels).build();
    const other = set('other').running('web:1').build();
    expect(tellApart(web, [other, same])).toEqual({ newest: same, old: [other] });
  });

  test('of several that match the oldest is the new one', () => {
    const young = set('young')
      .createdAt(builtAtMs + 5000)
      .build();
    const old = set('old').build();
    expect(tellApart(deployment().build(), [young, old]).newest).toBe(old);
  });
});

describe('the set that is scaled alone', () => {
  test('is the active one', () => {
    const active = set('a').withReplicas(2).build();
    expect(activeOrLatest({ newest: set('b').withReplicas(0).build(), old: [active] })).toBe(active);
  });

  test('is the newest when none is active, and none when several are', () => {
    const newest = set('b').withReplicas(0).build();
    expect(activeOrLatest({ newest, old: [set('a').withReplicas(0).build()] })).toBe(newest);
    const active = set('b').withReplicas(1).build();
    expect(activeOrLatest({ newest: active, old: [set('a').withReplicas(1).build()] })).toBeUndefined();
  });
});

test('a scaled Deployment is one whose sets remember another size', () => {
  const sets = [
    set('a')
      .withReplicas(3)
      .annotated({ [desiredReplicasAnnotation]: '3' })
      .build(),
  ];
  expect(isScaled(deployment().withReplicas(3).build(), sets)).toBe(false);
  expect(isScaled(deployment().withReplicas(4).build(), sets)).toBe(true);
});

describe('history', () => {
  const idle = (name: string, revision: number) => set(name, revision).withReplicas(0).allAvailable(0);

  test('beyond the limit the lowest revisions go, unless something still depends on them', () => {
    const web = deployment().keepingRevisions(1).build();
    const busy = idle('b', 2).withStatus({ replicas: 1 });
    const old = [idle('c', 3), idle('a', 1), busy].map((builder) => builder.build());
    expect(setsToDelete(web, old).map(({ metadata }) => metadata.name)).toEqual(['a']);
  });

  test('a set that comes back gets a new revision and remembers the old ones', () => {
    const web = deployment().annotated({ 'kubernetes.io/change-cause': 'undo' }).build();
    const once = newestAnnotations(web, { [revisionAnnotation]: '1' }, 3);
    expect(once).toEqual({
      'kubernetes.io/change-cause': 'undo',
      [revisionAnnotation]: '3',
      [revisionHistoryAnnotation]: '1',
    });
    expect(newestAnnotations(web, once, 5)[revisionHistoryAnnotation]).toBe('1,3');
  });

  test("a set that is the newest already keeps its revision, and the Deployment's own notes stay with it", () => {
    const web = deployment()
      .annotated({ [revisionAnnotation]: '9', team: 'blue' })
      .build();
    expect(newestAnnotations(web, { [revisionAnnotation]: '4' }, 3)).toEqual({
      team: 'blue',
      [revisionAnnotation]: '4',
    });
  });
});
