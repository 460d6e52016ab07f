import { expect, test } from 'vitest';
import type { ConfigMap } from '../../../core/api/generated/core-v1.ts';
import { configmaps } from '../../../core/api/generated/resources.ts';
import { isConflict, isNotFound } from '../../../core/api/errors.ts';
import { keyOf, mutable } from '../../../core/api/object.ts';
import { createGrpcServer } from '../../../core/apiserver/grpc/server.ts';
import { connect } from '../../../core/client/grpc/connection.ts';
import { createInformerFactory } from '../../../core/client/informer-factory.ts';
import { createClient } from '../../../core/client/typed-client.ts';
import { systemClock } from '../../../core/machinery/clock.ts';
import { randomBelow, seededRandom } from '../../../core/machinery/random.ts';
import { createTestApi } from '../../environment/api.ts';
import { identifyAdministrator } from '../../environment/local-administrator.ts';

test('an informer over gRPC tells every change once, through restarts of the server', async () => {
  const seed = 20_260;
  const random = seededRandom(seed);
  await using api = await createTestApi({ clock: systemClock, seed });
  const serve = async (listen: string) => {
    const server = createGrpcServer({
      verbs: api.verbs,
      discovery: {
        version: async () => ({ gitVersion: 'v1.36.2', wheelhouseVersion: '0.1.0', store: 'memory' }),
        resources: async () => Buffer.from('{}'),
        openApi: async () => Buffer.from('{}'),
      },
      listen,
      identify: identifyAdministrator,
    });
    return [server, await server.start()] as const;
  };
  let [server, endpoint] = await serve('127.0.0.1:0');
  using connection = connect({ endpoint });
  const stop = new AbortController();
  const factory = createInformerFactory({
    client: createClient(connection.verbs),
    clock: systemClock,
    random,
  });
  const informer = factory.informer(configmaps, { namespace: 'default' });
  /** What the handlers make of it by themselves, and what they were told twice or out of order. */
  const told = new Map<string, ConfigMap>();
  const complaints: string[] = [];
  let changes = 0;
  informer.addHandler({
    onAdd(object) {
      changes++;
      if (told.has(keyOf(object))) complaints.push(`${keyOf(object)} added twice`);
      told.set(keyOf(object), object);
    },
    onUpdate(object, previous) {
      changes++;
      if (told.get(keyOf(object)) !== previous)
        complaints.push(`${keyOf(object)}: not the state told before`);
      if (revision(object) <= revision(previous)) complaints.push(`${keyOf(object)} went back in time`);
      told.set(keyOf(object), object);
    },
    onDelete(last) {
      changes++;
      if (!told.delete(keyOf(last))) complaints.push(`${keyOf(last)} deleted twice`);
    },
  });
  const running = factory.run(stop.signal);
  await informer.synced(AbortSignal.timeout(5_000));

  const write = async () => {
    const name = `map-${randomBelow(random, 30)}`;
    const where = { namespace: 'default', name };
    const known = await api.client.get(configmaps, where).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
      return undefined;
    });
    if (known === undefined) await api.client.create(configmaps, { metadata: where, data: {} });
    else if (randomBelow(random, 3) === 0) await api.client.delete(configmaps, where);
    else {
      const changed = mutable(known);
      changed.data = { value: String(randomBelow(random, 1_000_000)) };
      await api.client.update(configmaps, changed).catch((error: unknown) => {
        if (!isConflict(error)) throw error;
      });
    }
  };
  for (let round = 0; round < 6; round++) {
    for (let i = 0; i < 100; i++) await write();
    await server.stop(0);
    // What is written while nobody serves must be told afterwards.
    for (let i = 0; i < 40; i++) await write();
    [server, endpoint] = await serve(endpoint);
  }
  const { items } = await api.client.list(configmaps, { namespace: 'default' });
  const expected = new Map(items.map((object) => [keyOf(object), object.metadata.resourceVersion]));
  const revisions = (objects: Iterable<ConfigMap>) =>
    new Map([...objects].map((object) => [keyOf(object), object.metadata.resourceVersion] as const));
  await expect.poll(() => revisions(informer.lister.values()), { timeout: 10_000 }).toEqual(expected);
  expect(revisions(told.values())).toEqual(expected);
  expect(complaints).toEqual([]);
  expect(changes).toBeGreaterThan(500);
  stop.abort();
  await running;
  await server.stop(0);
}, 30_000);

function revision({ metadata }: ConfigMap): number {
  return Number(metadata.resourceVersion);
}
