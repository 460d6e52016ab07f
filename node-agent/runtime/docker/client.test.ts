import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../../core/machinery/clock.ts';
import { deferred } from '../../../core/machinery/deferred.ts';
import { SteppedClock } from '../../../core/machinery/stepped-clock.ts';
import { DockerClient, defaultDeadlines } from './client.ts';

const signal = new AbortController().signal;
let folder: string;
let socketPath: string;
let stop: () => Promise<void> = () => Promise.resolve();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'runtime-client-'));
  socketPath = join(folder, 'docker.sock');
});
afterEach(async () => {
  await stop();
  stop = () => Promise.resolve();
  await rm(folder, { recursive: true });
});

/** A server on Docker's socket that goes wrong in ways Docker itself does only when it dies. */
async function serve(listener: RequestListener): Promise<void> {
  const server = createServer(listener).listen(socketPath);
  await once(server, 'listening');
  stop = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
}

function client(clock = systemClock): DockerClient {
  return new DockerClient({ socketPath, clock, deadlines: defaultDeadlines });
}

const call = { action: 'ask', deadlineMs: 15_000, signal };

test('a socket where nobody listens is "unavailable"', async () => {
  await expect(client().call(call, (docker) => docker.info())).rejects.toMatchObject({
    reason: 'unavailable',
  });
});

test('a daemon that dies in the middle of a reply does not leave a call hanging', async () => {
  const clock = new SteppedClock();
  const broken = deferred();
  await serve((_, response) => {
    response.once('close', broken.resolve);
    response.writeHead(200, { 'content-length': '100' });
    response.write('{"half":', () => response.destroy());
  });
  const answer = client(clock).call(call, (docker) => docker.info());
  await broken.promise;
  clock.advance(15_000);
  await expect(answer).rejects.toThrow('Cannot ask: Docker gave no answer within 15 s');
});

test('a daemon that does not answer is given up at the deadline, and its connection dropped', async () => {
  const clock = new SteppedClock();
  const connections: Promise<unknown>[] = [];
  const arrived = deferred();
  await serve((request) => {
    connections.push(once(request.socket, 'close'));
    arrived.resolve();
  });
  const answer = client(clock).call(call, (docker, abortSignal) => docker.listContainers({ abortSignal }));
  await arrived.promise;
  clock.advance(15_000);
  await expect(answer).rejects.toMatchObject({ reason: 'timeout' });
  await Promise.all(connections);
});

test('a caller that gives up gets its own reason at once', async () => {
  await serve(() => {});
  const giving = new AbortController();
  const answer = client().call({ ...call, signal: giving.signal }, (docker, abortSignal) =>
    docker.listContainers({ abortSignal }),
  );
  giving.abort(new Error('no longer needed'));
  await expect(answer).rejects.toThrow('no longer needed');
});

test('closing ends open streams and refuses new calls', async () => {
  await serve((_, response) => {
    response.writeHead(200);
    response.write('{}\n');
  });
  const docker = client();
  const stream = await docker.openGet(call, '/events', {});
  const failed = once(stream, 'error');
  docker.close();
  expect((await failed)[0]).toMatchObject({ reason: 'unavailable' });
  await expect(docker.call(call, (each) => each.info())).rejects.toMatchObject({ reason: 'unavailable' });
});

test("describing a request costs nothing, however much hangs on the caller's signal", async () => {
  const docker = client();
  const described: string[] = [];
  const options = { action: 'look', deadlineMs: 1_000, signal, otherwise: 'unknown' } as const;
  await docker.call(options, async (connection, abortSignal) => {
    abortSignal.addEventListener('abort', () => described, { once: true });
    const { agent } = connection.modem as unknown as { agent: object };
    for (const value of [abortSignal, agent])
      described.push(inspect(value, { showHidden: true, depth: null }));
  });
  docker.close();
  expect(described).toEqual(['AbortSignal', 'Agent']);
});
