import { expect, test } from 'vitest';
import { customresourcedefinitions } from '../../core/api/generated/resources.ts';
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
});
