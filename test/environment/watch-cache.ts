import { setMaxListeners } from 'node:events';
import { parseLabelSelector } from '../../core/machinery/label-selector.ts';
import { SteppedClock } from '../../core/machinery/stepped-clock.ts';
import type { WatchCacheOptions } from '../../core/storage/watch-cache/cache.ts';
import { WatchCache } from '../../core/storage/watch-cache/cache.ts';
import type { LabelTest } from '../../core/storage/watch-cache/label-groups.ts';
import type { CacheBatch } from '../../core/storage/watch-cache/watcher.ts';
import { InterruptibleStore } from './interruptible-store.ts';

/** Values are "node-name/anything". */
export interface Pod {
  readonly node: string;
  readonly text: string;
}

/** A watch cache of Pods on a store that can be broken, under a stepped clock; each test has its own. */
export class CacheScene {
  store = new InterruptibleStore();
  readonly clock = new SteppedClock();
  readonly #running: { readonly controller: AbortController; readonly done: Promise<void> }[] = [];

  options(more: Partial<WatchCacheOptions<Pod>> = {}): WatchCacheOptions<Pod> {
    return {
      store: this.store,
      prefix: '/registry/pods/',
      clock: this.clock,
      decode: ({ value }) => {
        const text = value.toString();
        const [node, rest] = text.split('/');
        if (node === undefined || rest === undefined) throw new Error(`Cannot parse "${text}"`);
        return { node, text };
      },
      indexes: { node: (pod) => [pod.node] },
      labelsOf: ({ text }) => labelled(text.slice(text.indexOf('/') + 1)),
      ...more,
    };
  }

  async started(more: Partial<WatchCacheOptions<Pod>> = {}): Promise<WatchCache<Pod>> {
    const cache = new WatchCache(this.options(more));
    const controller = new AbortController();
    this.#running.push({ controller, done: cache.run(controller.signal) });
    await cache.waitFor(0);
    return cache;
  }

  async stop(): Promise<void> {
    for (const { controller } of this.#running) controller.abort();
    await Promise.all(this.#running.map(({ done }) => done));
  }
}

const labelSets = new Map<string, { readonly text: string }>();

/** Equal labels are one object, as the registry makes them. */
function labelled(text: string): { readonly text: string } {
  const labels = labelSets.get(text) ?? { text };
  labelSets.set(text, labels);
  return labels;
}

export const forever = new AbortController().signal;
setMaxListeners(Infinity, forever);

export function key(namespace: string, name: string): string {
  return `/registry/pods/${namespace}/${name}`;
}

export function is(wanted: string): LabelTest {
  return parseLabelSelector(`text=${wanted}`);
}

export async function next(watch: AsyncIterator<CacheBatch<Pod>>): Promise<CacheBatch<Pod>> {
  const result = await watch.next();
  if (result.done === true) throw new Error('The watch ended');
  return result.value;
}

export function told(batch: CacheBatch<Pod>): string[] {
  return batch.events.map(({ type, object }) => `${type} ${object.text}`);
}

/** A turn of the event loop. */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
