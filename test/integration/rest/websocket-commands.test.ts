import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StreamingApi } from '../../environment/connected-agent.ts';
import { createStreamingApi } from '../../environment/connected-agent.ts';
import { LocalHandlers } from '../grpc/local-handlers.ts';
import { ChannelClient, refusedSocket, soon } from './websocket-client.ts';

/** Real processes of this machine, through agent, core and TLS. */
const handlers = new LocalHandlers();
let api: StreamingApi;
beforeAll(async () => {
  api = await createStreamingApi(handlers);
  await api.runPod('web');
});
afterAll(() => api[Symbol.asyncDispose]());

const [stdin, stdout, stderr, error, resize, close] = [0, 1, 2, 3, 4, 255];

function path(subresource: 'exec' | 'attach', query: Readonly<Record<string, string | readonly string[]>>) {
  const parameters = new URLSearchParams();
  for (const [name, values] of Object.entries(query))
    for (const value of [values].flat()) parameters.append(name, value);
  return `/api/v1/namespaces/default/pods/web/${subresource}?${parameters.toString()}`;
}

const inShell = (script: string, query: Readonly<Record<string, string>> = {}) =>
  path('exec', { command: ['sh', '-c', script], stdin: 'true', stdout: 'true', stderr: 'true', ...query });

const open = (where: string, protocol?: string) => ChannelClient.open(api.rest, where, protocol);

/** v4 and later tell the end as a Status, earlier ones in words; none at all means the earliest. */
const statusProtocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io', 'v4.base64.channel.k8s.io'];
const wordProtocols = ['channel.k8s.io', 'base64.channel.k8s.io', undefined];
const protocols = [...statusProtocols, ...wordProtocols];

describe('exec over a WebSocket', () => {
  test.for(protocols)('%s: input, both outputs apart, and the end', async (protocol) => {
    const client = await open(inShell('read line; echo "out $line"; echo err >&2; exit 3'), protocol);
    expect(client.socket.protocol).toBe(protocol ?? '');
    client.send(stdin, 'hello\n');
    expect(await client.closed).toBe(1000);
    expect([client.text(stdout), client.text(stderr)]).toEqual(['out hello\n', 'err\n']);
    const words = 'command terminated with non-zero exit code: exit status 3';
    const status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      reason: 'NonZeroExitCode',
      message: words,
      details: { causes: [{ reason: 'ExitCode', message: '3' }] },
    };
    const told = client.text(error);
    if (protocol?.startsWith('v') === true) expect(JSON.parse(told)).toEqual(status);
    else expect(told).toBe(words);
    const type = protocol?.includes('base64') === true ? 'text' : 'binary';
    expect(new Set(client.order.map((message) => message[1]))).toEqual(new Set([type]));
    // How the command ended comes after all that it said.
    expect(client.order.at(-1)).toEqual([error, type]);
  });

  test.for(protocols)('%s: a success', async (protocol) => {
    const client = await open(inShell('echo fine', { stdin: 'false' }), protocol);
    expect(await client.closed).toBe(1000);
    expect(client.text(stdout)).toBe('fine\n');
    if (protocol?.startsWith('v') === true)
      expect(JSON.parse(client.text(error))).toEqual({
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Success',
      });
    else expect(client.received.has(error)).toBe(false);
  });

  test('says at once that it is there, on the first channel that says anything', async () => {
    for (const [query, channel] of [
      [{}, stdout],
      [{ stdout: 'false' }, stderr],
      [{ stdout: 'false', stderr: 'false' }, error],
    ] as const) {
      const client = await open(inShell('read line', query), 'v4.channel.k8s.io');
      if (client.order.length === 0) await once(client.socket, 'message');
      expect(client.order).toEqual([[channel, 'binary']]);
      expect(client.bytes(channel)).toHaveLength(0);
      client.send(stdin, '\n');
      await client.closed;
    }
  });

  test('v5 closes the input; before it nothing does', async () => {
    const newer = await open(inShell('cat; echo closed'), 'v5.channel.k8s.io');
    newer.send(stdin, 'some ');
    newer.send(close, Buffer.of(stdin));
    await newer.closed;
    expect(newer.text(stdout)).toBe('some closed\n');

    const older = await open(inShell('cat'), 'v4.channel.k8s.io');
    older.send(close, Buffer.of(stdin));
    older.send(stdin, 'still open');
    await soon(() => older.text(stdout)).toBe('still open');
    older.socket.close();
    await older.closed;
  });

  test('a terminal has one output, and takes its size', async () => {
    handlers.sizes.length = 0;
    const client = await open(inShell('read line; echo done', { tty: 'true' }), 'v4.channel.k8s.io');
    client.send(resize, '{"Width":120,"Height":40}');
    for (const nonsense of ['', '{', '{"Width":0,"Height":40}', '{"Width":1e9,"Height":1}'])
      client.send(resize, nonsense);
    client.send(resize, '{"Width":80,"Height":24}');
    client.send(stdin, '\n');
    await client.closed;
    expect(handlers.sizes).toEqual(['120x40', '80x24']);
    expect(client.text(stdout)).toBe('done\n');
    expect(client.received.has(stderr)).toBe(false);
    expect(handlers.asked.at(-1)).toMatchObject({ options: { tty: true, stdin: true } });
  });

  test('output that nobody asked for is not sent, and holds nothing up', async () => {
    const client = await open(
      inShell('head -c 300000 /dev/zero; echo err >&2', { stdout: 'false' }),
      'v4.channel.k8s.io',
    );
    await client.closed;
    expect(client.received.has(stdout)).toBe(false);
    expect(client.text(stderr)).toBe('err\n');
  });

  test.for(['v5.channel.k8s.io', 'v4.base64.channel.k8s.io'])(
    '%s: megabytes come back whole',
    async (protocol) => {
      const bytes = randomBytes(2_000_000);
      const client = await open(inShell(`head -c ${bytes.length}`), protocol);
      for (let at = 0; at < bytes.length; at += 32_768) client.send(stdin, bytes.subarray(at, at + 32_768));
      await client.closed;
      expect(client.bytes(stdout).equals(bytes)).toBe(true);
    },
  );

  test('messages of no channel, and of channels that nobody has, are passed over', async () => {
    const client = await open(inShell('read line; echo "$line"'), 'v4.channel.k8s.io');
    client.socket.send(Buffer.alloc(0));
    for (const channel of [stdout, stderr, error, 9, 200]) client.send(channel, 'nonsense\n');
    client.send(stdin, 'sense\n');
    await client.closed;
    expect(client.text(stdout)).toBe('sense\n');
  });

  test('ends its process when the client leaves', async () => {
    const client = await open(inShell('echo up; exec sleep 1000'), 'v4.channel.k8s.io');
    await soon(() => client.text(stdout)).toBe('up\n');
    const pid = handlers.pids.at(-1) ?? 0;
    client.socket.terminate();
    await soon(() => isAlive(pid)).toBe(false);
  });

  test('is refused in HTTP, in words, before anything runs', async () => {
    const before = handlers.asked.length;
    const refused = (where: string, protocol?: string) => refusedSocket(api.rest, where, protocol);
    expect(await refused(path('exec', { command: 'true' }), 'v4.channel.k8s.io')).toEqual({
      code: 400,
      message: 'you must specify at least 1 of stdin, stdout, stderr',
    });
    expect(await refused(path('exec', { stdout: 'true' }), 'v4.channel.k8s.io')).toEqual({
      code: 400,
      message: 'you must specify at least one command for the container',
    });
    expect(await refused(inShell('true'), 'v9.channel.k8s.io')).toMatchObject({ code: 403 });
    expect(await refused(inShell('true').replace('/web/', '/nowhere/'))).toEqual({
      code: 404,
      message: 'pods "nowhere" not found',
    });
    expect(await refused(inShell('true', { container: 'other' }))).toMatchObject({ code: 400 });
    expect(handlers.asked).toHaveLength(before);
  });
});

describe('attach over a WebSocket', () => {
  test.for(statusProtocols)('%s: joins what runs', async (protocol) => {
    const client = await open(path('attach', { stdin: 'true', stdout: 'true', stderr: 'true' }), protocol);
    client.send(stdin, 'to the process\n');
    await soon(() => client.text(stdout)).toBe('to the process\n');
    client.socket.close();
    expect(await client.closed).toBe(1005);
    expect(handlers.asked.at(-1)).toMatchObject({ kind: 'exec', options: { stdin: true, tty: false } });
  });

  test('ends well when what it joined ends, whatever its code', async () => {
    const client = await open(path('attach', { stdin: 'true', stdout: 'true' }), 'v5.channel.k8s.io');
    client.send(stdin, 'hello\n');
    await soon(() => client.text(stdout)).toBe('hello\n');
    process.kill(handlers.pids.at(-1) ?? 0);
    expect(await client.closed).toBe(1000);
    expect(JSON.parse(client.text(error))).toMatchObject({ kind: 'Status', status: 'Success' });
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
