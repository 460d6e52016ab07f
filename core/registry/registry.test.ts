import { expect, test } from 'vitest';
import { createScheme } from '../api/kinds/scheme.ts';
import { deferred } from '../machinery/deferred.ts';
import { seededRandom } from '../machinery/random.ts';
import { SteppedClock } from '../machinery/stepped-clock.ts';
import { MemoryStore } from '../storage/memory/store.ts';
import type { ListOptions, Page } from '../storage/storage.ts';
import { Registry } from './registry.ts';

/** Lists nothing before it is let. */
class LargeStore extends MemoryStore {
  readonly read = deferred();

  override async list(prefix: string, options: ListOptions): Promise<Page> {
    await this.read.promise;
    return super.list(prefix, options);
  }
}

test('a start waits for a store that takes longer to read than a request may wait', async () => {
  const clock = new SteppedClock();
  const store = new LargeStore();
  const random = seededRandom(1);
  const registry = new Registry({ scheme: createScheme(), store, clock, random, strategies: new Map() });
  const stop = new AbortController();
  const running = registry.run(stop.signal);
  let isReady = false;
  const ready = registry.ready().then(() => (isReady = true));
  await clock.advanceAsync(60_000);
  expect(isReady).toBe(false);
  store.read.resolve();
  await ready;
  stop.abort();
  await running;
});
