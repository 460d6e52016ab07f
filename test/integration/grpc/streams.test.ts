import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { createServer, type AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import * as wire from '../../../core/api/generated/wheelhouse.ts';
import type { Pod } from '../../../core/api/generated/core-v1.ts';
import type { ExecOptions } from '../../../core/api/streams.ts';
import { createGrpcServer, type GrpcServer } from '../../../core/apiserver/grpc/server.ts';
import { RequestPipeline } from '../../../core/apiserver/requests/pipeline.ts';
import { mastersOnly } from '../../../core/apiserver/handlers/authorize.ts';
import { createContainerStreams } from '../../../core/apiserver/streaming/container-streams.ts';
import { SessionHub } from '../../../core/apiserver/streaming/session-hub.ts';
import { connect, type Connection } from '../../../core/client/grpc/connection.ts';
import { systemClock } from '../../../core/machinery/clock.ts';
import { deferred } from '../../../core/machinery/deferred.ts';
import { SteppedClock } from '../../../core/machinery/stepped-clock.ts';
import { systemRandom } from '../../../core/machinery/random.ts';
import { runAgentStreaming } from '../../../node-agent/streaming/agent-streaming.ts';
import { LocalHandlers } from './local-handlers.ts';
import { encoded, StubVerbs } from './stub-verbs.ts';
import { identifyAdministrator } from '../../environment/local-administrator.ts';

const web = { namespace: 'default', name: 'web' };
const inShell = (script: string, more: Partial<ExecOptions> = {}): ExecOptions => ({
  command: ['sh', '-c', script],
  stdin: false,
  tty: false,
  ...more,
});

describe('container streams', () => {
  let verbs: StubVerbs;
  /** What requests are timed by. */
  let clock: SteppedClock;
  let hub: SessionHub;
  let server: GrpcServer;
  let endpoint: string;
  let connection: Connection;
  let handlers: LocalHandlers;
  let agent: AbortController;
  let agentRun: Promise<void>;
  let states: string[];

  beforeEach(async () => {
    verbs = new StubVerbs();
    clock = new SteppedClock();
    verbs.objects.set('web', encoded(runningPod('web', 'node-a')));
    handlers = new LocalHandlers();
    await startCore('127.0.0.1:0');
    connection = connect({ endpoint });
    agent = new AbortController();
    states = [];
    agentRun = runAgentStreaming(
      {
        connection: connect({ endpoint, signal: agent.signal }),
        node: 'node-a',
        instance: 'agent-1',
        version: '0.1.0',
        handlers,
        clock: systemClock,
        random: systemRandom,
        onState: (state) => states.push(state),
      },
      agent.signal,
    );
    await expect.poll(() => hub.isConnected('node-a')).toBe(true);
  });

  afterEach(async () => {
    agent.abort();
    await agentRun;
    connection.close();
    hub.stop();
    await server.stop(0);
  });

  async function startCore(listen: string) {
    hub = new SessionHub({ clock: systemClock, instance: 'core-1', version: '0.1.0' });
    server = createGrpcServer({
      verbs,
      discovery: {
        version: async () => ({ gitVersion: 'v1.36.2', wheelhouseVersion: '0.1.0', store: 'memory' }),
        resources: async () => Buffer.from('{}'),
        openApi: async () => Buffer.from('{}'),
      },
      streaming: { containers: createContainerStreams({ verbs, hub }), agents: hub },
      listen,
      identify: identifyAdministrator,
      pipeline: new RequestPipeline({ authorizer: mastersOnly, clock }),
    });
    endpoint = await server.start();
  }

  const exec = (script: string, more?: Partial<ExecOptions>, signal?: AbortSignal) =>
    connection.containers.exec(signal === undefined ? {} : { signal }, web, inShell(script, more));

  test('exec: output, errors and the exit code', async () => {
    const { stdin, stdout, stderr, exitCode } = await exec('echo out; echo err >&2; exit 3');
    expect(stdin).toBeUndefined();
    expect(await Promise.all([text(stdout), text(stderr), exitCode])).toEqual(['out\n', 'err\n', 3]);
    expect(handlers.asked[0]).toMatchObject({
      kind: 'exec',
      container: { uid: 'uid-web', namespace: 'default', name: 'web', container: 'main' },
      options: { command: ['sh', '-c', 'echo out; echo err >&2; exit 3'], tty: false, stdin: false },
    });
  });

  test('who opens a stream and never says what for is told so after a minute', async () => {
    const session = connectHttp2(`http://${endpoint}`);
    const silent = session.request({
      ':method': 'POST',
      ':path': wire.Containers.exec.path,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const answered = once(silent, 'response') as Promise<[Record<string, string>]>;
    // Of the agent's own stream, which has begun, no time runs.
    await expect.poll(() => clock.pendingTimers).toBe(1);
    clock.advance(60_000);
    const [headers] = await answered;
    expect(decodeURIComponent(headers['grpc-message'] ?? '')).toBe(
      'Timeout: request did not complete within the allotted timeout',
    );
    expect(clock.pendingTimers).toBe(0);
    // The server's end of it would be an error otherwise.
    session.on('error', () => undefined).destroy();
  });

  test('exec: input until it is closed', async () => {
    const { stdin, stdout, exitCode } = await exec('cat; echo done', { stdin: true });
    stdin?.write('one ');
    stdin?.end('two ');
    expect(await text(stdout)).toBe('one two done\n');
    expect(await exitCode).toBe(0);
  });

  test('exec: a process that does not read its input ends all the same', async () => {
    const { stdin, stdout, exitCode } = await exec('echo bye', { stdin: true });
    stdin?.write(Buffer.alloc(10_000_000));
    expect(await text(stdout)).toBe('bye\n');
    expect(await exitCode).toBe(0);
  });

  test('exec with a terminal has one output and takes its size', async () => {
    const { stdin, stdout, stderr, resize, exitCode } = await exec('cat', { tty: true, stdin: true });
    expect(stderr).toBeUndefined();
    resize(120, 40);
    stdin?.end('x');
    expect(await text(stdout)).toBe('x');
    expect(await exitCode).toBe(0);
    expect(handlers.sizes).toEqual(['120x40']);
  });

  test('100 MB through cat arrives whole while a slow reader holds little', async () => {
    const { stdin, stdout, exitCode } = await exec('cat', { stdin: true });
    const piece = Buffer.alloc(1_000_000, 'abcdefgh');
    const memory = process.memoryUsage().rss;
    let sent = 0;
    const source = async function* () {
      for (; sent < 100; sent++) yield piece;
    };
    const writing = pipeline(source, stdin as NonNullable<typeof stdin>);
    // Until the reader begins, what is sent must come to rest after a few megabytes.
    await settled(() => sent);
    expect(sent).toBeLessThan(12);
    let received = 0;
    let peak = 0;
    for await (const data of stdout as AsyncIterable<Buffer>) {
      if (received % piece.length === 0) expect(data.subarray(0, 8).toString()).toBe('abcdefgh');
      received += data.length;
      peak = Math.max(peak, process.memoryUsage().rss);
    }
    await writing;
    expect(received).toBe(100_000_000);
    expect(await exitCode).toBe(0);
    expect(peak - memory).toBeLessThan(150_000_000);
  }, 30_000);

  test('a stalled session does not hold up others', async () => {
    const stalled = await exec('cat /dev/zero');
    stalled.stdout.once('data', () => {});
    stalled.stdout.pause();
    for (let i = 0; i < 20; i++) {
      const { stdout, exitCode } = await exec(`echo ${i}`);
      expect(await text(stdout)).toBe(`${i}\n`);
      expect(await exitCode).toBe(0);
    }
  });

  test('many sessions at once all get their own output', async () => {
    const all = Array.from({ length: 50 }, async (_, i) => {
      const { stdout, exitCode } = await exec(`head -c 300000 /dev/zero | tr '\\0' ${i % 10}; exit ${i}`);
      const output = await text(stdout);
      expect(output).toBe(String(i % 10).repeat(300_000));
      expect(await exitCode).toBe(i);
    });
    await Promise.all(all);
  });

  test('cancelling kills the process', async () => {
    const cancel = new AbortController();
    const { stdout, exitCode } = await exec('echo started; exec sleep 1000', {}, cancel.signal);
    await once(stdout, 'data');
    cancel.abort();
    await expect(exitCode).rejects.toMatchObject({ reason: 'Timeout' });
    await expect.poll(() => isAlive(handlers.pids[0])).toBe(false);
  });

  test("the handler's own error reaches the client as it is", async () => {
    await expect(
      connection.containers.exec({}, web, { command: ['/no/such/file'], stdin: false, tty: false }),
    ).rejects.toMatchObject({ reason: 'InternalError', message: 'spawn /no/such/file ENOENT' });
  });

  test('logs: pieces, the end, and what was asked', async () => {
    handlers.log = async function* () {
      yield Buffer.from('one\n');
      yield Buffer.from('two\n');
    };
    const options = { tailLines: 0, sinceSeconds: 60, timestamps: true };
    const log = connection.containers.logs({}, web, options);
    expect(await text(log)).toBe('one\ntwo\n');
    expect(handlers.asked[0]).toMatchObject({ kind: 'logs', options });
    expect(await text(connection.containers.logs({}, web, { limitBytes: 6 }))).toBe('one\ntw');
    expect(await text(connection.containers.logs({}, web, { stream: 'Stderr' }))).toBe('one\ntwo\n');
    expect(handlers.asked.at(-1)).toMatchObject({ kind: 'logs', options: { stream: 'Stderr' } });
    await expect(text(connection.containers.logs({}, web, { stream: 'stderr' }))).rejects.toMatchObject({
      reason: 'Invalid',
    });
  });

  test('logs: leaving the loop tells the handler; a slow reader is not read ahead of', async () => {
    const told = deferred();
    let produced = 0;
    handlers.log = async function* (signal) {
      signal.addEventListener('abort', () => told.resolve());
      for (;;) {
        produced += 100_000;
        yield Buffer.alloc(100_000);
      }
    };
    for await (const data of connection.containers.logs({}, web, { follow: true })) {
      expect(data.length).toBeGreaterThan(0);
      await settled(() => produced);
      expect(produced).toBeLessThan(8_000_000);
      break;
    }
    await told.promise;
  });

  test('port-forward: bytes both ways, each direction ending by itself', async () => {
    const echo = createServer({ allowHalfOpen: true }, (socket) => {
      const parts: Buffer[] = [];
      socket.on('data', (data) => parts.push(data));
      socket.on('end', () => socket.end(Buffer.concat(parts)));
    });
    echo.listen(0, '127.0.0.1');
    await once(echo, 'listening');
    const { port } = echo.address() as AddressInfo;
    const forwarded = await connection.containers.portForward({}, web, port);
    const body = Buffer.alloc(3_000_000, 'xyz');
    forwarded.end(body);
    expect((await text(forwarded)).length).toBe(body.length);
    echo.close();
    await expect(connection.containers.portForward({}, web, port)).rejects.toThrow('ECONNREFUSED');
    await expect(connection.containers.portForward({}, web, 70_000)).rejects.toThrow('between 1 and 65535');
  });

  test('stats come from the node', async () => {
    expect(await hub.stats('node-a', AbortSignal.timeout(5_000))).toMatchObject({ memoryWorkingSetBytes: 7 });
  });

  test('refuses in the words people know', async () => {
    const message = (name: string, options: object = {}) =>
      connection.containers.exec({}, { namespace: 'default', name }, { ...inShell('true'), ...options }).then(
        () => 'ran',
        (error: Error) => error.message,
      );
    verbs.objects.set('pair', encoded(runningPod('pair', 'node-a', ['a', 'b'])));
    verbs.objects.set('pending', encoded(runningPod('pending', '')));
    verbs.objects.set('far', encoded(runningPod('far', 'node-b')));
    expect(await message('pair')).toBe(
      'a container name must be specified for pod pair, choose one of: [a b]',
    );
    expect(await message('pair', { container: 'c' })).toBe('container c is not valid for pod pair');
    expect(await message('pending')).toBe('pod pending does not have a host assigned');
    expect(await message('none')).toBe('pods "none" not found');
    expect(await message('far')).toBe(
      'Cannot exec in pod "far": node "node-b" is not connected (it has not called since this core started)',
    );
    const waiting = runningPod('waiting', 'node-a');
    const containerStatuses = [
      {
        name: 'main',
        state: { waiting: { reason: 'ImagePullBackOff' } },
        ready: false,
        restartCount: 0,
        image: '',
        imageID: '',
      },
    ];
    verbs.objects.set(
      'waiting',
      encoded({ ...waiting, status: { phase: 'Pending', containerStatuses } } as Pod),
    );
    const log = (name: string, options = {}) =>
      text(connection.containers.logs({}, { namespace: 'default', name }, options)).catch(
        (e: Error) => e.message,
      );
    expect(await log('waiting')).toBe(
      'container "main" in pod "waiting" is waiting to start: trying and failing to pull image',
    );
    expect(await log('web', { previous: true })).toBe(
      'previous terminated container "main" in pod "web" not found',
    );
  });

  test('only who may use a subresource gets to it', async () => {
    const streams = createContainerStreams({
      verbs,
      hub,
      authorizer: {
        ...mastersOnly,
        authorize: (request) => ({
          allowed: request.verb === 'get' && 'subresource' in request && request.subresource === 'log',
          reason: '',
        }),
      },
    });
    const call = { user: { name: 'eve', groups: [] } };
    expect(await text(streams.logs(call, web, {}))).toBe('');
    await expect(streams.exec(call, web, inShell('true'))).rejects.toMatchObject({
      reason: 'Forbidden',
      message:
        'pods "web" is forbidden: User "eve" cannot create resource "pods/exec" in API group "" in the namespace "default"',
    });
  });

  test('the death of the agent ends its sessions with one clear error', async () => {
    const { stdout, exitCode } = await exec('echo started; exec sleep 1000');
    await once(stdout, 'data');
    agent.abort();
    await expect(exitCode).rejects.toMatchObject({
      reason: 'ServiceUnavailable',
      message: 'The connection to node "node-a" was lost',
    });
    await agentRun;
    await expect.poll(() => isAlive(handlers.pids[0])).toBe(false);
    await expect(exec('true')).rejects.toThrow(
      /node "node-a" is not connected \(last contact \d+ s ago, at 20/,
    );
  });

  test('the death of the core ends sessions on both sides, and the agent comes back by itself', async () => {
    const { stdout, exitCode } = await exec('echo started; exec sleep 1000');
    await once(stdout, 'data');
    hub.stop();
    await server.stop(0);
    await expect(exitCode).rejects.toMatchObject({ reason: 'ServiceUnavailable' });
    await expect.poll(() => isAlive(handlers.pids[0])).toBe(false);
    await startCore(endpoint);
    await expect.poll(() => hub.isConnected('node-a'), { timeout: 8_000 }).toBe(true);
    const again = await exec('echo back');
    expect(await text(again.stdout)).toBe('back\n');
    expect(states).toEqual(['connected', 'disconnected', 'connected']);
  });
});

function runningPod(name: string, node: string, containers = ['main']): Pod {
  return {
    metadata: { name, namespace: 'default', uid: `uid-${name}`, resourceVersion: '1' },
    spec: {
      nodeName: node,
      containers: containers.map((container) => ({ name: container, image: 'busybox' })),
    },
    status: {
      phase: 'Running',
      containerStatuses: containers.map((container) => ({
        name: container,
        state: { running: {} },
        ready: true,
        restartCount: 0,
        image: 'busybox',
        imageID: '',
      })),
    },
  };
}

async function text(stream: Readable | AsyncIterable<Buffer> | undefined): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of stream as AsyncIterable<Buffer>) parts.push(part);
  return Buffer.concat(parts).toString();
}

/** Waits until a number has stopped to grow. */
async function settled(value: () => number): Promise<void> {
  for (let last = -1, same = 0; same < 5;) {
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
    same = value() === last ? same + 1 : 0;
    last = value();
  }
}

function isAlive(pid: number | undefined): boolean {
  try {
    return pid !== undefined && process.kill(pid, 0);
  } catch {
    return false;
  }
}
