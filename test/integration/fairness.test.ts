import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { FlowSchema, PriorityLevelConfiguration } from '../../core/api/generated/flowcontrol-v1.ts';
import { flowschemas, nodes, pods, prioritylevelconfigurations } from '../../core/api/generated/resources.ts';
import type { KubernetesObject } from '../../core/api/object.ts';
import type { Resource } from '../../core/api/resource.ts';
import { connect } from '../../core/client/grpc/connection.ts';
import { createClient } from '../../core/client/typed-client.ts';
import type { KeyPair } from '../../core/machinery/pki/make-certificate.ts';
import { deferred } from '../../core/machinery/deferred.ts';
import { serveGrpc } from '../environment/grpc.ts';
import type { GrpcApi } from '../environment/grpc.ts';
import { clientPair, createRestApi } from '../environment/rest.ts';
import type { RestApi } from '../environment/rest.ts';

/** What nodes use is read when it is asked for, and the answer may take its time: requests that go on. */
let reading = deferred();
let begun = deferred();

let rest: RestApi;
let grpc: GrpcApi;
let greedy: KeyPair;
let node: KeyPair;

const apiVersion = 'flowcontrol.apiserver.k8s.io/v1';

beforeAll(async () => {
  rest = await createRestApi({
    rbac: true,
    fairness: { serverSeats: 200 },
    async readUsage() {
      begun.resolve();
      await reading.promise;
      return undefined;
    },
  });
  grpc = await serveGrpc(rest);
  [greedy, node] = await Promise.all([
    clientPair(rest.pki.clientCa, 'CN=greedy'),
    clientPair(rest.pki.clientCa, 'O=system:nodes, CN=system:node:a'),
  ]);
  const { client } = rest.api;
  await client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'a' }, spec: {} });
  const rbac = { apiGroup: 'rbac.authorization.k8s.io' };
  await rest.send('POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
    body: JSON.stringify({
      metadata: { name: 'greedy' },
      roleRef: { ...rbac, kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ ...rbac, kind: 'User', name: 'greedy' }],
    }),
  });
});
afterAll(async () => {
  await grpc[Symbol.asyncDispose]();
  await rest[Symbol.asyncDispose]();
});
afterEach(() => {
  reading.resolve();
  reading = deferred();
  begun = deferred();
});

/** Resolves with the object once it is as wanted. */
async function once<T extends KubernetesObject>(
  resource: Resource<T>,
  name: string,
  holds: (object: T) => boolean,
): Promise<T> {
  const over = new AbortController();
  try {
    for await (const batch of rest.api.client.watch(resource, {
      signal: over.signal,
      sendInitialEvents: true,
      allowBookmarks: true,
    }))
      for (const event of batch)
        if (event.type !== 'BOOKMARK' && event.type !== 'DELETED')
          if (event.object.metadata.name === name && holds(event.object)) return event.object;
  } finally {
    over.abort();
  }
  throw new Error(`the watch of ${resource.plural} ended`);
}

const isTold = (status: string) => (schema: FlowSchema) =>
  schema.status.conditions?.some((one) => one.type === 'Dangling' && one.status === status) === true;

const schema = (name: string, level: string, user: string): FlowSchema => ({
  apiVersion,
  kind: 'FlowSchema',
  metadata: { name },
  spec: {
    priorityLevelConfiguration: { name: level },
    matchingPrecedence: 50,
    rules: [
      {
        subjects: [{ kind: 'User', user: { name: user } }],
        resourceRules: [
          { verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'], clusterScope: true },
        ],
      },
    ],
  },
  status: {},
});

const level = (
  name: string,
  limited: PriorityLevelConfiguration['spec']['limited'],
): PriorityLevelConfiguration => ({
  apiVersion,
  kind: 'PriorityLevelConfiguration',
  metadata: { name },
  spec: { type: 'Limited', limited },
  status: {},
});

describe('the objects of fairness', () => {
  test('are those of upstream, and schemas are told that their level is there', async () => {
    await once(flowschemas, 'global-default', isTold('False'));
    await once(flowschemas, 'catch-all', isTold('False'));
    const names = async (plural: string) =>
      ((await rest.send('GET', `/apis/${apiVersion}/${plural}`)).json()['items'] as KubernetesObject[]).map(
        ({ metadata }) => metadata.name,
      );
    expect(await names('prioritylevelconfigurations')).toEqual([
      'catch-all',
      'exempt',
      'global-default',
      'leader-election',
      'node-high',
      'system',
      'workload-high',
      'workload-low',
    ]);
    expect(await names('flowschemas')).toHaveLength(13);
  });

  test('come back when they are taken away, and as they were where they must be', async () => {
    const { client } = rest.api;
    const before = await client.get(flowschemas, { name: 'catch-all' });
    await client.delete(flowschemas, { name: 'catch-all' });
    await once(flowschemas, 'catch-all', ({ metadata }) => metadata.uid !== before.metadata.uid);
    await client.delete(prioritylevelconfigurations, { name: 'workload-low' });
    await once(prioritylevelconfigurations, 'workload-low', () => true);
    const shares = (nominalConcurrencyShares: number) => ({
      spec: { limited: { nominalConcurrencyShares } },
    });
    await client.patch(prioritylevelconfigurations, { name: 'catch-all' }, 'merge', shares(77));
    await once(
      prioritylevelconfigurations,
      'catch-all',
      ({ spec, metadata }) => spec.limited?.nominalConcurrencyShares === 5 && metadata.generation === 3,
    );
    const annotations = { 'apf.kubernetes.io/autoupdate-spec': 'false' };
    const own = { metadata: { annotations }, ...shares(11) };
    await client.patch(prioritylevelconfigurations, { name: 'leader-election' }, 'merge', own);
    await client.delete(flowschemas, { name: 'probes' });
    await once(flowschemas, 'probes', () => true);
    const kept = await client.get(prioritylevelconfigurations, { name: 'leader-election' });
    expect(kept.spec.limited?.nominalConcurrencyShares).toBe(11);
  });

  test('say of a schema when its level is not there', async () => {
    const { client } = rest.api;
    await client.create(flowschemas, schema('alone', 'nowhere', 'nobody'));
    const told = await once(flowschemas, 'alone', isTold('True'));
    expect(told.status.conditions?.[0]).toMatchObject({
      reason: 'NotFound',
      message:
        'This FlowSchema references the PriorityLevelConfiguration object named "nowhere" but there is no such object',
    });
    await client.create(prioritylevelconfigurations, level('nowhere', { limitResponse: { type: 'Reject' } }));
    await once(flowschemas, 'alone', isTold('False'));
    await client.delete(prioritylevelconfigurations, { name: 'nowhere' });
    await once(flowschemas, 'alone', isTold('True'));
  });
});

describe('a greedy client', () => {
  const usage = '/apis/metrics.k8s.io/v1beta1/nodes/a';

  beforeAll(async () => {
    const { client } = rest.api;
    const limited = {
      nominalConcurrencyShares: 1,
      borrowingLimitPercent: 0,
      limitResponse: { type: 'Reject' },
    };
    await client.create(prioritylevelconfigurations, level('tight', limited));
    await client.create(flowschemas, schema('greedy', 'tight', 'greedy'));
    await once(flowschemas, 'greedy', isTold('False'));
  });

  /** As many as there are seats, each waiting for its answer. */
  async function takeAllSeats() {
    const asked = [rest.send('GET', usage, { as: greedy })];
    await begun.promise;
    return asked;
  }

  test('is told to come again, over both front ends, and nobody else is', async () => {
    const asked = await takeAllSeats();
    const refused = await rest.send('GET', usage, { as: greedy });
    expect(refused.code).toBe(429);
    expect(refused.headers['retry-after']).toBe('1');
    expect(refused.json()).toMatchObject({
      reason: 'TooManyRequests',
      message: 'Too many requests, please try again later.',
      details: { retryAfterSeconds: 1 },
    });
    const { metadata } = await rest.api.client.get(flowschemas, { name: 'greedy' });
    expect(refused.headers['x-kubernetes-pf-flowschema-uid']).toBe(metadata.uid);
    expect(refused.headers['x-kubernetes-pf-prioritylevel-uid']).toMatch(/^[0-9a-f-]{36}$/);

    const { endpoint } = grpc;
    using impatient = connect({ endpoint, tls: { ca: rest.pki.serverCa.cert, ...greedy }, tries: 1 });
    await expect(createClient(impatient.verbs).list(pods)).rejects.toMatchObject({
      reason: 'TooManyRequests',
      status: { details: { retryAfterSeconds: 1 } },
    });

    const agent = createClient(grpc.connect(node).verbs);
    await expect(agent.get(nodes, { name: 'a' })).resolves.toMatchObject({ kind: 'Node' });
    expect((await rest.send('GET', '/api/v1/nodes/a', { as: node })).code).toBe(200);
    expect((await rest.send('GET', '/api/v1/nodes')).code).toBe(200);

    reading.resolve();
    // There is no usage to tell; the seat is free again.
    expect((await Promise.all(asked)).map(({ code }) => code)).toEqual([404]);
    expect((await rest.send('GET', '/api/v1/nodes', { as: greedy })).code).toBe(200);
  });

  test('comes again over gRPC when it was told to, and is served then', async () => {
    const asked = await takeAllSeats();
    const client = createClient(grpc.connect(greedy).verbs);
    const refusals = async () =>
      Number(
        /apiserver_flowcontrol_rejected_requests_total\{priority_level="tight",[^}]*\} (\d+)/.exec(
          (await rest.send('GET', '/metrics')).text,
        )?.[1],
      );
    const before = await refusals();
    const stop = new AbortController();
    const watching = client.watch(pods, {
      signal: stop.signal,
      sendInitialEvents: true,
      allowBookmarks: true,
    });
    const answers = Promise.all([
      client.get(nodes, { name: 'a' }),
      client.list(pods),
      watching[Symbol.asyncIterator]().next(),
    ]);
    const impatient = client.list(pods, { signal: AbortSignal.timeout(100) });
    await expect(impatient).rejects.toMatchObject({ reason: 'Timeout' });
    await expect.poll(refusals, { timeout: 20_000 }).toBeGreaterThanOrEqual(before + 3);
    reading.resolve();
    const [got, listed, first] = await answers;
    expect([got.metadata.name, listed.items, first.done]).toEqual(['a', [], false]);
    stop.abort();
    await Promise.all(asked);
  });

  test('holds no seat for watches that are under way', async () => {
    const first = await rest.open('GET', '/api/v1/pods?watch=true', { as: greedy });
    const second = await rest.open('GET', '/api/v1/pods?watch=true', { as: greedy });
    expect([first.statusCode, second.statusCode]).toEqual([200, 200]);
    expect((await rest.send('GET', '/api/v1/nodes', { as: greedy })).code).toBe(200);
    first.destroy();
    second.destroy();
  });

  test('waits for its turn where it may', async () => {
    const { client } = rest.api;
    const queuing = { queues: 1, handSize: 1, queueLengthLimit: 1 };
    const limited = {
      nominalConcurrencyShares: 1,
      borrowingLimitPercent: 0,
      limitResponse: { type: 'Queue', queuing },
    };
    await client.create(prioritylevelconfigurations, level('patient', limited));
    const spec = { priorityLevelConfiguration: { name: 'patient' } };
    await client.patch(flowschemas, { name: 'greedy' }, 'merge', { spec });
    const toldOf = (one: FlowSchema) =>
      one.status.conditions?.[0]?.message?.includes('"patient" and') === true;
    await once(flowschemas, 'greedy', toldOf);
    const asked = await takeAllSeats();
    const waits = rest.send('GET', '/api/v1/nodes', { as: greedy });
    await metric(
      'apiserver_flowcontrol_current_inqueue_requests{priority_level="patient",flow_schema="greedy"} 1',
    );
    expect((await rest.send('GET', '/api/v1/nodes', { as: greedy })).code).toBe(429);
    reading.resolve();
    expect((await waits).code).toBe(200);
    await Promise.all(asked);
    await metric(
      'apiserver_flowcontrol_rejected_requests_total{priority_level="patient",flow_schema="greedy",reason="queue-full"} 1',
    );
  });

  async function metric(line: string): Promise<void> {
    for (;;) if ((await rest.send('GET', '/metrics')).text.includes(`${line}\n`)) return;
  }
});
