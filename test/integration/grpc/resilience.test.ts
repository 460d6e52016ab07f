import { Client, credentials, makeGenericClientConstructor } from '@grpc/grpc-js';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { service as healthService } from 'grpc-health-check';
import { afterEach, describe, expect, test } from 'vitest';
import type { WatchEvent } from '../../../core/api/verbs.ts';
import { createGrpcServer, type GrpcServer } from '../../../core/apiserver/grpc/server.ts';
import { connect, type ConnectionState } from '../../../core/client/grpc/connection.ts';
import { SteppedClock } from '../../../core/machinery/stepped-clock.ts';
import { sized, StubVerbs } from './stub-verbs.ts';
import { identifyAdministrator } from '../../environment/local-administrator.ts';

const pods = { group: '', version: 'v1', resource: 'pods' };

describe('gRPC under trouble', () => {
  const cleanups: (() => unknown)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  async function serve(verbs: StubVerbs, listen = '127.0.0.1:0'): Promise<[GrpcServer, string]> {
    const server = createGrpcServer({
      verbs,
      discovery: {
        version: async () => ({ gitVersion: 'v1.36.2', wheelhouseVersion: '0.1.0', store: 'memory' }),
        resources: async () => Buffer.from('{}'),
        openApi: async () => Buffer.from('{}'),
      },
      listen,
      identify: identifyAdministrator,
    });
    cleanups.push(() => server.stop(0));
    return [server, await server.start()];
  }

  function open(endpoint: string, clock?: SteppedClock) {
    const connection = connect({ endpoint, ...(clock === undefined ? {} : { clock }) });
    cleanups.push(() => connection.close());
    return connection;
  }

  test('a watcher that does not read holds a few megabytes, however much there is to send', async () => {
    const verbs = new StubVerbs();
    let producedBytes = 0;
    verbs.events = async function* (): AsyncIterable<readonly WatchEvent[]> {
      for (let i = 1; ; i++) {
        const object = sized(`pod-${i}`, 3_000, String(i));
        producedBytes += object.bytes.length;
        yield [{ type: 'ADDED', object }];
      }
    };
    const [, endpoint] = await serve(verbs);
    const connection = open(endpoint);
    let seen = 0;
    for await (const batch of connection.verbs.watch({}, pods, {})) {
      seen += batch.length;
      let before = -1;
      while (before !== producedBytes) {
        before = producedBytes;
        await new Promise((resolve) => {
          setTimeout(resolve, 50);
        });
      }
      expect(producedBytes).toBeLessThan(6_000_000);
      break;
    }
    expect(seen).toBeGreaterThan(0);
  });

  test('one huge batch goes out in pieces', async () => {
    const verbs = new StubVerbs();
    const events = Array.from({ length: 5_000 }, (_, i): WatchEvent => ({
      type: 'ADDED',
      object: sized(`pod-${i}`, 3_000, String(i + 1)),
    }));
    verbs.events = async function* () {
      yield events;
    };
    const [, endpoint] = await serve(verbs);
    let batches = 0;
    const names: (string | undefined)[] = [];
    for await (const batch of open(endpoint).verbs.watch({}, pods, {})) {
      batches++;
      for (const event of batch) if (event.type === 'ADDED') names.push(event.object.object.metadata.name);
    }
    expect(batches).toBeGreaterThan(50);
    expect(names).toEqual(events.map((_, i) => `pod-${i}`));
  });

  test('no core: the error names the endpoint and the next step, at once', async () => {
    const endpoint = await unusedEndpoint();
    await expect(open(endpoint).verbs.list({}, pods)).rejects.toMatchObject({
      reason: 'ServiceUnavailable',
      message: `Cannot list pods: no answer from the core at ${endpoint} (connect ECONNREFUSED ${endpoint}). Look with "wh status"; start the cluster with "wh up"`,
    });
  });

  test('the state follows the core as it goes and comes back', async () => {
    const [server, endpoint] = await serve(new StubVerbs());
    const connection = open(endpoint);
    const states: ConnectionState[] = [];
    connection.onStateChange((state) => {
      states.push(state);
      // As a pane does: it wants to know when the core is back.
      if (state === 'idle' || state === 'unavailable') connection.connect();
    });
    connection.connect();
    await expect.poll(() => connection.state).toBe('ready');
    await server.stop(0);
    await expect.poll(() => connection.state).toBe('unavailable');
    await serve(new StubVerbs(), endpoint);
    await expect.poll(() => connection.state, { timeout: 8_000 }).toBe('ready');
    expect(states.slice(0, 2)).toEqual(['connecting', 'ready']);
    expect(await connection.verbs.list({}, pods)).toMatchObject({ resourceVersion: '1' });
  });

  test('a peer that accepts and says nothing does not hang the client for good', async () => {
    const sockets: Socket[] = [];
    const mute = createServer((socket) => void sockets.push(socket.on('error', () => {})));
    mute.listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const endpoint = `127.0.0.1:${(mute.address() as AddressInfo).port}`;
    const clock = new SteppedClock();
    const connection = open(endpoint, clock);
    const waiting = connection.verbs.list({}, pods);
    const refused = expect(waiting).rejects.toMatchObject({ reason: 'ServiceUnavailable' });
    await expect.poll(() => sockets.length).toBe(1);
    expect(connection.state).toBe('connecting');
    clock.advance(5_000);
    await refused;
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => mute.close(resolve));
    await serve(new StubVerbs(), endpoint);
    await expect
      .poll(() => connection.verbs.list({}, pods).catch(() => undefined), { timeout: 8_000 })
      .toMatchObject({ resourceVersion: '1' });
  });

  test('serves on a Unix socket as well', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'wheelhouse-grpc-'));
    cleanups.push(() => rm(folder, { recursive: true }));
    const [, endpoint] = await serve(new StubVerbs(), `unix:${folder}/core.sock`);
    expect(await open(endpoint).verbs.list({}, pods)).toMatchObject({ resourceVersion: '1' });
  });

  test('a set http_proxy changes nothing', async () => {
    const [, endpoint] = await serve(new StubVerbs());
    const { http_proxy: before } = process.env;
    process.env['http_proxy'] = 'http://127.0.0.1:9';
    cleanups.push(() => {
      if (before === undefined) delete process.env['http_proxy'];
      else process.env['http_proxy'] = before;
    });
    expect(await open(endpoint).verbs.list({}, pods)).toMatchObject({ resourceVersion: '1' });
  });

  test('health says SERVING; reflection lists the services and hands out the definition', async () => {
    const [, endpoint] = await serve(new StubVerbs());
    const Health = makeGenericClientConstructor(healthService, 'Health');
    const health = new Health(endpoint, credentials.createInsecure());
    cleanups.push(() => health.close());
    const check = health['check']?.bind(health) as (
      request: object,
      done: (error: Error | null, reply?: { status: string }) => void,
    ) => void;
    const reply = await new Promise((resolve, reject) => {
      check({ service: '' }, (error, answer) => (error === null ? resolve(answer) : reject(error)));
    });
    expect(reply).toMatchObject({ status: 'SERVING' });
    expect(await reflect(endpoint, Buffer.from([0x3a, 0x00]))).toContain('wheelhouse.v1.Objects');
    const symbol = Buffer.from('wheelhouse.v1.Containers');
    const bySymbol = Buffer.concat([Buffer.from([0x22, symbol.length]), symbol]);
    const file = await reflect(endpoint, bySymbol);
    expect(file).toContain('PortForward');
    expect(file).toContain('StreamInput');
  });

  /** Sends one encoded ServerReflectionRequest and gives back the raw answer. */
  async function reflect(endpoint: string, request: Buffer): Promise<string> {
    const client = new Client(endpoint, credentials.createInsecure());
    cleanups.push(() => client.close());
    const path = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
    const same = (bytes: Buffer) => bytes;
    const stream = client.makeBidiStreamRequest(path, same, same);
    // Whether the stream ends before its connection does is nobody's concern here.
    stream.on('error', () => undefined);
    stream.write(request);
    const [answer] = (await once(stream, 'data')) as [Buffer];
    stream.end();
    return answer.toString('latin1');
  }
});

async function unusedEndpoint(): Promise<string> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `127.0.0.1:${port}`;
}
