import type { Clock } from '../../machinery/clock.ts';
import { Stints } from '../../machinery/loop-time.ts';
import type { Revision } from '../storage.ts';
import type { StateChange } from './event.ts';
import { CacheEvent } from './event.ts';
import type { CachedItem } from './item.ts';
import type { CacheSnapshot, Range } from './state.ts';
import type { CacheBatch, Scope } from './watcher.ts';

type Matches<T> = ((item: CachedItem<T>) => boolean) | undefined;

type Batches<T> = AsyncGenerator<CacheBatch<T>, void, undefined>;

/**
 * Everything there is, as 'added', in batches small enough to be sent one after the other; the last batch says that
 * it is the last. Read from a snapshot as the reader comes for it: a slow reader holds references, not copies. Ends
 * early once nobody reads, for which `isOver` is asked now and then.
 */
export async function* initialBacklog<T>(
  snapshot: CacheSnapshot<T>,
  range: Range,
  matches: Matches<T>,
  clock: Clock,
  isOver: () => boolean,
): Batches<T> {
  const { revision } = snapshot;
  const stints = new Stints(clock);
  let events: CacheEvent<T>[] = [];
  let bytes = 0;
  for (const run of snapshot.runs(range)) {
    if (stints.isOver) {
      await stints.next();
      if (isOver()) return;
    }
    for (const item of run) {
      if (matches !== undefined && !matches(item)) continue;
      events.push(new CacheEvent('added', item, undefined, item.modRevision));
      bytes += item.bytes;
    }
    if (events.length >= maxBatchEvents || bytes >= maxBatchBytes) {
      yield { revision, events, initialEventsEnd: false };
      events = [];
      bytes = 0;
    }
  }
  yield { revision, events, initialEventsEnd: true };
}

/** The changes of the history that `scope` covers, whole revisions at a time; ends early as `initialBacklog`. */
export async function* replayBacklog<T>(
  changes: readonly StateChange<T>[],
  scope: Scope,
  matches: Matches<T>,
  clock: Clock,
  isOver: () => boolean,
): Batches<T> {
  const stints = new Stints(clock);
  let events: CacheEvent<T>[] = [];
  let bytes = 0;
  let revision: Revision = 0;
  for (const [position, change] of changes.entries()) {
    if (position % 64 === 63 && stints.isOver) {
      await stints.next();
      if (isOver()) return;
    }
    const full = events.length >= maxBatchEvents || bytes >= maxBatchBytes;
    if (full && change.revision !== revision) {
      yield { revision, events, initialEventsEnd: false };
      events = [];
      bytes = 0;
    }
    revision = change.revision;
    if (!change.key.startsWith(scope.prefix)) continue;
    if (scope.key !== undefined && scope.key !== change.key) continue;
    const event = change.eventFor(matches);
    if (event === undefined) continue;
    events.push(event);
    bytes += change.bytes;
  }
  if (events.length > 0) yield { revision, events, initialEventsEnd: false };
}

const maxBatchEvents = 500;
const maxBatchBytes = 1024 * 1024;
