import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import type { Subject } from '../../../core/api/generated/rbac-v1.ts';
import { clusterrolebindings, namespaces, rolebindings } from '../../../core/api/generated/resources.ts';
import { createContainerStreams } from '../../../core/apiserver/streaming/container-streams.ts';
import type { ServedStreams } from '../../../core/apiserver/streaming/container-streams.ts';
import { SessionHub } from '../../../core/apiserver/streaming/session-hub.ts';
import type { Connection } from '../../../core/client/grpc/connection.ts';
import { systemClock } from '../../../core/machinery/clock.ts';
import type { KeyPair } from '../../../core/machinery/pki/make-certificate.ts';
import { AggregationScene } from '../../environment/aggregation-scene.ts';
import { serveGrpc } from '../../environment/grpc.ts';
import type { GrpcApi } from '../../environment/grpc.ts';
import type { RestApi } from '../../environment/rest.ts';
import { clientPair } from '../../environment/rest.ts';
import { settle } from '../../expectations/eventually.ts';
import type { Holding } from './model.ts';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** Somebody with a certificate, as both front ends know them. */
export interface Person {
  readonly name: string;
  readonly pair: KeyPair;
  readonly connection: Connection;
}

/** One API behind both front ends, with RBAC, a user's API server behind it and nobody's agent. */
export interface FrontEnds extends AsyncDisposable {
  readonly rest: RestApi;
  readonly grpc: GrpcApi;
  /** Somebody of this name who has these roles. */
  person(name: string, ...holdings: readonly Holding[]): Promise<Person>;
  /** Gives somebody roles. */
  bind(subject: Subject, ...holdings: readonly Holding[]): Promise<void>;
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
  const scene = await AggregationScene.create({
    containers,
    serviceAccountKeys: { signing: privateKey, verifying: [] },
  });
  const { rest } = scene;
  const { api, verbs } = rest.api;
  streams = createContainerStreams({ verbs, hub, authorizer: api.authorizer });
  const grpc = await serveGrpc(rest, { streaming: { containers: streams, agents: hub } });
  let bound = 0;
  for (const name of ['team', 'other'])
    await rest.api.client.create(namespaces, { metadata: { name }, spec: {} });

  const apiGroup = 'rbac.authorization.k8s.io';
  const bind: FrontEnds['bind'] = async (subject, ...holdings) => {
    for (const { role, namespace } of holdings) {
      const roleRef = { apiGroup, kind: 'ClusterRole', name: role };
      const binding = { roleRef, subjects: [subject] };
      const name = `binding-${++bound}`;
      if (namespace === undefined)
        await rest.api.client.create(clusterrolebindings, { metadata: { name }, ...binding });
      else await rest.api.client.create(rolebindings, { metadata: { name, namespace }, ...binding });
    }
    await settle(30);
  };

  return {
    rest,
    grpc,
    bind,
    async person(name, ...holdings) {
      const pair = await clientPair(rest.pki.clientCa, `CN=${name}`);
      await bind({ apiGroup, kind: 'User', name }, ...holdings);
      return { name, pair, connection: grpc.connect(pair) };
    },
    websocket: (person, path, protocol) => websocket(rest, person, path, protocol),
    async [Symbol.asyncDispose]() {
      await grpc[Symbol.asyncDispose]();
      await scene[Symbol.asyncDispose]();
    },
  };
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
