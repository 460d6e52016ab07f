import { describe, expect, test } from 'vitest';
import { configMap } from '../../../test/builders/index.ts';
import { configmaps } from '../../api/generated/resources.ts';
import type { KubernetesObject } from '../../api/object.ts';
import type { Resource } from '../../api/resource.ts';
import { foregroundFinalizer, orphanFinalizer, OwnerGraph } from './graph.ts';

const resource = configmaps as unknown as Resource<KubernetesObject>;
const owner = configMap().named('owner');
const dependent = configMap().named('dependent').ownedBy(owner.build());

function graphOf(...builders: readonly ReturnType<typeof configMap>[]) {
  const graph = new OwnerGraph();
  for (const builder of builders) graph.set(resource, builder.build());
  return graph;
}

describe('what to look at again', () => {
  test('a dependent whose owner is not known, and not one whose owner is', () => {
    expect(graphOf().set(resource, dependent.build()).look).toEqual(['configmap-dependent']);
    expect(graphOf(owner).set(resource, dependent.build()).look).toEqual([]);
  });

  test('the dependents of what is deleted', () => {
    expect(graphOf(owner, dependent).delete('configmap-owner').look).toEqual(['configmap-dependent']);
  });

  test('an owner that begins to wait, with its dependents', () => {
    const waiting = owner.terminating().withFinalizers(foregroundFinalizer).build();
    const look = graphOf(owner, dependent).set(resource, waiting).look;
    expect([...look].sort()).toEqual(['configmap-dependent', 'configmap-owner']);
  });

  test('an owner that waits, when its last dependent goes or lets go', () => {
    const waiting = owner.terminating().withFinalizers(foregroundFinalizer);
    expect(graphOf(waiting, dependent).delete('configmap-dependent').look).toEqual(['configmap-owner']);
    const free = configMap().named('dependent').build();
    expect(graphOf(waiting, dependent).set(resource, free).look).toContain('configmap-owner');
  });

  test('an owner that leaves its dependents behind', () => {
    const leaving = owner.terminating().withFinalizers(orphanFinalizer).build();
    expect(graphOf(owner, dependent).set(resource, leaving).look).toEqual(['configmap-owner']);
  });

  test('a dependent that gets another owner', () => {
    const other = configMap().named('other');
    const moved = configMap().named('dependent').ownedBy(other.build()).build();
    expect(graphOf(owner, other, dependent).set(resource, moved).look).toEqual(['configmap-dependent']);
  });
});

test('after the lists, dependents of what never came are found', () => {
  const graph = graphOf(
    dependent,
    owner,
    configMap().named('lost').ownedBy(configMap().named('gone').build()),
  );
  expect(graph.dependentsOfUnknown()).toEqual(['configmap-lost']);
});

test('only who blocks keeps an owner', () => {
  const idle = configMap().named('idle').ownedBy(owner.build(), { blockOwnerDeletion: false });
  const graph = graphOf(owner, dependent, idle);
  expect(graph.dependentsOf('configmap-owner')).toHaveLength(2);
  expect(graph.blockersOf('configmap-owner').map(({ name }) => name)).toEqual(['dependent']);
});

test('dependents of one owner are kept with one list of owners, and each with its own where they differ', () => {
  const sibling = configMap().named('sibling').ownedBy(owner.build());
  const other = configMap()
    .named('other')
    .ownedBy(owner.build())
    .ownedBy(configMap().named('second').build());
  const graph = graphOf(owner, dependent, sibling, other);
  const ownersOf = (name: string) => graph.get(`configmap-${name}`)?.owners;
  expect(ownersOf('sibling')).toBe(ownersOf('dependent'));
  expect(ownersOf('other')?.map(({ name }) => name)).toEqual(['owner', 'second']);
  const before = ownersOf('sibling');
  graph.set(resource, sibling.build());
  expect(ownersOf('sibling')).toBe(before);
});

test('what has no owner is known to be there, and gets a name when it is to go or to have an owner', () => {
  const graph = graphOf(owner, configMap().named('alone'));
  const nodeOf = (name: string) => graph.get(`configmap-${name}`);
  expect(nodeOf('owner')).toBe(nodeOf('alone'));
  expect(graph.size).toBe(2);
  expect(graph.nodesOf(resource)).toEqual(['configmap-owner', 'configmap-alone']);
  graph.set(resource, owner.terminating().build());
  graph.set(resource, configMap().named('alone').ownedBy(owner.build()).build());
  expect(nodeOf('owner')).toMatchObject({ uid: 'configmap-owner', name: 'owner', isTerminating: true });
  expect(nodeOf('alone')).toMatchObject({ uid: 'configmap-alone', name: 'alone' });
  graph.set(resource, configMap().named('alone').build());
  expect(nodeOf('alone')?.owners).toEqual([]);
  expect(graph.dependentsOf('configmap-owner')).toEqual([]);
});
