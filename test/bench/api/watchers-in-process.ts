import type { Verbs, WatchEvent } from '../../../core/api/verbs.ts';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Lateness, sharedNowMs } from './lateness.ts';
import { allPods } from './stored-pods.ts';

/** So many come or go in one turn of the event loop. */
const atOnce = 20;

/** Watches all Pods many times over, inside of core: what is sent to one is sent to all. */
export async function watchInProcess(verbs: Verbs, watchers: number) {
  const stops = Array.from({ length: watchers }, () => new AbortController());
  const lateness = new Lateness();
  /** Those who are told of the same are handed the same array, one after the other. */
  let last:
    { readonly batch: readonly WatchEvent[]; readonly sentMs: readonly (number | undefined)[] } | undefined;
  const { resourceVersion } = await verbs.list({}, allPods, { limit: 1 });
  let wanted = Infinity;
  let onAll: () => void = () => {};
  const all = new Promise<void>((resolve) => (onAll = resolve));
  const sentTimes = (batch: readonly WatchEvent[]) => {
    if (last?.batch !== batch) last = { batch, sentMs: batch.map(sentAt) };
    return last.sentMs;
  };
  const follow = async ({ signal }: AbortController) => {
    for await (const batch of verbs.watch({ signal }, allPods, { resourceVersion })) {
      const nowMs = sharedNowMs();
      for (const sentMs of sentTimes(batch)) lateness.see(sentMs, nowMs);
      if (lateness.seen >= wanted) onAll();
    }
  };
  const following: Promise<void>[] = [];
  for (const stop of stops) {
    following.push(follow(stop));
    if (following.length % atOnce === 0) await nextTurn();
  }
  return {
    /** Resolves to the 99th percentile once each watcher has seen that many events. */
    async end(events: number): Promise<number> {
      wanted = events * watchers;
      const late = new Promise((resolve) => setTimeout(resolve, 20_000).unref());
      if (lateness.seen < wanted) await Promise.race([all, late]);
      for (const [index, stop] of stops.entries()) {
        stop.abort();
        if (index % atOnce === 0) await nextTurn();
      }
      await Promise.allSettled(following);
      if (lateness.seen < wanted) throw new Error(`Watchers saw ${lateness.seen} events of ${wanted}`);
      return lateness.quantile(0.99);
    },
  };
}

function sentAt(event: WatchEvent): number | undefined {
  if (event.type === 'BOOKMARK') return undefined;
  const { sent } = event.object.object.metadata.annotations ?? {};
  return sent === undefined ? undefined : Number(sent);
}
