/**
 * The seam between the API server and the key-value store that keeps the cluster.
 *
 * Keys are text, values are bytes that the store never looks into. Every committed transaction gets the next
 * revision of one counter, or the next few, for changes of their own. Implementations: etcd, embedded (lmdb), memory; one
 * conformance suite runs over all of them.
 */
export interface KeyValueStore {
  /** "etcd", "embedded" or "memory": for messages to people. */
  readonly name: string;

  /** The newest committed value, or undefined. A linearizable read. */
  get(key: string, options: CallOptions): Promise<KeyValue | undefined>;

  /**
   * Entries whose key starts with `prefix`, in key order, all as of one revision.
   * Throws `StorageError` with reason "compacted" when `revision` is no longer kept, "future" when not reached yet.
   */
  list(prefix: string, options: ListOptions): Promise<Page>;

  /**
   * Applies all `writes` at once if every condition holds, otherwise nothing. A key appears at most once
   * among the writes. A store that loses the reply finds out whether the transaction was applied before it
   * answers; only when it cannot find out does it throw with reason "unknown-outcome".
   * Writes that change nothing (none, or deletes of absent keys) commit without taking a revision.
   * Throws "too-large" beyond `maxValueBytes`, `maxTransactionBytes` or `maxTransactionKeys`, before anything is sent.
   */
  transact(
    conditions: readonly Condition[],
    writes: readonly Write[],
    options: CallOptions,
  ): Promise<Outcome>;

  /**
   * Every change under `prefix` with a revision greater than `after`, once, in order, until `signal` aborts
   * (the iteration then ends normally). Changes of one revision always come in one batch. A batch without
   * changes is progress: everything up to its revision was delivered. Lost connections are resumed inside.
   * Throws "compacted" when the changes after `after` are no longer kept: list again, then watch from there;
   * "closed" when the store is closed.
   */
  watch(prefix: string, options: WatchOptions): AsyncIterable<WatchBatch>;

  /**
   * The watches of exactly `prefix` tell, with progress, when they have come to `revision`. Of changes elsewhere they
   * tell by themselves too, but as late as suits the store.
   */
  requestProgress(prefix: string, revision: Revision): void;

  /** The newest committed revision (linearizable). */
  revision(options: CallOptions): Promise<Revision>;

  /**
   * Forgets history before `revision`: reads and watches from before it throw "compacted". Does nothing when that
   * is forgotten already; throws "future" when `revision` is not reached yet.
   */
  compact(revision: Revision, options: CallOptions): Promise<void>;

  /** Resolves when a linearizable read succeeds; throws "unavailable" with the cause otherwise. */
  health(options: CallOptions): Promise<void>;

  /** Releases everything. Calls after it, and watches that still run, throw "closed". */
  close(): Promise<void>;
}

/**
 * The store's counter; some numbers may be left out. A number inside core (2^53 commits do not happen), a decimal string called resourceVersion
 * everywhere outside, where it is opaque.
 */
export type Revision = number;

export interface CallOptions {
  /** Aborting rejects the call with the signal's reason. Without one, a call still ends: stores apply a deadline of their own. */
  readonly signal?: AbortSignal | undefined;
}

export interface ListOptions extends CallOptions {
  /** At most this many entries; all when absent. */
  readonly limit?: number;
  /** Only keys strictly greater than this one: where the last page ended. */
  readonly startAfter?: string;
  /** Read as of this revision; the newest when absent. */
  readonly revision?: Revision;
  /** False where it is enough to know whether there are more: a store to which counting is work leaves it then. */
  readonly counted?: boolean;
}

export interface WatchOptions {
  readonly after: Revision;
  /** Fill `Change.previous`. Costs etcd a second value per change, so only those who need it ask. */
  readonly withPrevious?: boolean;
  readonly signal: AbortSignal;
}

export interface KeyValue {
  readonly key: string;
  /** Owns its memory (never a slice of a larger receive buffer) and is read-only to everyone. */
  readonly value: Buffer;
  /** Revision of the last change to this key. */
  readonly modRevision: Revision;
  /** Revision at which this key was last created. */
  readonly createRevision: Revision;
  /** Why the value means nothing: what was stored could not be decrypted. Says nothing of the value itself. */
  readonly unreadable?: Error | undefined;
}

export interface Page {
  readonly items: readonly KeyValue[];
  /**
   * The revision the whole list is as of; the same for every page read with it. Where another one was asked for it is
   * that one, or the end of the writes that were committed together with it.
   */
  readonly revision: Revision;
  /** How many more entries there are after this page; not `counted`, at least 1 where there are any. */
  readonly remaining: number;
}

/** Holds when the key's modRevision equals `modRevision`; 0 means the key does not exist. */
export interface Condition {
  readonly key: string;
  readonly modRevision: Revision;
}

export type Write =
  | { readonly kind: 'put'; readonly key: string; readonly value: Buffer }
  | { readonly kind: 'delete'; readonly key: string };

export type Outcome =
  /** `revision` is that of the write; of several writes, one at which all of them are there. */
  | { readonly committed: true; readonly revision: Revision }
  /** `current` holds what each condition's key is now, in the order of the conditions. */
  | {
      readonly committed: false;
      readonly revision: Revision;
      readonly current: readonly (KeyValue | undefined)[];
    };

/** Everything up to `revision`: a batch may hold several revisions, each of them whole. */
export interface WatchBatch {
  readonly revision: Revision;
  readonly changes: readonly Change[];
}

export type Change =
  | { readonly kind: 'put'; readonly entry: KeyValue; readonly previous: KeyValue | undefined }
  | {
      readonly kind: 'delete';
      readonly key: string;
      readonly revision: Revision;
      readonly previous: KeyValue | undefined;
    };

export type StorageReason =
  | 'compacted'
  | 'future'
  | 'unavailable'
  | 'unknown-outcome'
  | 'too-large'
  | 'closed'
  | 'corrupt'
  /** A watcher of the watch cache fell behind by more than its buffer and was cut: it lists again. */
  | 'slow';

/** The longest key a store must accept, in bytes of UTF-8. Keys are not empty and hold no NUL. */
export const maxKeyBytes = 1_900;

/** The largest value a store must accept, in bytes (etcd's default request limit, less room for the envelope). */
export const maxValueBytes = 1_400_000;

/** The largest transaction a store must accept: the bytes of all keys and values together. */
export const maxTransactionBytes = 1_500_000;

/** How many conditions, and how many writes, a store must accept in one transaction (etcd's default limit). */
export const maxTransactionKeys = 128;

export class StorageError extends Error {
  readonly reason: StorageReason;

  constructor(reason: StorageReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StorageError';
    this.reason = reason;
  }
}
