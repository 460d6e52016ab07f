import { checkTransaction, closedError, compactedError, futureError } from '../check.ts';
import type { OrderedView } from '../ordered-map.ts';
import { OrderedMap } from '../ordered-map.ts';
import { PrefixReader } from '../prefix-reader.ts';
import { keyOf } from '../recent-changes.ts';
import type {
  CallOptions,
  Change,
  Condition,
  KeyValue,
  KeyValueStore,
  ListOptions,
  Outcome,
  Page,
  Revision,
  WatchBatch,
  WatchOptions,
  Write,
} from '../storage.ts';

export interface MemoryStoreOptions {
  /** The oldest revisions are compacted beyond this many. */
  readonly maxHistoryRevisions?: number;
  /** The oldest revisions are compacted when the values written in them exceed this. */
  readonly maxHistoryBytes?: number;
}

/**
 * The store for tests and simulations: nothing survives the process, nothing depends on time, and a call settles
 * within the microtask queue.
 *
 * Each revision keeps a snapshot of the whole map (they share structure), so a historic list reads the past as if it
 * were the present, and a watch is a cursor into the kept revisions that needs no queue of its own.
 */
export class MemoryStore implements KeyValueStore {
  readonly name = 'memory';
  readonly #maxHistoryRevisions: number;
  readonly #maxHistoryBytes: number;
  readonly #map = new OrderedMap<KeyValue>();
  /** Contiguous revisions, the oldest readable one first; never empty. */
  #history: Transaction[];
  #historyBytes = 0;
  readonly #readers = new Set<PrefixReader>();
  #closed = false;

  constructor(options: MemoryStoreOptions = {}) {
    this.#maxHistoryRevisions = options.maxHistoryRevisions ?? 20_000;
    this.#maxHistoryBytes = options.maxHistoryBytes ?? 64 * 1024 * 1024;
    // An empty etcd is at revision 1, and so are we: 0 stays free to mean "does not exist".
    this.#history = [{ revision: 1, view: this.#map.snapshot(), changes: [], bytes: 0 }];
  }

  async get(key: string, options: CallOptions): Promise<KeyValue | undefined> {
    this.#enter(options);
    return this.#map.get(key);
  }

  async list(prefix: string, options: ListOptions): Promise<Page> {
    this.#enter(options);
    const revision = options.revision ?? this.#newest.revision;
    const { view } = this.#at('list at', revision);
    const items: KeyValue[] = [];
    const limit = options.limit ?? Infinity;
    for (const run of view.runs(prefix, options.startAfter)) {
      if (items.length >= limit) break;
      items.push(...run.slice(0, limit - items.length));
    }
    return { items, revision, remaining: view.count(prefix, options.startAfter) - items.length };
  }

  async transact(
    conditions: readonly Condition[],
    writes: readonly Write[],
    options: CallOptions,
  ): Promise<Outcome> {
    this.#enter(options);
    checkTransaction(conditions, writes);
    const current = conditions.map(({ key }) => this.#map.get(key));
    if (conditions.some(({ modRevision }, index) => (current[index]?.modRevision ?? 0) !== modRevision)) {
      return { committed: false, revision: this.#newest.revision, current };
    }
    const revision = this.#newest.revision + 1;
    const changes = writes
      .map((write) => this.#apply(write, revision))
      .filter((change) => change !== undefined);
    if (changes.length === 0) return { committed: true, revision: this.#newest.revision };
    const bytes = changes.reduce((sum, change) => sum + bytesOf(change), 0);
    this.#history.push({ revision, view: this.#map.snapshot(), changes, bytes });
    this.#historyBytes += bytes;
    this.#forgetBeyondBounds();
    for (const reader of this.#readers) reader.heardOf(revision, changes);
    return { committed: true, revision };
  }

  async *watch(prefix: string, options: WatchOptions): AsyncGenerator<WatchBatch, void, undefined> {
    const reader = new PrefixReader(prefix, options.after);
    // What is there already is looked at once.
    if (options.after < this.#newest.revision) reader.changed(options.after + 1);
    using _ = reader.wakeOn(options.signal);
    this.#readers.add(reader);
    try {
      for (;;) {
        if (options.signal.aborted) return;
        if (this.#closed) throw closedError(this.name);
        const newest = this.#newest.revision;
        const from = reader.changedFrom;
        if (from === undefined && !reader.wantsProgress(newest)) {
          await reader.wait();
          continue;
        }
        if (from !== undefined) this.#at('watch after', from - 1);
        const revision = from === undefined ? newest : Math.min(newest, from - 1 + maxBatchRevisions);
        const changes =
          from === undefined
            ? none
            : this.#changesBelow(prefix, from, revision, options.withPrevious === true);
        reader.told(revision, revision < newest);
        yield { revision, changes };
      }
    } finally {
      this.#readers.delete(reader);
    }
  }

  #changesBelow(prefix: string, from: Revision, upTo: Revision, withPrevious: boolean): readonly Change[] {
    const oldest = this.#history[0]!.revision;
    const found: Change[] = [];
    for (let revision = from; revision <= upTo; revision++) {
      for (const change of this.#history[revision - oldest]!.changes) {
        if (!keyOf(change).startsWith(prefix)) continue;
        found.push(withPrevious ? change : { ...change, previous: undefined });
      }
    }
    return found;
  }

  requestProgress(prefix: string, revision: Revision): void {
    for (const reader of this.#readers) if (reader.prefix === prefix) reader.want(revision);
  }

  async revision(options: CallOptions): Promise<Revision> {
    this.#enter(options);
    return this.#newest.revision;
  }

  async compact(revision: Revision, options: CallOptions): Promise<void> {
    this.#enter(options);
    if (revision > this.#newest.revision) throw futureError('compact at', revision, this.#newest.revision);
    this.#forgetBefore(revision);
  }

  async health(options: CallOptions): Promise<void> {
    this.#enter(options);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const reader of this.#readers) reader.wake();
  }

  get #newest(): Transaction {
    return this.#history[this.#history.length - 1]!;
  }

  #enter(options: CallOptions): void {
    options.signal?.throwIfAborted();
    if (this.#closed) throw closedError(this.name);
  }

  #at(action: string, revision: Revision): Transaction {
    const oldest = this.#history[0]!.revision;
    if (revision < oldest) throw compactedError(action, revision, oldest);
    const transaction = this.#history[revision - oldest];
    if (transaction === undefined) throw futureError(action, revision, this.#newest.revision);
    return transaction;
  }

  #apply(write: Write, revision: Revision): Change | undefined {
    const { key } = write;
    const previous = this.#map.get(key);
    if (write.kind === 'put') {
      const createRevision = previous?.createRevision ?? revision;
      const entry: KeyValue = { key, value: write.value, modRevision: revision, createRevision };
      this.#map.set(key, entry);
      return { kind: 'put', entry, previous };
    }
    if (previous === undefined) return undefined;
    this.#map.delete(key);
    return { kind: 'delete', key, revision, previous };
  }

  #forgetBeyondBounds(): void {
    let drop = Math.max(0, this.#history.length - this.#maxHistoryRevisions);
    let bytes = this.#historyBytes;
    for (let index = 0; index < this.#history.length - 1; index++) {
      if (index >= drop && bytes <= this.#maxHistoryBytes) break;
      bytes -= this.#history[index]!.bytes;
      drop = Math.max(drop, index + 1);
    }
    // Dropping from the front moves the rest: do it for an eighth of them at a time.
    if (drop > this.#history.length / 8) this.#forgetBefore(this.#history[drop]!.revision);
  }

  #forgetBefore(revision: Revision): void {
    const dropped = this.#history.splice(0, Math.max(0, revision - this.#history[0]!.revision));
    for (const { bytes } of dropped) this.#historyBytes -= bytes;
  }
}

const none: readonly Change[] = [];

/** How many revisions one batch may join, so that a watch far behind does not hold up the process. */
const maxBatchRevisions = 500;

interface Transaction {
  readonly revision: Revision;
  /** Everything, as of this revision. */
  readonly view: OrderedView<KeyValue>;
  readonly changes: readonly Change[];
  readonly bytes: number;
}

function bytesOf(change: Change): number {
  return change.kind === 'put' ? change.entry.value.length + 200 : 200;
}
