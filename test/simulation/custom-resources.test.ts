import { expect, test } from 'vitest';
import { configmaps, customresourcedefinitions, namespaces } from '../../core/api/generated/resources.ts';
import { namespace } from '../builders/index.ts';
import {
  database,
  databaseDefinition,
  databases,
  establish,
  plainDefinition,
  resourceOf,
  untilServed,
} from '../custom-resources/definitions.ts';
import { expectEventually } from '../expectations/eventually.ts';
import { ControlPlane } from './control-plane.ts';

async function startWithDatabase(where = 'default') {
  const plane = await ControlPlane.start();
  if (where !== 'default') await plane.client.create(namespaces, namespace().named(where).build());
  await plane.client.create(customresourcedefinitions, databaseDefinition());
  await untilServed(plane.testApi, databases, true);
  const made = database('orders');
  const owner = await plane.client.create(databases, {
    ...made,
    metadata: { ...made.metadata, namespace: where },
  });
  const { apiVersion = '', kind = '', metadata } = owner;
  const reference = { apiVersion, kind, name: metadata.name ?? '', uid: metadata.uid ?? '' };
  await plane.client.create(configmaps, {
    metadata: { name: 'made', namespace: where, ownerReferences: [reference] },
  });
  return plane;
}

const made = (plane: ControlPlane, where = 'default') =>
  plane.client
    .list(configmaps, { namespace: where })
    .then(({ items }) => items.filter(({ metadata }) => metadata.name === 'made').length);

test('what a custom resource owns goes with it', async () => {
  await using plane = await startWithDatabase();
  await plane.client.delete(databases, { namespace: 'default', name: 'orders' });
  await expectEventually(plane.clock, async () => expect(await made(plane)).toBe(0));
});

test('what custom resources own goes with them, though their kind goes at the same time', async () => {
  await using plane = await startWithDatabase();
  await plane.client.delete(customresourcedefinitions, { name: 'databases.data.example.com' });
  await untilServed(plane.testApi, databases, false);
  await expectEventually(plane.clock, async () => expect(await made(plane)).toBe(0));
});

test('a namespace that ends takes its custom resources with it', async () => {
  await using plane = await startWithDatabase('team');
  await plane.client.delete(namespaces, { name: 'team' });
  await expectEventually(plane.clock, async () => {
    expect((await plane.client.list(databases)).items).toEqual([]);
    expect((await plane.client.list(namespaces)).items.map(({ metadata }) => metadata.name)).not.toContain(
      'team',
    );
  });
});

test.for(['pods', 'events'])('custom %s of another group are collected as any kind', async (plural) => {
  await using plane = await ControlPlane.start();
  const { client, clock } = plane;
  await client.create(namespaces, namespace().named('team').build());
  const definition = plainDefinition(plural);
  await establish(plane.testApi, definition);
  const owner = await client.create(configmaps, { metadata: { name: 'owner', namespace: 'team' } });
  const reference = { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: owner.metadata.uid ?? '' };
  const resource = resourceOf(definition);
  const names = async () => (await client.list(resource)).items.map(({ metadata }) => metadata.name);
  await client.create(resource, {
    metadata: { name: 'owned', namespace: 'team', ownerReferences: [reference] },
  });
  await client.create(resource, { metadata: { name: 'free', namespace: 'team' } });
  await client.delete(configmaps, { namespace: 'team', name: 'owner' });
  await expectEventually(clock, async () => expect(await names()).toEqual(['free']));
  await client.delete(namespaces, { name: 'team' });
  await expectEventually(clock, async () => expect(await names()).toEqual([]));
});
