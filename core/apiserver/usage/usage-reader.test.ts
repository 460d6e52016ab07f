import { describe, expect, test } from 'vitest';
import type { ContainerUsage, NodeStats } from '../../api/streams.ts';
import { SteppedClock } from '../../machinery/stepped-clock.ts';
import { UsageReader, usageBetween } from './usage-reader.ts';

function container(used: Partial<ContainerUsage>): ContainerUsage {
  return {
    namespace: 'default',
    pod: 'web',
    podUid: 'uid-web',
    container: 'main',
    timestampMs: 0,
    cpuTotalNanoseconds: 0,
    memoryWorkingSetBytes: 0,
    ...used,
  };
}

function reading(timestampMs: number, ...containers: readonly ContainerUsage[]): NodeStats {
  const cpuTotalNanoseconds = containers.reduce((sum, each) => sum + each.cpuTotalNanoseconds, 0);
  return { timestampMs, cpuTotalNanoseconds, memoryWorkingSetBytes: 7, containers };
}

describe('use between two readings', () => {
  test('is what the counter grew by in its own time', () => {
    const begin = reading(0, container({ cpuTotalNanoseconds: 1e9 }));
    const end = reading(
      2_000,
      container({ timestampMs: 1_000, cpuTotalNanoseconds: 1.25e9, memoryWorkingSetBytes: 5 }),
    );
    const usage = usageBetween(begin, end);
    expect(usage.pods.get('uid-web')?.get('main')).toEqual({ cpuNanocores: 250_000_000, memoryBytes: 5 });
    expect(usage).toMatchObject({ windowMs: 2_000, cpuNanocores: 125_000_000, memoryBytes: 7 });
  });

  test('counts a container that started again from zero', () => {
    const begin = reading(0, container({ cpuTotalNanoseconds: 9e9 }));
    const end = reading(1_000, container({ timestampMs: 1_000, cpuTotalNanoseconds: 1e8 }));
    expect(usageBetween(begin, end).pods.get('uid-web')?.get('main')?.cpuNanocores).toBe(100_000_000);
    expect(usageBetween(begin, end).cpuNanocores).toBe(0);
  });
});

/** The first reading is taken, and its reader waits. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

describe('a reader', () => {
  function scene() {
    const clock = new SteppedClock();
    const state = { connected: true, reads: 0 };
    const source = {
      isConnected: () => state.connected,
      stats: () => {
        state.reads++;
        return Promise.resolve(reading(0, container({ cpuTotalNanoseconds: state.reads * 1e9 })));
      },
    };
    return { clock, state, reader: new UsageReader({ clock, source }) };
  }

  test('reads twice for the first question, and answers the next ones from that', async () => {
    const { clock, state, reader } = scene();
    const asked = Promise.all([reader.read('node-a'), reader.read('node-a')]);
    await settled();
    clock.advance(1_000);
    const [one, two] = await asked;
    expect(one?.cpuNanocores).toBe(1e9);
    expect(two).toBe(one);
    expect(await reader.read('node-a')).toBe(one);
    expect(state.reads).toBe(2);
  });

  test('compares with the last reading while that is not old', async () => {
    const { clock, state, reader } = scene();
    const first = reader.read('node-a');
    await settled();
    clock.advance(1_000);
    await first;
    clock.advance(20_000);
    expect(await reader.read('node-a')).toMatchObject({ windowMs: 20_000 });
    expect(state.reads).toBe(3);
  });

  test('knows nothing of a node whose agent is gone', async () => {
    const { state, reader } = scene();
    state.connected = false;
    expect(await reader.read('node-a')).toBeUndefined();
    expect(state.reads).toBe(0);
  });
});
