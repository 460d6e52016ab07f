import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import {
  clusterrolebindings,
  configmaps,
  pods,
  secrets,
  serviceaccounts,
} from '../../core/api/generated/resources.ts';
import type { ContainerStreams, RemoteProcess } from '../../core/api/streams.ts';
import type { Call } from '../../core/api/verbs.ts';
import type { ServedStreams } from '../../core/apiserver/streaming/container-streams.ts';
import { createClient } from '../../core/client/typed-client.ts';
import type { KeyPair } from '../../core/machinery/pki/key-pair.ts';
import { SteppedClock } from '../../core/machinery/stepped-clock.ts';
import { serveGrpc } from '../environment/grpc.ts';
import type { GrpcApi } from '../environment/grpc.ts';
import { clientPair, createRestApi } from '../environment/rest.ts';
import type { RestApi } from '../environment/rest.ts';

const hourMs = 3_600_000;
const yearMs = 365 * 24 * hourMs;
const namespace = 'default';
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
let rest: RestApi;
let grpc: GrpcApi;
let clock: SteppedClock;

/** A log that says one thing and then nothing, until the caller is gone. */
async function* logs({ signal }: Call): AsyncGenerator<Buffer, void, undefined> {
  yield Buffer.from('started\n');
  if (signal !== undefined && !signal.aborted) await once(signal, 'abort');
}

/** A process that does not care whether anybody is still there. */
function exec(): Promise<RemoteProcess> {
  const stdout = new PassThrough();
  stdout.write('started');
  return Promise.resolve({
    stdin: new PassThrough(),
    stdout,
    stderr: new PassThrough(),
    resize: () => undefined,
    exitCode: new Promise<number>(() => undefined),
  });
}

const unused = () => Promise.reject(new Error('The test uses no such stream'));
const containers: ServedStreams & ContainerStreams = {
  logs,
  exec,
  attach: unused,
  portForward: unused,
  openPortForward: () => Promise.resolve(unused),
  proxy: unused,
};

beforeEach(async () => {
  // Certificates are made today, for a year.
  clock = new SteppedClock(Date.now() + yearMs - 2 * hourMs);
  const serviceAccountKeys = { signing: privateKey, verifying: [] };
  rest = await createRestApi({ clock, rbac: true, serviceAccountKeys, containers });
  const agents = { serve: unused };
  grpc = await serveGrpc(rest, { streaming: { containers, agents } });
  const metadata = { name: 'bot', namespace };
  await rest.api.client.create(serviceaccounts, { metadata });
  const group = 'rbac.authorization.k8s.io';
  await rest.api.client.create(clusterrolebindings, {
    metadata: { name: 'all' },
    roleRef: { apiGroup: group, kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ apiGroup: group, kind: 'Group', name: 'system:authenticated' }],
  });
});
afterEach(async () => {
  await grpc[Symbol.asyncDispose]();
  await rest[Symbol.asyncDispose]();
});

async function token(boundObjectRef?: object): Promise<string> {
  const spec = { audiences: [], ...(boundObjectRef === undefined ? {} : { boundObjectRef }) };
  const answer = await rest.send('POST', `/api/v1/namespaces/${namespace}/serviceaccounts/bot/token`, {
    body: JSON.stringify({ spec }),
  });
  expect(answer.code).toBe(201);
  return (answer.json()['status'] as unknown as { token: string }).token;
}

/** Streams of one caller over both front ends, all of them under way. */
interface Streams {
  /** Resolves when every one of them has ended; to what clients of gRPC were told. */
  readonly ended: Promise<readonly unknown[]>;
}

const isToken = (who: KeyPair | string): who is string => typeof who === 'string';

async function begin(who: KeyPair | string): Promise<Streams> {
  const ended: Promise<unknown>[] = [];
  const told: Promise<unknown>[] = [];
  const request = isToken(who) ? { as: null, headers: { authorization: `Bearer ${who}` } } : { as: who };
  const paths = [
    `/api/v1/namespaces/${namespace}/configmaps?watch=1`,
    `/api/v1/namespaces/${namespace}/pods/web/log?follow=1`,
  ];
  for (const path of paths) {
    const message = await rest.open('GET', path, request);
    expect(message.statusCode).toBe(200);
    message.on('error', () => undefined);
    message.resume();
    ended.push(once(message, 'close'));
  }
  ended.push((await execute(who)).closed);

  const connection = grpc.connect(who);
  const signal = new AbortController().signal;
  const seen = createClient(connection.verbs).watch(configmaps, { namespace, signal });
  const watch = seen[Symbol.asyncIterator]();
  const follow = connection.containers.logs({ signal }, { namespace, name: 'web' }, { follow: true });
  const log = follow[Symbol.asyncIterator]();
  const first = watch.next();
  expect(String((await log.next()).value)).toBe('started\n');
  await rest.api.client.create(configmaps, { metadata: { generateName: 'seen-', namespace } });
  await first;
  for (const iterator of [watch, log]) told.push(drained(iterator));
  const all = Promise.all([Promise.all(told), ...ended]);
  return { ended: all.then(([said]) => said) };
}

/** What a stream ended with: an error, or undefined. */
async function drained(iterator: AsyncIterator<unknown>): Promise<unknown> {
  try {
    for (;;) if ((await iterator.next()).done === true) return undefined;
  } catch (error) {
    return (error as { reason?: string }).reason;
  }
}

/** Begins a command over a WebSocket. */
async function execute(who: KeyPair | string): Promise<{ readonly closed: Promise<unknown> }> {
  const url = `wss://${rest.address}/api/v1/namespaces/${namespace}/pods/web/exec?command=sh&stdout=1`;
  const socket = new WebSocket(url, 'v5.channel.k8s.io', {
    ca: rest.pki.serverCa.cert,
    ...(isToken(who) ? { headers: { authorization: `Bearer ${who}` } } : { cert: who.cert, key: who.key }),
  });
  const closed = new Promise((resolve) => {
    socket.once('close', resolve);
  });
  await once(socket, 'message');
  return { closed };
}

const pod = async () => {
  const { metadata } = await rest.api.client.create(pods, {
    metadata: { name: 'web', namespace },
    spec: { serviceAccountName: 'bot', containers: [{ name: 'web', image: 'web' }] },
  });
  return { kind: 'Pod', apiVersion: 'v1', name: 'web', uid: metadata.uid };
};

const cut = ['Unauthorized', 'Unauthorized'];

describe('watches, logs and commands end', () => {
  test('with the time of a token', async () => {
    const { ended } = await begin(await token());
    await clock.advanceAsync(hourMs);
    expect(await ended).toEqual(cut);
  });

  test('with the time of a certificate', async () => {
    const ann = await clientPair(rest.pki.clientCa, 'CN=ann');
    const { ended } = await begin(ann);
    await clock.advanceAsync(3 * hourMs);
    expect(await ended).toEqual(cut);
  });

  test('with the Pod that a token is bound to', async () => {
    const { ended } = await begin(await token(await pod()));
    await rest.api.client.delete(pods, { namespace, name: 'web' }, { gracePeriodSeconds: 0 });
    expect(await ended).toEqual(cut);
  });

  test('a minute after the Pod should have gone that will not go', async () => {
    const bound = await pod();
    await rest.api.client.patch(pods, { namespace, name: 'web' }, 'merge', {
      metadata: { finalizers: ['example.com/keep'] },
    });
    const bearer = await token(bound);
    const { ended } = await begin(bearer);
    await rest.api.client.delete(pods, { namespace, name: 'web' }, { gracePeriodSeconds: 0 });
    let over = false;
    void ended.then(() => (over = true));
    await clock.advanceAsync(58_000);
    // One more answer over each front end: had the streams been cut, that would have been told before.
    expect((await rest.send('GET', '/version')).code).toBe(200);
    expect(over).toBe(false);
    await clock.advanceAsync(3_000);
    expect(await ended).toEqual(cut);
  });

  test('with the account of a token', async () => {
    const { ended } = await begin(await token());
    await rest.api.client.delete(serviceaccounts, { namespace, name: 'bot' });
    expect(await ended).toEqual(cut);
  });

  test('with the Secret of a bootstrap token', async () => {
    const name = 'bootstrap-token-aaaaaa';
    await rest.api.client.create(secrets, {
      metadata: { name, namespace: 'kube-system' },
      type: 'bootstrap.kubernetes.io/token',
      stringData: {
        'token-id': 'aaaaaa',
        'token-secret': '0123456789abcdef',
        'usage-bootstrap-authentication': 'true',
      },
    });
    const { ended } = await begin('aaaaaa.0123456789abcdef');
    await rest.api.client.delete(secrets, { namespace: 'kube-system', name });
    expect(await ended).toEqual(cut);
  });
});

test('what ends with one token goes on with another', async () => {
  const first = await begin(await token());
  await clock.advanceAsync(hourMs / 2);
  const path = `/api/v1/namespaces/${namespace}/configmaps?watch=1`;
  const headers = { authorization: `Bearer ${await token()}` };
  const message = await rest.open('GET', path, { as: null, headers });
  await once(message, 'data');
  await clock.advanceAsync(hourMs / 2);
  await first.ended;
  await rest.api.client.create(configmaps, { metadata: { name: 'later', namespace } });
  for await (const chunk of message as AsyncIterable<Buffer>) if (chunk.includes('"later"')) break;
  message.destroy();
});
