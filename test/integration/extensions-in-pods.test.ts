import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  apiservices,
  configmaps,
  endpointslices,
  nodes,
  pods,
  rolebindings,
  roles,
  services,
} from '../../core/api/generated/resources.ts';
import {
  mutatingwebhookconfigurations,
  validatingwebhookconfigurations,
} from '../../core/api/generated/resources.ts';
import type { Verbs } from '../../core/api/verbs.ts';
import type { Authorizer } from '../../core/apiserver/handlers/authorize.ts';
import { createContainerStreams } from '../../core/apiserver/streaming/container-streams.ts';
import { SessionHub } from '../../core/apiserver/streaming/session-hub.ts';
import { systemClock } from '../../core/machinery/clock.ts';
import { node } from '../builders/node.ts';
import { pod } from '../builders/pod.ts';
import { establish, plainDefinition, resourceOf } from '../custom-resources/definitions.ts';
import { startAgent } from '../environment/connected-agent.ts';
import type { RunningAgent } from '../environment/connected-agent.ts';
import { fortunesGroup, startExtensionServer } from '../environment/extension-server.ts';
import { serveGrpc } from '../environment/grpc.ts';
import type { GrpcApi } from '../environment/grpc.ts';
import { clientPair, createRestApi } from '../environment/rest.ts';
import type { RestApi } from '../environment/rest.ts';
import { createWebhookServer } from '../environment/webhook-server.ts';
import type { WebhookServer } from '../environment/webhook-server.ts';
import { expectEventually } from '../expectations/eventually.ts';
import { LocalHandlers } from './grpc/local-handlers.ts';

/**
 * Users' servers in Pods that core itself could not reach: their address is nobody's. Their node's agent, a real one
 * over gRPC, takes every port of a Pod for one of this machine.
 */
const unreachable = '192.0.2.1';
const nodeName = 'node-a';

let rest: RestApi;
let grpc: GrpcApi;
let hub: SessionHub;
let server: WebhookServer;
let handlers: LocalHandlers;
let nodeChanged = () => {};
let agent: RunningAgent;

beforeAll(async () => {
  const onNodeChange = () => nodeChanged();
  const limits = { perUser: 3, users: 5 };
  hub = new SessionHub({ clock: systemClock, instance: 'core', version: '0.0.0', onNodeChange, limits });
  const get: Verbs['get'] = (...args) => rest.api.verbs.get(...args);
  const list: Verbs['list'] = (...args) => rest.api.verbs.list(...args);
  const authorizer: Authorizer = {
    authorize: (...args) => rest.api.api.authorizer.authorize(...args),
    rules: (...args) => rest.api.api.authorizer.rules(...args),
  };
  const containers = createContainerStreams({ verbs: { get, list }, hub, authorizer });
  rest = await createRestApi({ rbac: true, aggregation: true, agents: hub, containers });
  grpc = await serveGrpc(rest, { streaming: { containers, agents: hub } });
  server = await createWebhookServer(['hooks.default.svc']);
  await rest.api.client.create(nodes, node().named(nodeName).build());
  await connectAgent();
  await podBehind('hooks', server.port);
});
afterAll(async () => {
  agent.stop.abort();
  await agent.run;
  hub.stop();
  await grpc[Symbol.asyncDispose]();
  await rest[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

async function connectAgent(): Promise<void> {
  handlers = new LocalHandlers();
  const connected = new Promise<void>((resolve) => (nodeChanged = resolve));
  agent = await startAgent(rest, grpc, nodeName, handlers);
  await connected;
}

async function stopAgent(): Promise<void> {
  const gone = new Promise<void>((resolve) => (nodeChanged = resolve));
  agent.stop.abort();
  await Promise.all([agent.run, gone]);
}

/** A running Pod, and a Service of its name whose port 443 leads to the Pod's. */
async function podBehind(name: string, port: number): Promise<void> {
  const { client } = rest.api;
  const namespace = 'default';
  const made = await client.create(pods, pod().named(name).withSpec({ nodeName }).build());
  const main = { name: 'main', image: 'main:1', imageID: '', ready: true, restartCount: 0 };
  const containerStatuses = [{ ...main, state: { running: { startedAt: '2030-01-01T00:00:00Z' } } }];
  await client.updateStatus(pods, {
    ...made,
    status: { ...made.status, phase: 'Running', containerStatuses },
  });
  await client.create(services, {
    metadata: { name, namespace },
    spec: { ports: [{ name: 'https', port: 443 }] },
  });
  await client.create(endpointslices, {
    metadata: { name: `${name}-1`, namespace, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports: [{ name: 'https', port }],
    endpoints: [
      { addresses: [unreachable], targetRef: { kind: 'Pod', namespace, name, uid: made.metadata.uid ?? '' } },
    ],
  });
}

function dialled(podName: string): number {
  return handlers.asked.filter(({ kind, container }) => kind === 'portForward' && container.name === podName)
    .length;
}

const clientConfig = (path: string) => ({
  service: { namespace: 'default', name: 'hooks', path },
  caBundle: server.caBundle,
});

/** A webhook of ConfigMaps that are labelled with its name. */
const hook = (name: string) => ({
  name: `${name}.example.com`,
  clientConfig: clientConfig(`/${name}`),
  rules: [{ operations: ['*'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }],
  objectSelector: { matchLabels: { judge: name } },
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
  timeoutSeconds: 30,
});

const judgedBy = (judge: string) => ({
  metadata: { generateName: 'judged-', namespace: 'default', labels: { judge } },
});

/** Resolves when the server goes by a webhook's configuration. */
async function untilAsked(name: string): Promise<void> {
  await expectEventually(rest.api.clock, async () => {
    await rest.api.client.create(configmaps, judgedBy(name), { dryRun: true });
    expect(server.asked.some(({ path }) => path === `/${name}`)).toBe(true);
  });
}

describe('a webhook in a Pod', () => {
  test('is asked through the agent of its node, over one connection', async () => {
    const { client } = rest.api;
    const metadata = { name: 'in-a-pod' };
    await client.create(validatingwebhookconfigurations, { metadata, webhooks: [hook('validate')] as never });
    await client.create(mutatingwebhookconfigurations, { metadata, webhooks: [hook('mutate')] as never });
    await untilAsked('validate');
    await untilAsked('mutate');
    server.answer('/validate', { allowed: false, status: { message: 'not on my watch' } });
    for (let count = 0; count < 5; count++)
      await expect(client.create(configmaps, judgedBy('validate'))).rejects.toThrow('not on my watch');
    expect(dialled('hooks')).toBe(1);
    server.answer('/validate', { allowed: true });
  });

  test('converts', async () => {
    server.answer('/convert', (response, { apiVersion, request }) => {
      const { uid, desiredAPIVersion, objects } = request as unknown as {
        uid: string;
        desiredAPIVersion: string;
        objects: object[];
      };
      const convertedObjects = objects.map((object) => ({ ...object, apiVersion: desiredAPIVersion }));
      const answer = { uid, result: { status: 'Success' }, convertedObjects };
      response.end(JSON.stringify({ apiVersion, kind: 'ConversionReview', response: answer }));
    });
    const definition = plainDefinition('levers');
    const [v1] = definition.spec.versions;
    definition.spec.versions = [v1, { ...v1, name: 'v2', storage: false }] as never;
    definition.spec.conversion = {
      strategy: 'Webhook',
      webhook: { conversionReviewVersions: ['v1'], clientConfig: clientConfig('/convert') },
    };
    await establish(rest.api, definition);
    const at = { name: 'first', namespace: 'default' };
    await rest.api.client.create(resourceOf(definition), { metadata: at });
    expect(await rest.api.client.get(resourceOf(definition, 'v2'), at)).toMatchObject({
      apiVersion: 'example.com/v2',
    });
    expect(dialled('hooks')).toBeGreaterThanOrEqual(1);
  });

  test('is away with its node, which the refusal names, and back with it', async () => {
    const { client } = rest.api;
    const create = () => client.create(configmaps, judgedBy('validate'));
    await stopAgent();
    await expect(create()).rejects.toThrow(
      new RegExp(
        'failed calling webhook "validate.example.com": failed to call webhook: Post "https://hooks.default.svc:443/validate\\?timeout=30s": ' +
          `Cannot reach port ${server.port} of pod "hooks" on node "node-a": node "node-a" is not connected .*service "hooks" in "default"`,
      ),
    );
    await connectAgent();
    await create();
    expect(dialled('hooks')).toBe(1);
    // A 500 of a webhook's is none of the server's own.
    rest.errors.length = 0;
  });

  test('that does not listen is named', async () => {
    await podBehind('deaf', 1);
    const { client } = rest.api;
    const webhook = {
      ...hook('deaf'),
      clientConfig: { service: { namespace: 'default', name: 'deaf' }, caBundle: server.caBundle },
    };
    await client.create(validatingwebhookconfigurations, {
      metadata: { name: 'deaf' },
      webhooks: [webhook] as never,
    });
    await expectEventually(rest.api.clock, async () => {
      await expect(client.create(configmaps, judgedBy('deaf'))).rejects.toThrow(
        /Cannot reach port 1 of pod "deaf" on node "node-a": .*ECONNREFUSED/,
      );
    });
    await client.delete(validatingwebhookconfigurations, { name: 'deaf' });
    rest.errors.length = 0;
  });
});

describe('users who hold all the streams that they may', () => {
  const web = { namespace: 'default', name: 'hooks' };
  const logPath = '/api/v1/namespaces/default/pods/hooks/log?follow=true';
  const held: { end(): void }[] = [];
  const asked = () => handlers.asked.filter(({ kind }) => kind === 'logs').length;

  /** Somebody who may read logs in the namespace, or run commands besides. */
  async function person(name: string, ...more: readonly ['exec'] | readonly []) {
    const apiGroup = 'rbac.authorization.k8s.io';
    const allowed = { verbs: ['get', 'create'], apiGroups: [''] };
    await rest.api.client.create(roles, {
      metadata: { name, namespace: 'default' },
      rules: [{ ...allowed, resources: ['pods/log', ...more.map((one) => `pods/${one}`)] }],
    });
    await rest.api.client.create(rolebindings, {
      metadata: { name, namespace: 'default' },
      roleRef: { apiGroup, kind: 'Role', name },
      subjects: [{ apiGroup, kind: 'User', name }],
    });
    const pair = await clientPair(rest.pki.clientCa, `CN=${name}`);
    const { containers } = grpc.connect(pair);
    return {
      followOverRest: async () => {
        const answer = await rest.open('GET', logPath, { as: pair });
        answer.on('error', () => undefined);
        held.push({ end: () => answer.destroy() });
        return answer.statusCode;
      },
      refusedOverRest: async () => (await rest.send('GET', logPath, { as: pair })).json(),
      followOverGrpc: async () => {
        const leaves = new AbortController();
        held.push({ end: () => leaves.abort() });
        const log = containers.logs({ signal: leaves.signal }, web, { follow: true });
        return String((await log[Symbol.asyncIterator]().next()).value);
      },
      exec: async (command: readonly string[]) => {
        const options = { command: [...command], stdin: false, tty: false };
        const { stdout, exitCode } = await containers.exec({}, web, options);
        stdout.resume();
        return exitCode;
      },
    };
  }

  test('are refused over both front ends, and neither others nor webhooks are, until they let go', async () => {
    await stopAgent();
    await connectAgent();
    handlers.log = async function* (signal) {
      yield Buffer.from('line\n');
      if (!signal.aborted) await once(signal, 'abort');
    };
    const greedy = await person('greedy');
    const modest = await person('modest', 'exec');
    const late = await person('late', 'exec');
    await expect.poll(() => greedy.followOverRest(), { timeout: 30_000 }).toBe(200);
    expect(await greedy.followOverRest()).toBe(200);
    expect(await greedy.followOverGrpc()).toBe('line\n');
    const message =
      'Cannot read the log of pod "hooks": user "greedy" has 3 sessions open on node "node-a", and 3 is the limit of a user';
    expect(await greedy.refusedOverRest()).toMatchObject({ code: 429, reason: 'TooManyRequests', message });
    await expect(greedy.followOverGrpc()).rejects.toMatchObject({ reason: 'TooManyRequests', message });
    expect(asked()).toBe(3);

    expect(await modest.exec(['sh', '-c', 'exit 7'])).toBe(7);
    expect(await modest.followOverRest()).toBe(200);
    expect(await modest.followOverGrpc()).toBe('line\n');
    await expect(late.exec(['true'])).rejects.toThrow('5 is the limit of all users');
    expect(await late.refusedOverRest()).toMatchObject({ code: 429, reason: 'TooManyRequests' });

    server.answer('/validate', { allowed: false, status: { message: 'asked all the same' } });
    expect(dialled('hooks')).toBe(0);
    await expect(rest.api.client.create(configmaps, judgedBy('validate'))).rejects.toThrow(
      'asked all the same',
    );
    expect(dialled('hooks')).toBe(1);
    server.answer('/validate', { allowed: true });

    for (const stream of held.splice(0)) stream.end();
    await expect.poll(() => greedy.followOverRest(), { timeout: 30_000 }).toBe(200);
    await expect.poll(() => late.exec(['true']).catch(String), { timeout: 30_000 }).toBe(0);
    for (const stream of held.splice(0)) stream.end();
  });
});

describe('an API server in a Pod', () => {
  test('is reached through the agent of its node, and whoever watches has so many streams of that', async () => {
    await using extension = await startExtensionServer(rest.pki.frontProxyCa);
    await podBehind('fortunes', extension.port);
    const name = `v1alpha1.${fortunesGroup}`;
    await rest.api.client.create(apiservices, {
      metadata: { name },
      spec: {
        group: fortunesGroup,
        version: 'v1alpha1',
        groupPriorityMinimum: 1000,
        versionPriority: 10,
        caBundle: extension.caBundle,
        service: { namespace: 'default', name: 'fortunes' },
      },
    });
    const path = `/apis/${fortunesGroup}/v1alpha1/namespaces/default/fortunes/good`;
    await expect.poll(async () => (await rest.send('GET', path)).code, { timeout: 30_000 }).toBe(200);
    const before = dialled('fortunes');
    for (let count = 0; count < 5; count++)
      expect((await rest.send('GET', path)).json()).toMatchObject({ kind: 'Fortune' });
    expect(dialled('fortunes')).toBe(before);

    const watch = `/apis/${fortunesGroup}/v1alpha1/namespaces/default/fortunes?watch=true`;
    const watches = await Promise.all([1, 2, 3].map(() => rest.open('GET', watch)));
    expect(watches.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200]);
    expect(dialled('fortunes')).toBe(before + 3);
    expect((await rest.send('GET', watch)).json()).toMatchObject({
      code: 429,
      reason: 'TooManyRequests',
      message: expect.stringMatching(
        /user ".+" has 3 sessions open on node "node-a", and 3 is the limit of a user/,
      ),
    });
    expect((await rest.send('GET', path)).code).toBe(200);
    for (const each of watches) each.on('error', () => undefined).destroy();
    const again = async () => {
      const answer = await rest.open('GET', watch);
      answer.on('error', () => undefined).destroy();
      return answer.statusCode;
    };
    await expect.poll(again, { timeout: 30_000 }).toBe(200);
    await rest.api.client.delete(apiservices, { name });
  });
});
