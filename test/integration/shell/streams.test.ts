import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { notFound, StatusError } from '../../../core/api/errors.ts';
import type { Container, Pod } from '../../../core/api/generated/core-v1.ts';
import { pods, services } from '../../../core/api/generated/resources.ts';
import type { AttachOptions, ContainerStreams } from '../../../core/api/streams.ts';
import { deferred } from '../../../core/machinery/deferred.ts';
import { pod } from '../../builders/index.ts';
import { createTestApi, type TestApi } from '../../environment/api.ts';
import { TestShell } from '../../environment/shell.ts';

let api: TestApi;
let shell: TestShell;
let containers: ScriptedContainers;

/** Processes that repeat what they read, and ports that lead to this machine. */
class ScriptedContainers implements ContainerStreams {
  readonly asked: { readonly pod: string; readonly options: unknown }[] = [];
  exitCode = 0;
  /** Of this machine, where every forwarded port leads. */
  port = 0;
  refusal: StatusError | undefined;

  async *logs() {
    await Promise.resolve();
    yield Buffer.from('a log\n');
  }

  exec(_call: unknown, { name }: { readonly name: string }, options: AttachOptions) {
    this.asked.push({ pod: name, options });
    const [stdin, stdout] = [new PassThrough(), new PassThrough()];
    const ended = deferred<number>();
    if (options.stdin) stdin.pipe(stdout);
    else stdout.end('printed\n');
    stdout.once('end', () => ended.resolve(this.exitCode));
    return Promise.resolve({
      stdin: options.stdin ? stdin : undefined,
      stdout,
      stderr: options.tty ? undefined : new PassThrough().end(),
      resize: () => {},
      exitCode: ended.promise,
    });
  }

  attach(call: unknown, name: { readonly name: string }, options: AttachOptions) {
    return this.exec(call, name, options);
  }

  async portForward(_call: unknown, { name }: { readonly name: string }, port: number) {
    this.asked.push({ pod: name, options: port });
    if (this.refusal !== undefined) throw this.refusal;
    const socket = connect({ port: this.port, host: '127.0.0.1', allowHalfOpen: true });
    await once(socket, 'connect');
    return socket;
  }
}

beforeEach(async () => {
  api = await createTestApi();
  containers = new ScriptedContainers();
  shell = new TestShell(api, containers);
});

afterEach(async () => {
  shell[Symbol.dispose]();
  await api.close();
});

async function running(name: string, more: readonly Container[] = [], phase = 'Running'): Promise<void> {
  const main = { name: 'main', image: 'main:1', ports: [{ name: 'http', containerPort: 8080 }] };
  const built = pod()
    .named(name)
    .labelled({ app: name })
    .onNode('a')
    .withSpec({ containers: [main, ...more] });
  const stored = await api.client.create(pods, built.build());
  await api.client.updateStatus(pods, { ...stored, status: { phase: phase as Pod['status']['phase'] } });
}

async function* typed(text: string): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  yield Buffer.from(text);
}

describe('attach', () => {
  test('shows what the process prints and ends with its code', async () => {
    await running('web');
    containers.exitCode = 3;
    expect(await shell.run('attach web')).toEqual({ code: 3, stdout: 'printed\n', stderr: '' });
    expect(containers.asked).toEqual([
      { pod: 'web', options: { container: 'main', stdin: false, tty: false } },
    ]);
  });

  test('passes on what is typed, and tells which of several containers it chose', async () => {
    await running('web', [{ name: 'side', image: 'side:1' }]);
    const { stdout, stderr } = await shell.run('attach -i pod/web', { stdin: typed('hello\n') });
    expect(stdout).toBe('hello\n');
    expect(stderr).toMatch(/^Defaulted container "main" out of: main, side\n/);
    expect(stderr).toContain("If you don't see a command prompt, try pressing enter.\n");
    const quiet = await shell.run('attach -iq web -c side', { stdin: typed('x') });
    expect(quiet.stderr).toBe('');
    expect(containers.asked.at(-1)?.options).toMatchObject({ container: 'side' });
  });

  test('ends when the command is cancelled, however its streams break', async () => {
    await running('web');
    const stop = new AbortController();
    const broken = new Error('the connection broke');
    containers.exec = () => {
      const [stdout, stderr] = [new PassThrough(), new PassThrough()];
      const exitCode = new Promise<number>((_, reject) => {
        stop.signal.addEventListener('abort', () => {
          for (const stream of [stdout, stderr]) stream.destroy(broken);
          reject(broken);
        });
      });
      queueMicrotask(() => stop.abort());
      return Promise.resolve({ stdin: undefined, stdout, stderr, resize: () => {}, exitCode });
    };
    expect(await shell.run('attach web', { signal: stop.signal })).toMatchObject({ code: 130, stderr: '' });
  });

  test('refuses in the words of kubectl', async () => {
    await running('done', [], 'Succeeded');
    const refused = async (line: string) => {
      const { code, stderr } = await shell.run(line);
      return [code, stderr.split('\n')[0]];
    };
    expect(await refused('attach done')).toEqual([
      1,
      'error: cannot attach a container in a completed pod; current phase is Succeeded',
    ]);
    expect(await refused('attach nope')).toEqual([1, 'Error from server (NotFound): pods "nope" not found']);
    await running('web');
    expect(await refused('attach web -c x')).toEqual([1, 'error: container x not found in pod web']);
    expect((await shell.run('attach web -t')).stderr).toBe(
      'error: Unable to use a TTY - container main did not allocate one\n',
    );
  });

  test('finds the Pod behind a Service, as exec does', async () => {
    await running('web');
    await api.client.create(services, {
      metadata: { namespace: 'default', name: 'front' },
      spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
    });
    await shell.run('attach service/front');
    await shell.run('exec service/front -- true');
    expect(containers.asked.map((each) => each.pod)).toEqual(['web', 'web']);
  });
});

describe('port-forward', () => {
  test('listens, tells where, carries, and ends with the command', async () => {
    await running('web');
    const far = createServer((socket) => void socket.end('from the Pod')).listen(0, '127.0.0.1');
    await once(far, 'listening');
    containers.port = (far.address() as AddressInfo).port;
    const stop = new AbortController();
    const listening = deferred<number>();
    const onOutput = (text: string) => {
      const port = /^Forwarding from 127\.0\.0\.1:(\d+) -> 8080$/m.exec(text)?.[1];
      if (port !== undefined) listening.resolve(Number(port));
    };
    const command = shell.run('port-forward web :http', { signal: stop.signal, onOutput });
    const port = await Promise.race([listening.promise, command.then(({ stderr }) => stderr)]);
    const socket = connect(Number(port), '127.0.0.1');
    const [data] = (await once(socket, 'data')) as [Buffer];
    expect(data.toString()).toBe('from the Pod');
    stop.abort();
    const { stdout } = await command;
    expect(stdout).toContain(`Handling connection for ${port}\n`);
    expect(containers.asked).toEqual([{ pod: 'web', options: 8080 }]);
    far.close();
    await expect(once(connect(Number(port), '127.0.0.1'), 'connect')).rejects.toThrow('ECONNREFUSED');
  });

  test('ends when the Pod is gone', async () => {
    await running('web');
    containers.refusal = notFound({ group: '', plural: 'pods' }, 'web');
    const onOutput = (text: string) => {
      const port = /^Forwarding from 127\.0\.0\.1:(\d+) -> /m.exec(text)?.[1];
      if (port !== undefined) connect(Number(port), '127.0.0.1').on('error', () => {});
    };
    const { code, stderr } = await shell.run('port-forward pod/web 0:80 --address 127.0.0.1', { onOutput });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^Error from server \(NotFound\): an error occurred forwarding \d+ -> 80: pods "web" not found\nerror: lost connection to pod\n$/,
    );
  });

  test.each([
    ['port-forward web', 'error: TYPE/NAME and list of ports are required for port-forward'],
    ['port-forward web dns', "error: Pod 'web' does not have a named port 'dns'"],
    ['port-forward nope 80', 'Error from server (NotFound): pods "nope" not found'],
    [
      'port-forward slow 80',
      'error: unable to forward port because pod is not running. Current status=Pending',
    ],
  ])('%s is refused', async (line, message) => {
    await running('web');
    await running('slow', [], 'Pending');
    const { code, stderr } = await shell.run(line);
    expect([code, stderr.split('\n')[0]]).toEqual([1, message]);
  });
});
