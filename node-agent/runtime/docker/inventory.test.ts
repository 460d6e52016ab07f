import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../core/machinery/clock.ts';
import { DockerClient, defaultDeadlines } from './client.ts';
import { Inventory } from './inventory.ts';
import { containerLabels, sandboxLabels } from './labels.ts';

const signal = new AbortController().signal;
const pod = { uid: 'u-1', name: 'web-1', namespace: 'shop' };
const zeroTime = '0001-01-01T00:00:00Z';

/** What Docker would say, with whatever a test wants it to say differently. */
interface Entry {
  readonly summary: { readonly Id: string; State: string; Status: string };
  readonly info: object;
}

let folder: string;
let server: Server;
let client: DockerClient;
let entries: Entry[];
let inspects: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'runtime-inventory-'));
  const socketPath = join(folder, 'docker.sock');
  entries = [];
  inspects = [];
  server = createServer((request, response) => {
    const id = /^\/containers\/(\w+)\/json/.exec(request.url ?? '')?.[1];
    if (request.url?.startsWith('/containers/json')) {
      const summaries = entries.map(({ summary }) => ({ ...summary, NetworkSettings: { Networks: {} } }));
      response.end(JSON.stringify(summaries));
      return;
    }
    inspects.push(id ?? '');
    const entry = entries.find(({ summary }) => summary.Id === id);
    response.statusCode = entry?.info === undefined ? 404 : 200;
    response.end(JSON.stringify(entry?.info ?? { message: `No such container: ${id}` }));
  }).listen(socketPath);
  await once(server, 'listening');
  client = new DockerClient({ socketPath, clock: systemClock, deadlines: defaultDeadlines });
});
afterEach(async () => {
  client.close();
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

function entry(id: string, labels: object, state: { Status: string } & Record<string, unknown>): Entry {
  const running = state.Status === 'running';
  const info = {
    Id: id,
    Created: '2026-01-02T03:04:05.678Z',
    Image: 'sha256:1',
    Config: { Image: 'app:v1', Labels: labels },
    HostConfig: { CpuShares: 2 },
    NetworkSettings: { Networks: {} },
    State: {
      Running: running,
      ExitCode: 0,
      Error: '',
      OOMKilled: false,
      StartedAt: zeroTime,
      FinishedAt: zeroTime,
      ...state,
    },
  };
  const words =
    state.Status === 'exited'
      ? `Exited (${JSON.stringify(state['ExitCode'] ?? 0)}) 2 hours ago`
      : 'Up 2 hours';
  return { summary: { Id: id, State: state.Status, Status: words }, info };
}

function sandbox(state = 'running'): Entry {
  const config = { pod, attempt: 0, shareProcessNamespace: false, labels: {} };
  return entry('s1', sandboxLabels('mine', config), { Status: state });
}

function container(state: { Status: string } & Record<string, unknown>): Entry {
  return entry(
    'c1',
    containerLabels('mine', { id: 's1', pod }, { name: 'main', attempt: 0, labels: {} }),
    state,
  );
}

describe('the inventory', () => {
  test('asks again only about what changed its state or exit code, or was named by an event', async () => {
    const inventory = new Inventory(client, 'mine');
    entries = [sandbox(), container({ Status: 'running' })];
    await inventory.list(signal);
    await inventory.list(signal);
    expect(inspects.splice(0).toSorted((a, b) => (a < b ? -1 : 1))).toEqual(['c1', 's1']);
    entries = [sandbox(), container({ Status: 'exited', ExitCode: 3 })];
    const [status] = await inventory.list(signal);
    expect(status?.containers[0]).toMatchObject({ state: 'exited', exitCode: 3 });
    await inventory.list(signal);
    expect(inspects.splice(0)).toEqual(['c1']);
    inventory.forget('s1');
    await inventory.list(signal);
    expect(inspects.splice(0)).toEqual(['s1']);
  });

  test('leaves out what was removed between the list and the look', async () => {
    const gone = container({ Status: 'running' });
    entries = [sandbox(), { ...gone, info: undefined as never }];
    const [status] = await new Inventory(client, 'mine').list(signal);
    expect(status).toMatchObject({ id: 's1', state: 'ready', containers: [] });
  });

  test('tells a container that could not be started from one that was not started yet', async () => {
    const inventory = new Inventory(client, 'mine');
    entries = [sandbox(), container({ Status: 'created' })];
    expect((await inventory.list(signal))[0]?.containers[0]).toMatchObject({
      state: 'created',
      exitCode: undefined,
    });
    inventory.forgetAll();
    entries = [sandbox(), container({ Status: 'created', ExitCode: 127, Error: 'no such program' })];
    expect((await inventory.list(signal))[0]?.containers[0]).toMatchObject({
      state: 'created',
      exitCode: 127,
      error: 'no such program',
    });
  });

  test('knows of a kill for want of memory that Docker heard of after the exit', async () => {
    const inventory = new Inventory(client, 'mine');
    entries = [sandbox(), container({ Status: 'exited', ExitCode: 137 })];
    expect((await inventory.list(signal))[0]?.containers[0]?.oomKilled).toBe(false);
    inventory.rememberOomKill('c1');
    expect((await inventory.list(signal))[0]?.containers[0]?.oomKilled).toBe(true);
  });

  test('never lets a container end before it began', async () => {
    const times = { StartedAt: '2026-01-02T03:04:06.010Z', FinishedAt: '2026-01-02T03:04:06.005Z' };
    entries = [sandbox(), container({ Status: 'exited', ...times })];
    const [status] = await new Inventory(client, 'mine').list(signal);
    expect(status?.containers[0]?.finishedAtMs).toBe(status?.containers[0]?.startedAtMs);
  });

  test('shows containers without their sandbox under a dead one', async () => {
    entries = [container({ Status: 'running' })];
    expect(await new Inventory(client, 'mine').list(signal)).toMatchObject([
      { id: 's1', pod, state: 'not-ready', ips: [], containers: [{ id: 'c1' }] },
    ]);
  });
});
