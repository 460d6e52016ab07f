import type { Revision } from '../storage.ts';
import type { CachedItem } from './item.ts';

export type CacheEventType = 'added' | 'modified' | 'deleted';

/** What a watcher is told. One object for all watchers that are told the same, so what is made of it can be shared. */
export class CacheEvent<T> {
  readonly type: CacheEventType;
  readonly key: string;
  /** Revision of the change. For a deletion that is later than the object's own. */
  readonly revision: Revision;
  /** The object after the change; for 'deleted', the last one that matched the watcher. */
  readonly object: T;
  /** The object before the change, as far as the watcher knew it. */
  readonly previous: T | undefined;

  constructor(type: CacheEventType, item: CachedItem<T>, previous: T | undefined, revision: Revision) {
    this.type = type;
    this.key = item.key;
    this.revision = revision;
    this.object = item.object;
    this.previous = previous;
  }
}

/**
 * A change of one key, as the history keeps it: the items before and after it, at least one of them there.
 *
 * A watcher with a filter may have to be told something else than what happened: an object that starts to match was
 * added as far as it knows, one that stops to match was deleted (apiserver/pkg/storage/cacher/cache_watcher.go). The
 * event for each such view is made once.
 */
export class StateChange<T> {
  readonly key: string;
  readonly revision: Revision;
  readonly before: CachedItem<T> | undefined;
  readonly after: CachedItem<T> | undefined;
  #added: CacheEvent<T> | undefined = undefined;
  #modified: CacheEvent<T> | undefined = undefined;
  #deleted: CacheEvent<T> | undefined = undefined;

  constructor(
    key: string,
    revision: Revision,
    before: CachedItem<T> | undefined,
    after: CachedItem<T> | undefined,
  ) {
    this.key = key;
    this.revision = revision;
    this.before = before;
    this.after = after;
  }

  /** Size of the value a watcher is sent. */
  get bytes(): number {
    return (this.after ?? this.before)?.bytes ?? 0;
  }

  /** The event for a watcher that sees only what `matches` accepts; undefined when it is none of its business. */
  eventFor(matches: ((item: CachedItem<T>) => boolean) | undefined): CacheEvent<T> | undefined {
    const { before, after } = this;
    const was = before !== undefined && (matches === undefined || matches(before));
    const is = after !== undefined && (matches === undefined || matches(after));
    if (is && was)
      return (this.#modified ??= new CacheEvent('modified', after, before.object, this.revision));
    if (is) return (this.#added ??= new CacheEvent('added', after, undefined, this.revision));
    if (was) return (this.#deleted ??= new CacheEvent('deleted', before, before.object, this.revision));
    return undefined;
  }
}
