import { once } from 'node:events';
import { connect as connectHttp2, createServer, type ClientHttp2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import type { Pod } from '../../core/api/generated/core-v1.ts';
import { configmaps } from '../../core/api/generated/resources.ts';
import { OpenApiDocuments } from '../../core/apiserver/openapi.ts';
import { createDiscovery } from '../../core/apiserver/discovery.ts';
import { createGrpcServer } from '../../core/apiserver/grpc/server.ts';
import { createContainerStreams } from '../../core/apiserver/streaming/container-streams.ts';
import { SessionHub } from '../../core/apiserver/streaming/session-hub.ts';
import { connect, type Connection } from '../../core/client/grpc/connection.ts';
import { systemClock } from '../../core/machinery/clock.ts';
import { deferred } from '../../core/machinery/deferred.ts';
import { systemRandom } from '../../core/machinery/random.ts';
import type { SessionHandlers } from '../../node-agent/streaming/session-handlers.ts';
import { runAgentStreaming } from '../../node-agent/streaming/agent-streaming.ts';
import { pod } from '../builders/index.ts';
import { createTestApi } from '../environment/api.ts';
import { identifyAdministrator } from '../environment/local-administrator.ts';
import { quantile, ratioOf, timed, type Measurement } from './measure.ts';

const objects = 10_000;
const objectBytes = 2_700;
const gets = 2_000;
const rounds = 15;
const execBytes = 50 * 1024 * 1024;
const listTarget = { group: '', version: 'v1', resource: 'configmaps', namespace: 'default' };

/**
 * What the gRPC front end costs beside bare HTTP/2 that carries the same bytes. Clients and servers share one
 * process here, so both sides of every ratio pay for both ends.
 */
export async function measureGrpc(): Promise<readonly Measurement[]> {
  await using api = await createTestApi({ clock: systemClock });
  for (let i = 0; i < objects; i++) {
    const data = { filler: 'x'.repeat(objectBytes) };
    await api.client.create(configmaps, { metadata: { namespace: 'default', name: `map-${i}` }, data });
  }
  const hub = new SessionHub({ clock: systemClock, instance: 'bench', version: 'bench' });
  const { verbs } = await apiWithPod(api.verbs);
  const server = createGrpcServer({
    verbs: api.verbs,
    discovery: createDiscovery(api.scheme, new OpenApiDocuments(api.scheme), {
      gitVersion: '',
      wheelhouseVersion: '',
      store: 'memory',
    }),
    streaming: {
      containers: createContainerStreams({ verbs: { ...api.verbs, ...verbs }, hub }),
      agents: hub,
    },
    listen: '127.0.0.1:0',
    identify: identifyAdministrator,
  });
  const endpoint = await server.start();
  const stop = new AbortController();
  using connection = connect({ endpoint });
  const agent = runAgent(connection, stop.signal);
  try {
    await agent.connected;
    const { items } = await api.verbs.list({}, listTarget);
    await using floor = await bareHttp2(Buffer.concat(items.map(({ bytes }) => bytes)));
    return [
      await measureGets(connection, floor, items[0]?.bytes.length ?? 0),
      await measureLists(connection, floor),
      await measureExec(connection, floor),
    ];
  } finally {
    stop.abort();
    await agent.ended;
    await server.stop(0);
  }
}

async function measureGets(connection: Connection, floor: Floor, bytes: number): Promise<Measurement> {
  const name = { ...listTarget, name: 'map-0' };
  const ours: number[] = [];
  const bare: number[] = [];
  for (let i = 0; i < gets; i++) {
    ours.push(await timed(() => connection.verbs.get({}, name)));
    bare.push(await timed(() => floor.fetch(bytes)));
  }
  return ratioOf('gRPC get of 3 KB', typical(ours), typical(bare));
}

async function measureLists(connection: Connection, floor: Floor): Promise<Measurement> {
  const ours: number[] = [];
  const bare: number[] = [];
  for (let i = 0; i < rounds; i++) {
    ours.push(await timed(() => connection.verbs.list({}, listTarget)));
    bare.push(await timed(() => floor.fetch(floor.bytes)));
  }
  return ratioOf(`gRPC list of ${objects} × 3 KB`, typical(ours), typical(bare), 3);
}

async function measureExec(connection: Connection, floor: Floor): Promise<Measurement> {
  const ours: number[] = [];
  const bare: number[] = [];
  const options = { command: ['bytes'], stdin: false, tty: false };
  for (let i = 0; i < rounds; i++) {
    ours.push(
      await timed(async () => {
        const process = await connection.containers.exec({}, { namespace: 'default', name: 'web' }, options);
        process.stderr?.resume();
        let bytes = 0;
        for await (const data of process.stdout as AsyncIterable<Buffer>) bytes += data.length;
        if (bytes !== execBytes) throw new Error(`Received ${bytes} bytes of ${execBytes}`);
        await process.exitCode;
      }),
    );
    bare.push(await timed(() => floor.fetch(execBytes)));
  }
  return ratioOf('exec: 50 MB from the agent to the client', typical(ours), typical(bare));
}

/** The API with one running Pod beside it: no scheduler and no kubelet take part here. */
async function apiWithPod(verbs: Parameters<typeof createContainerStreams>[0]['verbs']) {
  const web: Pod = { ...pod().named('web').onNode('node-a').build(), status: { phase: 'Running' } };
  const encoded = { object: web, bytes: Buffer.from(JSON.stringify(web)), resourceVersion: '1' };
  const get: typeof verbs.get = (call, target) =>
    target.resource === 'pods' ? Promise.resolve(encoded) : verbs.get(call, target);
  return { verbs: { get } };
}

function runAgent(connection: Connection, signal: AbortSignal) {
  const connected = deferred();
  const piece = Buffer.alloc(64 * 1024, 'x');
  const bytes = function* () {
    for (let sent = 0; sent < execBytes; sent += piece.length) yield piece;
  };
  const unused = () => Promise.reject(new Error('not measured'));
  const handlers: SessionHandlers = {
    exec: async () => ({
      stdin: undefined,
      stdout: Readable.from(bytes(), { objectMode: false }),
      stderr: undefined,
      resize: () => {},
      exitCode: Promise.resolve(0),
    }),
    attach: unused,
    portForward: unused,
    stats: unused,
    kubelet: () => {
      throw new Error('not measured');
    },
    async *logs() {},
  };
  const ended = runAgentStreaming(
    {
      connection,
      node: 'node-a',
      instance: 'bench',
      version: 'bench',
      handlers,
      clock: systemClock,
      random: systemRandom,
      onState: (state) => (state === 'connected' ? connected.resolve() : undefined),
    },
    signal,
  );
  return { connected: connected.promise, ended };
}

interface Floor extends AsyncDisposable {
  readonly bytes: number;
  /** Fetches that many bytes over HTTP/2 and puts them together, as a client that wants to use them must. */
  fetch(bytes: number): Promise<Buffer>;
}

async function bareHttp2(content: Buffer): Promise<Floor> {
  const windowBytes = 1024 * 1024;
  const server = createServer();
  server.on('stream', (stream, headers) => {
    stream.respond({ ':status': 200 });
    const total = Number(headers['x-bytes']);
    const pieces = function* () {
      for (let sent = 0; sent < total;) {
        const at = sent % content.length;
        const piece = content.subarray(at, at + Math.min(256 * 1024, total - sent));
        sent += piece.length;
        yield piece;
      }
    };
    Readable.from(pieces(), { objectMode: false }).pipe(stream);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const session: ClientHttp2Session = connectHttp2(`http://127.0.0.1:${port}`, {
    settings: { initialWindowSize: windowBytes },
  });
  await once(session, 'connect');
  session.setLocalWindowSize(windowBytes);
  return {
    bytes: content.length,
    async fetch(bytes) {
      const parts: Buffer[] = [];
      for await (const part of session.request({ 'x-bytes': String(bytes) })) parts.push(part as Buffer);
      return Buffer.concat(parts);
    },
    async [Symbol.asyncDispose]() {
      session.close();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

/** The lower quartile: what else the machine does only ever adds. */
function typical(samples: readonly number[]): number {
  return quantile(samples, 0.25);
}
