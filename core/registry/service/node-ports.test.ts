import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Service, ServicePort } from '../../api/generated/core-v1.ts';
import { services } from '../../api/generated/resources.ts';
import { createScheme } from '../../api/kinds/scheme.ts';
import type { Mutable } from '../../api/object.ts';
import { seededRandom } from '../../machinery/random.ts';
import { SteppedClock } from '../../machinery/stepped-clock.ts';
import { MemoryStore } from '../../storage/memory/store.ts';
import { Registry } from '../registry.ts';
import { strategies } from '../strategies.ts';
import { NodePorts } from './node-ports.ts';

/** How many ports there are. */
const span = 2_768;

let clock: SteppedClock;
let parsed: number;
let registry: Registry;
let ports: NodePorts;
let stop: AbortController;
let running: Promise<void>;

beforeEach(async () => {
  clock = new SteppedClock();
  parsed = 0;
  const random = seededRandom(1);
  registry = new Registry({
    scheme: createScheme(),
    store: new MemoryStore(),
    clock,
    random,
    strategies,
    freeze: (object) => {
      parsed++;
      return object;
    },
  });
  ports = new NodePorts(registry, random, clock);
  stop = new AbortController();
  running = registry.run(stop.signal);
  await registry.ready();
});
afterEach(async () => {
  stop.abort();
  await running;
});

function nodePortService(name: string, given: readonly Partial<ServicePort>[]): Mutable<Service> {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'default', name },
    spec: { type: 'NodePort', ports: given.map((port, index) => ({ port: index + 1, ...port })) },
    status: {},
  };
}

async function reserve(service: Mutable<Service>) {
  return ports.reserve(service, { dryRun: false });
}

async function create(service: Mutable<Service>): Promise<void> {
  const reservation = await reserve(service);
  await registry.storeFor(services).create(service);
  reservation.commit();
}

function portsOf({ spec }: Mutable<Service>): (number | undefined)[] {
  return (spec.ports ?? []).map(({ nodePort }) => nodePort);
}

test('a port is given to one Service per protocol, and to the one that has it again', async () => {
  await create(nodePortService('web', [{ nodePort: 30_080 }]));
  await expect(reserve(nodePortService('other', [{ nodePort: 30_080 }]))).rejects.toThrow(
    'provided port is already allocated',
  );
  await reserve(nodePortService('other', [{ nodePort: 30_080, protocol: 'UDP' }]));
  await reserve(nodePortService('web', [{ nodePort: 30_080 }]));
  await expect(
    reserve(nodePortService('twice', [{ nodePort: 31_000 }, { nodePort: 31_000 }])),
  ).rejects.toThrow('provided port is already allocated');
  await expect(reserve(nodePortService('low', [{ nodePort: 80 }]))).rejects.toThrow('not in the valid range');
});

test('what a write under way has taken is free again when it fails, and when its Service goes', async () => {
  const failing = await reserve(nodePortService('failing', [{ nodePort: 30_080 }]));
  await expect(reserve(nodePortService('web', [{ nodePort: 30_080 }]))).rejects.toThrow('already allocated');
  await failing.rollback();
  await create(nodePortService('web', [{ nodePort: 30_080 }]));
  await registry.storeFor(services).delete('default', 'web');
  await reserve(nodePortService('next', [{ nodePort: 30_080 }]));
});

test('what a write of which nobody knows the outcome has taken is not given out until that would show', async () => {
  const left = await reserve(nodePortService('left', [{ nodePort: 30_080 }]));
  left.leave();
  await expect(reserve(nodePortService('web', [{ nodePort: 30_080 }]))).rejects.toThrow('already allocated');
  clock.advance(30_000);
  await reserve(nodePortService('web', [{ nodePort: 30_080 }]));
});

test('all ports of the range are given out, each once, and then none', async () => {
  const first = nodePortService(
    'first',
    Array.from({ length: 1_000 }, () => ({})),
  );
  await create(first);
  const rest = nodePortService(
    'rest',
    Array.from({ length: span - 1_000 }, () => ({})),
  );
  await create(rest);
  expect(new Set([...portsOf(first), ...portsOf(rest)]).size).toBe(span);
  expect(Math.min(...portsOf(rest).map((port) => port ?? 0))).toBeGreaterThanOrEqual(30_000);
  await expect(reserve(nodePortService('late', [{}]))).rejects.toThrow('range is full');
});

test('nobody else’s Service is read to find a free port', async () => {
  // More of them than are kept parsed.
  for (let index = 0; index < 20; index++) {
    const service = nodePortService(`web-${index}`, [{}]);
    (service.metadata as { annotations?: object }).annotations = { note: 'x'.repeat(20_000) };
    await create(service);
  }
  const before = parsed;
  await reserve(nodePortService('last', [{}, {}]));
  expect(parsed).toBe(before);
});
