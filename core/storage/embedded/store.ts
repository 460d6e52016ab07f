import { nextTurn } from '../../machinery/next-turn.ts';
import { checkTransaction, closedError, compactedError, futureError } from '../check.ts';
import { prefixEnd } from '../ordered-map.ts';
import { PrefixReader } from '../prefix-reader.ts';
import { keyOf, RecentChanges } from '../recent-changes.ts';
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
import { StorageError } from '../storage.ts';
import type { Commit, DatabaseView } from './database.ts';
import { EmbeddedDatabase } from './database.ts';

export interface EmbeddedStoreOptions {
  /** The folder of the database; made when it is not there. */
  readonly path: string;
}

/**
 * The store of a single core without etcd: LMDB in the process, with etcd's revisions and history on top.
 *
 * Transactions that wait at the same time are checked one after the other and written with one sync of the disk. A
 * commit that was acknowledged is on the disk; one that was not is there wholly or not at all.
 */
export class EmbeddedStore implements KeyValueStore {
  readonly name = 'embedded';
  readonly #database: EmbeddedDatabase;
  readonly #recent: RecentChanges;
  readonly #readers = new Set<PrefixReader>();
  /** How many followed the last page of an old revision that was counted. */
  #counted:
    | {
        readonly prefix: string;
        readonly revision: Revision;
        readonly after: string | undefined;
        readonly remaining: number;
      }
    | undefined;
  #waiting: WaitingTransaction[] = [];
  #committing: Promise<void> | undefined;
  #forgetting: Promise<void> | undefined;
  #closed = false;

  private constructor(database: EmbeddedDatabase) {
    this.#database = database;
    this.#recent = new RecentChanges(database.read((view) => view.newest));
  }

  /** Throws "corrupt" when the folder holds something else, "unavailable" when it cannot be opened. */
  static open({ path }: EmbeddedStoreOptions): EmbeddedStore {
    try {
      return new EmbeddedStore(new EmbeddedDatabase(path));
    } catch (cause) {
      if (cause instanceof StorageError) throw cause;
      throw new StorageError('unavailable', `Cannot open the embedded store in "${path}": ${String(cause)}`, {
        cause,
      });
    }
  }

  async get(key: string, options: CallOptions): Promise<KeyValue | undefined> {
    this.#enter(options);
    return this.#database.read((view) => view.get(key));
  }

  async list(prefix: string, options: ListOptions): Promise<Page> {
    this.#enter(options);
    const { startAfter, limit = Infinity, counted = true, signal } = options;
    const { start, end } = rangeOf(prefix, startAfter);
    const { isPast, ...page } = this.#database.read((view) => {
      const revision = options.revision ?? view.newest;
      checkReadable(view, 'list at', revision);
      if (revision === view.newest) {
        const items = [...view.current(start, end, limit === Infinity ? undefined : limit)];
        const remaining = items.length < limit ? 0 : view.countCurrent(start, end) - items.length;
        return { items, revision, remaining, isPast: false };
      }
      const items = [...first(view.at(revision, start, end), limit + 1)];
      const remaining = items.length > limit ? 1 : 0;
      return { items: items.slice(0, limit), revision, remaining, isPast: true };
    });
    if (!isPast || !counted || page.remaining === 0) return page;
    return { ...page, remaining: await this.#countPast(prefix, startAfter, page, signal) };
  }

  /**
   * How many follow a page of an old revision. They are counted one by one, so a slice at a time, and once: what was
   * there then does not change, so the page that follows takes its own off.
   */
  async #countPast(
    prefix: string,
    startAfter: string | undefined,
    { items, revision }: Page,
    signal: AbortSignal | undefined,
  ): Promise<number> {
    const after = items.at(-1)?.key ?? startAfter;
    const before = this.#counted;
    if (before?.prefix === prefix && before.revision === revision && before.after === startAfter) {
      const remaining = before.remaining - items.length;
      this.#counted = { prefix, revision, after, remaining };
      return remaining;
    }
    let remaining = 0;
    for (let position = after; ;) {
      const keys = this.#database.read((view) => {
        checkReadable(view, 'list at', revision);
        const { start, end } = rangeOf(prefix, position);
        return [...first(view.at(revision, start, end), countedAtOnce)].map(({ key }) => key);
      });
      remaining += keys.length;
      if (keys.length < countedAtOnce) break;
      position = keys.at(-1);
      await nextTurn();
      this.#enter({ signal });
    }
    this.#counted = { prefix, revision, after, remaining };
    return remaining;
  }

  async transact(
    conditions: readonly Condition[],
    writes: readonly Write[],
    options: CallOptions,
  ): Promise<Outcome> {
    this.#enter(options);
    checkTransaction(conditions, writes);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ conditions, writes, signal: options.signal, resolve, reject });
      this.#committing ??= this.#commitAll();
    });
  }

  async *watch(prefix: string, options: WatchOptions): AsyncGenerator<WatchBatch, void, undefined> {
    const { signal, withPrevious = false } = options;
    const reader = new PrefixReader(prefix, options.after);
    // What is there already is looked at once.
    if (options.after < this.#recent.position) reader.changed(options.after + 1);
    using _ = reader.wakeOn(signal);
    this.#readers.add(reader);
    try {
      for (;;) {
        if (signal.aborted) return;
        if (this.#closed) throw closedError(this.name);
        const newest = this.#recent.position;
        const from = reader.changedFrom;
        if (from === undefined && !reader.wantsProgress(newest)) {
          await reader.wait();
          continue;
        }
        const batch = from === undefined ? { revision: newest, changes: [] } : this.#after(from - 1, prefix);
        reader.told(batch.revision, batch.revision < newest);
        const changes = withPrevious
          ? batch.changes
          : batch.changes.map((change) => ({ ...change, previous: undefined }));
        yield { revision: batch.revision, changes };
      }
    } finally {
      this.#readers.delete(reader);
    }
  }

  #after(position: Revision, prefix: string): WatchBatch {
    return position < this.#recent.floor
      ? this.#history(position, prefix)
      : this.#recent.after(position, prefix);
  }

  requestProgress(prefix: string, revision: Revision): void {
    for (const reader of this.#readers) if (reader.prefix === prefix) reader.want(revision);
  }

  async revision(options: CallOptions): Promise<Revision> {
    this.#enter(options);
    return this.#database.read((view) => view.newest);
  }

  async compact(revision: Revision, options: CallOptions): Promise<void> {
    this.#enter(options);
    const { newest, oldest } = this.#database.read((view) => ({ newest: view.newest, oldest: view.oldest }));
    if (revision > newest) throw futureError('compact at', revision, newest);
    if (revision <= oldest) return;
    await this.#database.setOldest(revision);
    this.#recent.forgetBefore(revision);
    this.#forgetting ??= this.#forgetAll().finally(() => {
      this.#forgetting = undefined;
    });
    await this.#forgetting;
  }

  async health(options: CallOptions): Promise<void> {
    this.#enter(options);
    this.#database.read((view) => view.newest);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const reader of this.#readers) reader.wake();
    await this.#committing;
    await this.#forgetting;
    await this.#database.close();
  }

  #enter(options: CallOptions): void {
    options.signal?.throwIfAborted();
    if (this.#closed) throw closedError(this.name);
  }

  /** Commits what waits, and what comes to wait meanwhile, a group at a time. Never rejects. */
  async #commitAll(): Promise<void> {
    // Transactions that are called in the same turn go together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0, maxGroup).filter((waiting) => !rejectedByAbort(waiting));
      try {
        await this.#commitGroup(group);
      } catch (cause) {
        const error = new StorageError(
          'unavailable',
          `Cannot write to the embedded store: ${String(cause)}`,
          {
            cause,
          },
        );
        for (const waiting of group) waiting.reject(error);
      }
    }
    // In the same turn in which nothing was found waiting, so that nobody begins to wait in between.
    this.#committing = undefined;
  }

  async #commitGroup(group: readonly WaitingTransaction[]): Promise<void> {
    const { after, commits, outcomes } = this.#database.read((view) => check(group, view));
    if (commits.length > 0 && !(await this.#database.append(after, commits))) {
      throw new Error('another process has written to it; only one may');
    }
    for (const { revision, changes } of commits) {
      this.#recent.push({ revision, changes });
      for (const reader of this.#readers) reader.heardOf(revision, changes);
    }
    for (const [index, waiting] of group.entries()) waiting.resolve(outcomes[index]!);
  }

  /** From the disk, for a watch that begins before the recent changes. */
  #history(position: Revision, prefix: string): WatchBatch {
    return this.#database.read((view) => {
      if (position < view.oldest) throw compactedError('watch after', position, view.oldest);
      const commits = view.commitsAfter(position, maxBatchRevisions);
      const changes = commits
        .flatMap((commit) => commit.changes)
        .filter((change) => keyOf(change).startsWith(prefix));
      return { revision: commits.at(-1)!.revision, changes };
    });
  }

  async #forgetAll(): Promise<void> {
    for (;;) {
      const more = await this.#database.forget(this.#database.read((view) => view.oldest));
      if (!more || this.#closed) return;
    }
  }
}

interface WaitingTransaction {
  readonly conditions: readonly Condition[];
  readonly writes: readonly Write[];
  readonly signal: AbortSignal | undefined;
  resolve(outcome: Outcome): void;
  reject(error: Error): void;
}

/** Entries of an old revision that are counted in one turn: a few milliseconds. */
const countedAtOnce = 500;

/** Transactions that share one sync of the disk. */
const maxGroup = 256;

/** Revisions that a watch reads from the disk at once. */
const maxBatchRevisions = 200;

/** Decides each transaction as if those before it in the group were committed already. */
function check(
  group: readonly WaitingTransaction[],
  view: DatabaseView,
): { readonly after: Revision; readonly commits: readonly Commit[]; readonly outcomes: readonly Outcome[] } {
  const after = view.newest;
  const written = new Map<string, KeyValue | undefined>();
  const read = (key: string) => (written.has(key) ? written.get(key) : view.get(key));
  const commits: Commit[] = [];
  const outcomes: Outcome[] = [];
  let newest = after;
  for (const { conditions, writes } of group) {
    const current = conditions.map(({ key }) => read(key));
    if (conditions.some(({ modRevision }, index) => (current[index]?.modRevision ?? 0) !== modRevision)) {
      outcomes.push({ committed: false, revision: newest, current });
      continue;
    }
    const revision = newest + 1;
    const changes: Change[] = [];
    for (const write of writes) {
      const previous = read(write.key);
      const change = changeOf(write, previous, revision);
      if (change === undefined) continue;
      changes.push(change);
      written.set(write.key, change.kind === 'put' ? change.entry : undefined);
    }
    if (changes.length > 0) {
      commits.push({ revision, changes });
      newest = revision;
    }
    outcomes.push({ committed: true, revision: newest });
  }
  return { after, commits, outcomes };
}

function changeOf(write: Write, previous: KeyValue | undefined, revision: Revision): Change | undefined {
  const { key } = write;
  if (write.kind === 'put') {
    const createRevision = previous?.createRevision ?? revision;
    return {
      kind: 'put',
      entry: { key, value: write.value, modRevision: revision, createRevision },
      previous,
    };
  }
  return previous === undefined ? undefined : { kind: 'delete', key, revision, previous };
}

/** Of keys: what is below the prefix and after `startAfter`. */
function rangeOf(prefix: string, startAfter: string | undefined) {
  const endKey = prefixEnd(prefix);
  return {
    start: Buffer.from(startAfter === undefined || startAfter < prefix ? prefix : `${startAfter}\0`),
    end: endKey === undefined ? undefined : Buffer.from(endKey),
  };
}

/** At least one. */
function* first<T>(entries: Iterable<T>, count: number): Generator<T, void, undefined> {
  let left = count;
  for (const entry of entries) {
    yield entry;
    if (--left <= 0) return;
  }
}

function checkReadable(view: DatabaseView, action: string, revision: Revision): void {
  if (revision > view.newest) throw futureError(action, revision, view.newest);
  if (revision < view.oldest) throw compactedError(action, revision, view.oldest);
}

function rejectedByAbort(waiting: WaitingTransaction): boolean {
  if (waiting.signal?.aborted !== true) return false;
  waiting.reject(waiting.signal.reason as Error);
  return true;
}
