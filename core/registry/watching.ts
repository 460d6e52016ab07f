import { gone } from '../api/errors.ts';
import type { Call, CollectionTarget, WatchEvent, WatchOptions } from '../api/verbs.ts';
import type { Clock } from '../machinery/clock.ts';
import { RecentMap } from '../machinery/recent-map.ts';
import { fromStorage } from './errors.ts';
import { parseRevision } from './list-options.ts';
import type { ResourceStore } from './resource-store.ts';
import type { Selection } from './selection.ts';
import type { StoredObject } from './stored-object.ts';
import type { CacheEvent } from '../storage/watch-cache/event.ts';
import type { CacheBatch } from '../storage/watch-cache/watcher.ts';

/** Upstream's cacher sends bookmarks about once a minute. */
const bookmarkIntervalMs = 60_000;
/** Nor does a watch end long after one: whoever goes on from there misses little (cacher/cache_watcher.go). */
const bookmarkBeforeEndMs = 2_000;
/** How much is kept of what was shown last, with the objects in it: for those who are told of the same change. */
const roomBytes = 2 * 1024 * 1024;

/** The events of a kind to one watcher: what there is first, where asked for, then everything after, in order. */
export async function* watchStore(
  store: ResourceStore,
  call: Call,
  target: CollectionTarget,
  options: WatchOptions,
  clock: Clock,
  declaration = store.declaration,
): AsyncGenerator<readonly WatchEvent[], void, undefined> {
  const selection = store.select(options, declaration);
  const start = startOf(options);
  const { signal, end, endsAtMs } = lifetime(call.signal, options.timeoutSeconds, clock);
  try {
    // What was acknowledged before the watch began belongs to its beginning.
    await store.waitUntil(
      start.initialEvents && !start.mayBeOld ? { kind: 'latest' } : { kind: 'any' },
      signal,
    );
    const batches = store.cache.watch({
      prefix: store.prefixOf(target.namespace),
      key: keyOfOne(store, target, selection),
      ...(start.initialEvents ? { initialEvents: true } : { after: start.after }),
      labels: selection.labels,
      filter: selection.filter,
      index: selection.index,
      progressIntervalMs: options.allowBookmarks === true ? bookmarkIntervalMs : undefined,
      lastProgressMs:
        endsAtMs === undefined ? undefined : endsAtMs - bookmarkBeforeEndMs - clock.monotonicMs(),
      signal,
    });
    for await (const batch of batches) {
      const events = eventsOf(batch, options);
      if (events.length > 0) yield events;
    }
  } catch (error) {
    if (signal.aborted) return;
    throw fromStorage(error);
  } finally {
    end();
  }
}

/** Where the name says which object it is, nobody else's changes are looked at. */
function keyOfOne(
  store: ResourceStore,
  { namespace }: CollectionTarget,
  { name = '' }: Selection,
): string | undefined {
  if (name === '' || (store.declaration.namespaced && namespace === undefined)) return undefined;
  return store.keyOf(namespace, name);
}

type Start =
  | { readonly initialEvents: true; readonly mayBeOld: boolean }
  | { readonly initialEvents: false; readonly mayBeOld: true; readonly after: number };

function startOf({ resourceVersion = '', sendInitialEvents }: WatchOptions): Start {
  const revision = resourceVersion === '' ? 0 : parseRevision(resourceVersion);
  if (sendInitialEvents === true) return { initialEvents: true, mayBeOld: resourceVersion === '0' };
  if (revision === 0 && sendInitialEvents !== false)
    return { initialEvents: true, mayBeOld: resourceVersion === '0' };
  if (revision === 0) throw gone('A watch without initial events needs a resourceVersion to start from.');
  return { initialEvents: false, mayBeOld: true, after: revision };
}

function eventsOf(batch: CacheBatch<StoredObject>, options: WatchOptions): readonly WatchEvent[] {
  const events = shownOf(batch.events);
  if (options.allowBookmarks !== true) return events;
  // The end of what there is comes as a bookmark, to those who take bookmarks (cacher/cacher.go: isListWatchRequest).
  const closesState = batch.initialEventsEnd && options.sendInitialEvents === true;
  const isProgress = batch.events.length === 0 && !batch.initialEventsEnd;
  if (!closesState && !isProgress) return events;
  return [
    ...events,
    { type: 'BOOKMARK', resourceVersion: String(batch.revision), initialEventsEnd: closesState },
  ];
}

/**
 * By the events of the cache: those who are handed the same ones there within moments are handed the same ones here.
 * The history holds the cache's events for long, and its bound does not count what is made of them.
 */
const shown = new RecentMap<readonly CacheEvent<StoredObject>[], readonly WatchEvent[]>(roomBytes);

function shownOf(events: readonly CacheEvent<StoredObject>[]): readonly WatchEvent[] {
  if (events.length === 0) return [];
  const made = shown.get(events);
  if (made !== undefined) return made;
  const fresh = events.map(eventOf);
  shown.set(
    events,
    fresh,
    events.reduce((sum, event) => sum + heldBytes(event), 0),
  );
  return fresh;
}

function eventOf(event: CacheEvent<StoredObject>): WatchEvent {
  switch (event.type) {
    case 'added':
      return { type: 'ADDED', object: event.object };
    case 'modified':
      return { type: 'MODIFIED', object: event.object };
    case 'deleted':
      return { type: 'DELETED', object: lastOf(event) };
  }
}

/** Made once for all who are told of the deletion, so that its encoding is shared. */
const ended = new RecentMap<CacheEvent<StoredObject>, StoredObject>(roomBytes);

/** The last object, as of its end: whoever resumes from it must not see it deleted again. */
function lastOf(event: CacheEvent<StoredObject>): StoredObject {
  const made = ended.get(event);
  if (made !== undefined) return made;
  const last = event.object.at(event.revision);
  ended.set(event, last, heldBytes(event));
  return last;
}

function heldBytes({ type, object, previous }: CacheEvent<StoredObject>): number {
  const copied = type === 'deleted' ? object.valueLength : 0;
  return object.valueLength + (previous?.valueLength ?? 0) + copied + 200;
}

/** Ends with the caller's signal or when the time asked for is over. */
function lifetime(given: AbortSignal | undefined, timeoutSeconds: number | undefined, clock: Clock) {
  const outer = given ?? new AbortController().signal;
  // Watches are many, and may all end in one moment: one signal is half the work of two.
  if (timeoutSeconds === undefined || timeoutSeconds <= 0)
    return { signal: outer, end: () => {}, endsAtMs: undefined };
  const over = new AbortController();
  const stop = () => over.abort(outer.reason);
  if (outer.aborted) stop();
  // One of AbortSignal.any costs 2 KB more for as long as it goes on.
  outer.addEventListener('abort', stop, { once: true });
  const cancel = clock.after(timeoutSeconds * 1000, () => over.abort(timeIsOver));
  const end = () => {
    cancel();
    outer.removeEventListener('abort', stop);
  };
  return { signal: over.signal, end, endsAtMs: clock.monotonicMs() + timeoutSeconds * 1000 };
}

/** Made once: it ends a watch as it should, and nobody reads its stack. */
const timeIsOver = new Error('the time of the watch is over');
