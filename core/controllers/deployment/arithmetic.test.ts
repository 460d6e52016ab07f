import { describe, expect, test } from 'vitest';
import { builtAtMs, deployment, replicaSet } from '../../../test/builders/index.ts';
import { sizeAnnotations } from './annotations.ts';
import {
  fenceposts,
  newSetReplicas,
  resizeNewSet,
  resizeOldSets,
  resizeProportionally,
} from './arithmetic.ts';

/** A set of an earlier rollout; sets are `age` seconds apart. */
function set(name: string, replicas: number, available = replicas, age = 0) {
  return replicaSet()
    .named(name)
    .withReplicas(replicas)
    .allAvailable(available)
    .createdAt(builtAtMs - age * 1000)
    .build();
}

function sizes(steps: readonly { set: { metadata: { name?: string | undefined } }; replicas: number }[]) {
  return Object.fromEntries(steps.map(({ set, replicas }) => [set.metadata.name, replicas]));
}

describe('fence posts', () => {
  test.each([
    { replicas: 10, surge: '25%', unavailable: '25%', posts: { maxSurge: 3, maxUnavailable: 2 } },
    { replicas: 1, surge: '25%', unavailable: '25%', posts: { maxSurge: 1, maxUnavailable: 0 } },
    { replicas: 10, surge: 0, unavailable: 0, posts: { maxSurge: 0, maxUnavailable: 1 } },
    { replicas: 10, surge: 0, unavailable: '1%', posts: { maxSurge: 0, maxUnavailable: 1 } },
    { replicas: 3, surge: 2, unavailable: 1, posts: { maxSurge: 2, maxUnavailable: 1 } },
  ])('$surge and $unavailable of $replicas', ({ replicas, surge, unavailable, posts }) => {
    expect(fenceposts(deployment().withReplicas(replicas).rollingWith(surge, unavailable).build())).toEqual(
      posts,
    );
  });
});

describe('the new set', () => {
  test('begins as large as the surge allows', () => {
    const web = deployment().withReplicas(10).rollingWith(3, 2).build();
    expect(newSetReplicas(web, [set('old', 10)], 0)).toBe(3);
  });

  test('begins at full size when nothing is there yet, and when Pods are recreated', () => {
    expect(newSetReplicas(deployment().withReplicas(10).build(), [], 0)).toBe(10);
    expect(newSetReplicas(deployment().withReplicas(10).recreating().build(), [set('old', 10)], 0)).toBe(10);
  });

  test('waits while the surge is used up, and shrinks to a smaller size at once', () => {
    const web = deployment().withReplicas(10).rollingWith(3, 2).build();
    const newest = set('new', 3);
    expect(resizeNewSet(web, [set('old', 10), newest], newest)).toBeUndefined();
    const large = set('new', 12);
    expect(resizeNewSet(web, [large], large)?.replicas).toBe(10);
  });
});

describe('old sets', () => {
  const web = deployment().withReplicas(10).rollingWith(3, 2).build();

  test('lose what may be unavailable at first', () => {
    expect(sizes(resizeOldSets(web, set('new', 3, 0), [set('old', 10)]))).toEqual({ old: 8 });
  });

  test('keep everything while the minimum is just there', () => {
    expect(resizeOldSets(web, set('new', 5, 0), [set('old', 8)])).toEqual([]);
  });

  test('lose Pods that are not available first, of the oldest set first', () => {
    const steps = resizeOldSets(web, set('new', 3, 3), [set('older', 4, 0, 20), set('old', 6, 6, 10)]);
    expect(sizes(steps)).toEqual({ older: 0, old: 5 });
  });

  test('are gone when the new set is complete', () => {
    expect(sizes(resizeOldSets(web, set('new', 10), [set('old', 3)]))).toEqual({ old: 0 });
  });
});

describe('scaling in the middle of a rollout', () => {
  const sized = (name: string, replicas: number, age: number) => {
    const built = set(name, replicas, replicas, age);
    return { ...built, metadata: { ...built.metadata, annotations: sizeAnnotations(10, 10) } };
  };

  test('spreads new Pods in proportion', () => {
    const web = deployment().withReplicas(20).rollingWith(0, 2).build();
    expect(sizes(resizeProportionally(web, [sized('old', 5, 10), sized('new', 5, 0)]))).toEqual({
      old: 10,
      new: 10,
    });
  });

  test('gives what rounding leaves to the largest set', () => {
    const web = deployment().withReplicas(11).rollingWith(0, 2).build();
    const steps = resizeProportionally(web, [sized('old', 3, 10), sized('new', 7, 0)]);
    expect(sizes(steps)).toEqual({ old: 3, new: 8 });
  });

  test('takes Pods away in proportion, and all of them at zero', () => {
    const sets = [sized('old', 5, 10), sized('new', 5, 0)];
    const half = deployment().withReplicas(5).rollingWith(0, 2).build();
    expect(sizes(resizeProportionally(half, sets))).toEqual({ old: 2, new: 3 });
    const none = deployment().withReplicas(0).rollingWith(0, 2).build();
    expect(sizes(resizeProportionally(none, sets))).toEqual({ old: 0, new: 0 });
  });
});
