import { afterAll, beforeAll, expect, test } from 'vitest';
import { apiservices, namespaces, services } from '../../core/api/generated/resources.ts';
import { withRemotes } from '../../core/apiserver/aggregation/remote-verbs.ts';
import { createInformerFactory } from '../../core/client/informer-factory.ts';
import { createClient } from '../../core/client/typed-client.ts';
import { remoteKinds } from '../../core/cmd/remote-kinds.ts';
import { createNamespaceController } from '../../core/controllers/namespace/controller.ts';
import { Manager } from '../../core/controllers/runtime/manager.ts';
import { fortunesGroup, startExtensionServer } from '../environment/extension-server.ts';
import type { ExtensionServer } from '../environment/extension-server.ts';
import { createRestApi } from '../environment/rest.ts';
import type { RestApi } from '../environment/rest.ts';
import { expectEventually } from '../expectations/eventually.ts';

const stop = new AbortController();
let rest: RestApi;
let extension: ExtensionServer;
let managed: Promise<void>;

beforeAll(async () => {
  rest = await createRestApi({ aggregation: true });
  const { api, aggregator } = rest;
  if (aggregator === undefined) throw new Error('nobody aggregates');
  extension = await startExtensionServer(rest.pki.frontProxyCa);
  const { client, clock, random, scheme } = api;
  await client.create(services, {
    metadata: { name: 'fortunes', namespace: 'default' },
    spec: { type: 'ExternalName', externalName: 'localhost' },
  });
  await client.create(apiservices, {
    metadata: { name: `v1alpha1.${fortunesGroup}` },
    spec: {
      group: fortunesGroup,
      version: 'v1alpha1',
      groupPriorityMinimum: 1000,
      versionPriority: 10,
      caBundle: extension.caBundle,
      service: { namespace: 'default', name: 'fortunes', port: extension.port },
    },
  });
  const informers = createInformerFactory({ client, clock, random });
  const remotes = createClient(withRemotes(api.verbs, aggregator, api.api.authorizer));
  const eventsOf = () => {
    throw new Error('nobody records events');
  };
  const namespaceController = createNamespaceController({
    client,
    clock,
    random,
    scheme,
    informers,
    eventsOf,
    remoteKinds: remoteKinds(aggregator, remotes),
  });
  managed = new Manager(informers, [namespaceController]).run(stop.signal);
});
afterAll(async () => {
  stop.abort();
  await managed;
  await rest[Symbol.asyncDispose]();
  await extension[Symbol.asyncDispose]();
});

test("a namespace goes with what users' API servers have of it", async () => {
  const { client, clock } = rest.api;
  await client.create(namespaces, { metadata: { name: 'told' }, spec: {} });
  extension.elsewhere.set('told', new Set(['good', 'bad']));
  await client.delete(namespaces, { name: 'told' });
  await expectEventually(clock, async () => {
    await expect(client.get(namespaces, { name: 'told' })).rejects.toMatchObject({ reason: 'NotFound' });
  });
  expect(extension.elsewhere.get('told')).toEqual(new Set());
});

test('a namespace stays while such a server is away, says why, and goes when it is back', async () => {
  const { client, clock } = rest.api;
  await client.create(namespaces, { metadata: { name: 'untold' }, spec: {} });
  extension.elsewhere.set('untold', new Set(['good']));
  extension.failing = 503;
  // It is asked again whenever its APIService changes.
  const nudge = (versionPriority: number) =>
    client.patch(apiservices, { name: `v1alpha1.${fortunesGroup}` }, 'merge', { spec: { versionPriority } });
  await nudge(11);
  await expect
    .poll(async () => (await rest.send('GET', `/apis/${fortunesGroup}/v1alpha1/fortunes`)).code, {
      timeout: 30_000,
    })
    .toBe(503);
  await client.delete(namespaces, { name: 'untold' });
  await expectEventually(clock, async () => {
    const { status } = await client.get(namespaces, { name: 'untold' });
    expect(status.conditions).toContainEqual(
      expect.objectContaining({
        type: 'NamespaceDeletionDiscoveryFailure',
        status: 'True',
        reason: 'DiscoveryFailed',
        message:
          'Discovery failed for some groups, 1 failing: unable to retrieve the complete list of server APIs: ' +
          'fortunes.example.com/v1alpha1: stale GroupVersion discovery: fortunes.example.com/v1alpha1',
      }),
    );
  });
  expect(extension.elsewhere.get('untold')).toEqual(new Set(['good']));
  extension.failing = undefined;
  await nudge(12);
  await expectEventually(clock, async () => {
    await expect(client.get(namespaces, { name: 'untold' })).rejects.toMatchObject({ reason: 'NotFound' });
  });
  expect(extension.elsewhere.get('untold')).toEqual(new Set());
});
