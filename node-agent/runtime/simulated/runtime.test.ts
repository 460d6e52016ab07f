import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { seededRandom } from '../../../core/machinery/random.ts';
import { SteppedClock } from '../../../core/machinery/stepped-clock.ts';
import { containerConfig, sandboxConfig } from '../../../test/builders/runtime.ts';
import { logText, readAll, reasonOf } from '../../../test/expectations/runtime.ts';
import type { ContainerStatus } from '../runtime.ts';
import { SimulatedRuntime } from './runtime.ts';

const signal = new AbortController().signal;
let clock: SteppedClock;
let folder: string;

beforeEach(async () => {
  clock = new SteppedClock();
  folder = await mkdtemp(join(tmpdir(), 'runtime-simulated-'));
});
afterEach(() => rm(folder, { recursive: true }));

function open(options: { stateFile?: string; podCidr?: string } = {}): SimulatedRuntime {
  return new SimulatedRuntime({ clock, random: seededRandom(1), ...options });
}

async function started(runtime: SimulatedRuntime, name: string, command: readonly string[]) {
  const sandbox = await runtime.runSandbox(sandboxConfig(name), signal);
  const containerId = await runtime.startContainer(sandbox.id, containerConfig(command), signal);
  return { sandbox, containerId };
}

async function only(runtime: SimulatedRuntime): Promise<ContainerStatus | undefined> {
  return (await runtime.list(signal))[0]?.containers[0];
}

describe('a simulated container', () => {
  test('ends when its program would have, by the clock it was given', async () => {
    const runtime = open();
    await started(runtime, 'web', ['sh', '-c', 'sleep 5; exit 3']);
    clock.advance(4_999);
    expect(await only(runtime)).toMatchObject({ state: 'running' });
    clock.advance(1);
    expect(await only(runtime)).toMatchObject({ state: 'exited', exitCode: 3, finishedAtMs: clock.now() });
    expect(clock.pendingTimers).toBe(0);
  });

  test('that is stopped before does not end a second time', async () => {
    const runtime = open();
    const { containerId } = await started(runtime, 'web', ['sleep', '5']);
    await runtime.stopContainer(containerId, 30, signal);
    const stopped = await only(runtime);
    expect(stopped).toMatchObject({ state: 'exited', exitCode: 143 });
    clock.advance(10_000);
    expect(await only(runtime)).toEqual(stopped);
  });

  test('says that it is simulated in its log, its shell and behind its ports', async () => {
    const runtime = open();
    const { sandbox, containerId } = await started(runtime, 'web', ['nginx']);
    expect(await logText(runtime, containerId, signal)).toBe(
      'simulated: no container runs here; image "busybox:latest" would run ["nginx"]\n',
    );
    const process = await runtime.exec(
      containerId,
      { command: ['ls', '/'], tty: false, stdin: false },
      signal,
    );
    expect(await readAll(process.stderr as never)).toBe('simulated: "ls /" does not run here\n');
    expect(await process.exitCode).toBe(0);
    const connection = await runtime.dial(sandbox.id, 80, signal);
    connection.end('GET / HTTP/1.1\r\nHost: web\r\n\r\n');
    expect(await readAll(connection)).toMatch(
      /^HTTP\/1\.1 200 OK\r\n.*simulated: .*port 80 of Pod default\/web/s,
    );
    expect((await runtime.version(signal)).warnings).toEqual([
      'This runtime is simulated: no container really runs',
    ]);
  });

  test('has a terminal that echoes, corrects and interrupts', async () => {
    const runtime = open();
    const { containerId } = await started(runtime, 'web', ['nginx']);
    const process = await runtime.exec(containerId, { command: ['sh'], tty: true, stdin: true }, signal);
    let shown = '';
    process.stdout.on('data', (chunk: Buffer) => (shown += chunk.toString()));
    const typed = async (keys: string, expected: string) => {
      await vi.waitFor(() => expect(shown).toMatch(/\/ # $/));
      shown = '';
      process.stdin?.write(keys);
      await vi.waitFor(() => expect(shown).toBe(expected));
    };
    await typed('nonsense\x03', 'nonsense^C\r\n/ # ');
    await typed('ecHO\x7f\x7fho hi\r', 'ecHO\b \b\b \bho hi\r\nhi\r\n/ # ');
    await typed('\x04', '');
    expect(await process.exitCode).toBe(0);
  });
});

describe('an image', () => {
  test('is there, unless it is of the repository "missing"', async () => {
    const runtime = open();
    expect(await runtime.imageStatus('nginx', signal)).toMatchObject({ tags: ['nginx:latest'] });
    expect(await runtime.imageStatus('missing/app:v1', signal)).toBeUndefined();
    expect(await reasonOf(runtime.pullImage('missing/app:v1', undefined, signal))).toBe('image-not-found');
    expect((await runtime.pullImage('not-missing/app', undefined, signal)).tags).toEqual([
      'not-missing/app:latest',
    ]);
  });
});

describe('the state file', () => {
  test('lets Pods outlive their agent, and time passes meanwhile', async () => {
    const stateFile = join(folder, 'pods.json');
    const first = open({ stateFile, podCidr: '10.9.0.0/24' });
    await started(first, 'long', ['sleep', 'infinity']);
    await started(first, 'short', ['sleep', '60']);
    const before = await first.list(signal);
    await first.close();
    expect(clock.pendingTimers).toBe(0);
    clock.advance(30_000);

    const second = open({ stateFile, podCidr: '10.9.0.0/24' });
    expect(await second.list(signal)).toEqual(before);
    clock.advance(30_000);
    const [long, short] = (await second.list(signal)).map(({ containers }) => containers[0]);
    expect(long).toMatchObject({ state: 'running' });
    expect(short).toMatchObject({ state: 'exited', exitCode: 0, finishedAtMs: clock.now() });
    const next = await second.runSandbox(sandboxConfig('next'), signal);
    expect(before.flatMap(({ ips }) => ips)).not.toContain(next.ips[0]);
    await second.close();
  });

  test('is written once for changes that come together', async () => {
    const stateFile = join(folder, 'pods.json');
    const runtime = open({ stateFile });
    for (let i = 0; i < 100; i++) await runtime.runSandbox(sandboxConfig(`web-${i}`), signal);
    await expect(readFile(stateFile)).rejects.toThrow('ENOENT');
    expect(clock.pendingTimers).toBe(1);
    clock.advance(100);
    await runtime.close();
    expect(
      (JSON.parse(await readFile(stateFile, 'utf8')) as { sandboxes: unknown[] }).sandboxes,
    ).toHaveLength(100);
  });

  test('that cannot be understood is not replaced by an empty one', async () => {
    const stateFile = join(folder, 'pods.json');
    await writeFile(stateFile, '{"version":99}');
    const runtime = open({ stateFile });
    await expect(runtime.list(signal)).rejects.toThrow(`Cannot read "${stateFile}": version 99, expected 1`);
    await expect(runtime.runSandbox(sandboxConfig('web'), signal)).rejects.toThrow('version 99');
    await runtime.close();
    expect(await readFile(stateFile, 'utf8')).toBe('{"version":99}');
  });
});

test('the cost of a Pod does not grow with the number of others', async () => {
  const runtime = open();
  const oneThousandMs = async (from: number) => {
    const before = process.cpuUsage();
    for (let i = from; i < from + 1_000; i++) {
      const { sandbox } = await started(runtime, `web-${i}`, ['nginx']);
      await runtime.list(signal, sandbox.pod.uid);
    }
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  };
  await oneThousandMs(0);
  const early = await oneThousandMs(1_000);
  for (let from = 2_000; from < 9_000; from += 1_000) await oneThousandMs(from);
  // Ten times as many would show tenfold if anything were looked through; the rest is noise.
  expect(await oneThousandMs(9_000)).toBeLessThan(4 * early + 100);
  expect(await runtime.list(signal)).toHaveLength(10_000);
});
