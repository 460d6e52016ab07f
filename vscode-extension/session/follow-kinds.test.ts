import { expect, test } from 'vitest';
import { StatusError } from '../../core/api/errors.ts';
import { apiservices, customresourcedefinitions } from '../../core/api/generated/resources.ts';
import { createTestApi } from '../../test/environment/api.ts';
import { openTestCluster } from '../../test/environment/open-cluster.ts';
import { expectEventually, settle } from '../../test/expectations/eventually.ts';
import type { SessionState } from './cluster-session.ts';
import { followKinds } from './follow-kinds.ts';

const definition = (kind: string) => {
  const plural = `${kind.toLowerCase()}s`;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.example.com` },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { kind, plural },
      versions: [
        { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } },
      ],
    },
  };
};

test('definitions that come later are told of once they have settled, those that are there are not', async () => {
  await using api = await createTestApi({ customResources: false });
  await using current = openTestCluster(api);
  await api.client.create(customresourcedefinitions, definition('Lamp'));
  let told = 0;
  const { context } = current;
  const version = await current.cluster.version(current.signal);
  const state: SessionState = { kind: 'connected', context, version };
  const end = followKinds(
    {
      current,
      state,
      onClusterChange: () => () => {},
      onStateChange: () => () => {},
      kindsChanged: () => void told++,
    },
    api.clock,
    (error) => {
      throw error;
    },
  );
  await current.informers.informer(customresourcedefinitions).synced(current.signal);
  await settle();
  await api.clock.advanceAsync(1_000);
  expect(told).toBe(0);
  await api.client.create(customresourcedefinitions, definition('Bulb'));
  await api.client.create(customresourcedefinitions, definition('Socket'));
  await expectEventually(api.clock, () => expect(told).toBe(1));
  await api.client.delete(customresourcedefinitions, { name: 'lamps.example.com' });
  await expectEventually(api.clock, () => expect(told).toBe(2));
  end();
  await api.client.delete(customresourcedefinitions, { name: 'bulbs.example.com' });
  await settle();
  await api.clock.advanceAsync(1_000);
  expect(told).toBe(2);
});

test('what could be followed only by half is followed once when it is tried again', async () => {
  await using api = await createTestApi({ customResources: false });
  await using open = openTestCluster(api);
  let away = true;
  const client: typeof api.client = {
    ...api.client,
    list: (resource, options) =>
      away && resource.plural === 'apiservices'
        ? Promise.reject(new StatusError('ServiceUnavailable', 'nobody answers'))
        : api.client.list(resource, options),
  };
  const current = { ...open, cluster: { ...open.cluster, client } };
  const version = await current.cluster.version(current.signal);
  const state: SessionState = { kind: 'connected', context: current.context, version };
  let told = 0;
  const listeners: ((state: SessionState) => void)[] = [];
  const errors: string[] = [];
  const end = followKinds(
    {
      current,
      state,
      onClusterChange: () => () => {},
      onStateChange: (listener) => {
        listeners.push(listener);
        return () => {};
      },
      kindsChanged: () => void told++,
    },
    api.clock,
    (_error, doing) => errors.push(doing),
  );
  const synced = current.informers.informer(customresourcedefinitions).synced(current.signal);
  await synced;
  await settle();
  expect(errors).toEqual(['follow what the cluster serves']);
  away = false;
  for (const listener of listeners) listener(state);
  await current.informers.informer(apiservices).synced(current.signal);
  await settle();
  await api.client.create(customresourcedefinitions, definition('Bulb'));
  await expectEventually(api.clock, () => expect(told).toBeGreaterThan(0));
  await settle();
  await api.clock.advanceAsync(1_000);
  expect(told).toBe(1);
  end();
});
