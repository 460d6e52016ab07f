import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { isNotFound, StatusError } from '../../../core/api/errors.ts';
import { clusterrolebindings, namespaces, rolebindings } from '../../../core/api/generated/resources.ts';
import type { CollectionTarget, Verbs } from '../../../core/api/verbs.ts';
import { createContainerStreams } from '../../../core/apiserver/streaming/container-streams.ts';
import type { ServedStreams } from '../../../core/apiserver/streaming/container-streams.ts';
import { SessionHub } from '../../../core/apiserver/streaming/session-hub.ts';
import type { Connection } from '../../../core/client/grpc/connection.ts';
import { systemClock } from '../../../core/machinery/clock.ts';
import type { KeyPair } from '../../../core/machinery/pki/make-certificate.ts';
import { serveGrpc } from '../../environment/grpc.ts';
import type { RestApi } from '../../environment/rest.ts';
import { clientPair, createRestApi } from '../../environment/rest.ts';
import { settle } from '../../expectations/eventually.ts';
import type { Holding } from './model.ts';

/** One whole request, of a verb on a target. */
export interface Asked extends CollectionTarget {
  readonly verb: string;
  readonly name?: string | undefined;
}

export type Answer = 'allowed' | 'forbidden' | 'unauthorized';

/** Somebody, as both front ends know them. */
export interface Person {
  readonly name: string;
  readonly pair: KeyPair;
  readonly connection: Connection;
}

/** One API behind both front ends, with RBAC and nobody's agent. */
export interface FrontEnds extends AsyncDisposable {
  readonly rest: RestApi;
  person(name: string, ...holdings: readonly Holding[]): Promise<Person>;
  overRest(person: Person, asked: Asked): Promise<Answer>;
  overGrpc(person: Person, asked: Asked): Promise<Answer>;
  /** Opens a stream by a GET that upgrades. Resolves with the code of the answer; 101 for a stream that opened. */
  websocket(person: Person, path: string, protocol: string): Promise<number>;
}

export async function createFrontEnds(): Promise<FrontEnds> {
  const hub = new SessionHub({ clock: systemClock, instance: 'core', version: '0.0.0' });
  let streams: ServedStreams | undefined;
  const served = () => streams ?? Promise.reject(new Error('not yet'));
  const containers: ServedStreams = {
    async *logs(...args) {
      yield* (await served()).logs(...args);
    },
    exec: async (...args) => (await served()).exec(...args),
    attach: async (...args) => (await served()).attach(...args),
    portForward: async (...args) => (await served()).portForward(...args),
    openPortForward: async (...args) => (await served()).openPortForward(...args),
    proxy: async (...args) => (await served()).proxy(...args),
  };
  const rest = await createRestApi({ rbac: true, containers });
  const { api, verbs } = rest.api;
  streams = createContainerStreams({ verbs, hub, authorizer: api.authorizer });
  const grpc = await serveGrpc(rest, { streaming: { containers: streams, agents: hub } });
  let bound = 0;
  for (const name of ['team', 'other'])
    await rest.api.client.create(namespaces, { metadata: { name }, spec: {} });

  return {
    rest,
    async person(name, ...holdings) {
      const who = await clientPair(rest.pki.clientCa, `CN=${name}`);
      for (const { role, namespace } of holdings) {
        const metadata = { name: `binding-${++bound}` };
        const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role };
        const subjects = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name }];
        if (namespace === undefined)
          await rest.api.client.create(clusterrolebindings, { metadata, roleRef, subjects });
        else
          await rest.api.client.create(rolebindings, {
            metadata: { ...metadata, namespace },
            roleRef,
            subjects,
          });
      }
      await settle(30);
      const connection = grpc.connect(who);
      return { name, pair: who, connection };
    },
    overRest: (person, asked) => overRest(rest, person, asked),
    overGrpc: ({ connection }, asked) => overGrpc(connection.verbs, asked),
    websocket: (person, path, protocol) => websocket(rest, person, path, protocol),
    async [Symbol.asyncDispose]() {
      await grpc[Symbol.asyncDispose]();
      await rest[Symbol.asyncDispose]();
    },
  };
}

/** Matches nothing, so that whoever may delete everything deletes nothing. */
const labelSelector = 'nobody=has-this';

function pathOf({ group, version, resource, subresource, namespace, name }: Omit<Asked, 'verb'>): string {
  const parts = [
    group === '' ? 'api' : `apis/${group}`,
    version,
    ...(namespace === undefined ? [] : ['namespaces', namespace]),
    resource,
    ...(name === undefined ? [] : [name]),
    ...(subresource === undefined ? [] : [subresource]),
  ];
  return `/${parts.join('/')}`;
}

const methods: Readonly<Record<string, string>> = {
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
  deletecollection: 'DELETE',
};

async function overRest(rest: RestApi, { pair }: Person, asked: Asked): Promise<Answer> {
  const { verb } = asked;
  const query = new URLSearchParams({
    ...(verb === 'watch' ? { watch: 'true' } : {}),
    ...(verb === 'deletecollection' ? { labelSelector } : {}),
  });
  const path = `${pathOf(asked)}?${query.toString()}`;
  const writes = ['create', 'update', 'patch'].includes(verb);
  const request = {
    as: pair,
    ...(writes ? { body: '{}' } : {}),
    ...(verb === 'patch' ? { contentType: 'application/merge-patch+json' } : {}),
  };
  const method = methods[verb] ?? 'GET';
  if (verb !== 'watch') return answerOf((await rest.send(method, path, request)).code);
  // One that is let in goes on.
  const message = await rest.open(method, path, request);
  message.destroy();
  return answerOf(message.statusCode ?? 0);
}

async function overGrpc(verbs: Verbs, { verb, name, ...target }: Asked): Promise<Answer> {
  const object = { ...target, name: name ?? '' };
  const body = { kind: 'object', object: {} } as const;
  const calls: Readonly<Record<string, () => Promise<unknown>>> = {
    get: () => verbs.get({}, object),
    list: () => verbs.list({}, target),
    watch: () => firstOf(verbs, target),
    create: () => verbs.create({}, name === undefined ? target : object, body),
    update: () => verbs.update({}, object, body),
    patch: () => verbs.patch({}, object, { type: 'merge', body: Buffer.from('{}') } as never),
    delete: () => verbs.delete({}, object),
    deletecollection: () => verbs.deleteCollection({}, target, { labelSelector }),
  };
  try {
    await calls[verb]?.();
    return 'allowed';
  } catch (error) {
    if (error instanceof StatusError && !isNotFound(error)) return answerOf(error.code);
    return 'allowed';
  }
}

async function firstOf(verbs: Verbs, target: CollectionTarget): Promise<void> {
  const stop = new AbortController();
  const options = { sendInitialEvents: true, allowBookmarks: true, resourceVersion: '0' };
  for await (const _batch of verbs.watch({ signal: stop.signal }, target, options)) {
    stop.abort();
    return;
  }
}

async function websocket(rest: RestApi, { pair }: Person, path: string, protocol: string): Promise<number> {
  const { serverCa } = rest.pki;
  const socket = new WebSocket(`wss://${rest.address}${path}`, protocol, { ca: serverCa.cert, ...pair });
  socket.on('error', () => undefined);
  const answered = once(socket, 'unexpected-response') as Promise<[unknown, IncomingMessage]>;
  const code = await Promise.race([
    once(socket, 'open').then(() => 101),
    answered.then(([, { statusCode = 0 }]) => statusCode),
  ]);
  socket.terminate();
  return code;
}

export function answerOf(code: number): Answer {
  if (code === 401) return 'unauthorized';
  return code === 403 ? 'forbidden' : 'allowed';
}
