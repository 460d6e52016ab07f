import type { Database, RootDatabase, Transaction } from 'lmdb';
import { open } from 'lmdb';
import type { Change, KeyValue, Revision } from '../storage.ts';
import { StorageError } from '../storage.ts';
import type { ChangeRecord } from './records.ts';
import {
  decodeChanges,
  decodeCurrent,
  decodePast,
  encodeChanges,
  encodeCurrent,
  encodePast,
  pastKey,
  revisionKey,
} from './records.ts';

type Table = Database<Buffer, Buffer>;

/** One committed revision with what it replaced. */
export interface Commit {
  readonly revision: Revision;
  readonly changes: readonly Change[];
}

/**
 * The tables of the embedded store in one LMDB environment; see `records.ts` for what is in them.
 *
 * Writing happens in lmdb's own thread and ends after the disk has synced. Its asynchronous `transaction()` is not
 * used: with lmdb 3.5 on Node 20 it never settles.
 */
export class EmbeddedDatabase {
  readonly #root: RootDatabase<Buffer, Buffer>;
  readonly #current: Table;
  readonly #past: Table;
  readonly #changes: Table;
  readonly #meta: Table;

  /** Opens or creates the database in the folder `path`. */
  constructor(path: string) {
    const binary = { encoding: 'binary', keyEncoding: 'binary', cache: false } as const;
    // Without overlapping syncs a commit that resolved is on the disk.
    this.#root = open<Buffer, Buffer>({ path, maxDbs: 4, overlappingSync: false, ...binary });
    this.#current = this.#root.openDB<Buffer, Buffer>('current', binary);
    this.#past = this.#root.openDB<Buffer, Buffer>('past', binary);
    this.#changes = this.#root.openDB<Buffer, Buffer>('changes', binary);
    this.#meta = this.#root.openDB<Buffer, Buffer>('meta', { ...binary, useVersions: true });
    this.#meta.transactionSync(() => {
      const format = this.#meta.get(formatKey);
      if (format === undefined) {
        this.#meta.putSync(formatKey, formatVersion, 1);
        this.#meta.putSync(newestKey, revisionKey(1), 1);
        this.#meta.putSync(oldestKey, revisionKey(0), 1);
      } else if (!format.equals(formatVersion)) {
        throw new StorageError(
          'corrupt',
          `Cannot open "${path}": it has format "${format.toString()}", not "${formatVersion.toString()}"`,
        );
      }
    });
  }

  /** One unmoving view of all tables. Synchronous, so that it is never held for long. */
  read<R>(body: (view: DatabaseView) => R): R {
    const transaction = this.#root.useReadTransaction();
    try {
      return body(
        new DatabaseView(
          { current: this.#current, past: this.#past, changes: this.#changes, meta: this.#meta },
          transaction,
        ),
      );
    } finally {
      transaction.done();
    }
  }

  /**
   * Writes commits that follow `after` without a gap, all or nothing. False when the newest revision is no longer
   * `after`: another process has written.
   */
  append(after: Revision, commits: readonly Commit[]): Promise<boolean> {
    const newest = commits.at(-1)!.revision;
    return this.#meta.ifVersion(newestKey, after, () => {
      void this.#meta.put(newestKey, revisionKey(newest), newest);
      for (const commit of commits) this.#write(commit);
    });
  }

  /** Makes revisions before `oldest` unreadable at once; `forget` then frees their space. */
  async setOldest(oldest: Revision): Promise<void> {
    await this.#meta.put(oldestKey, revisionKey(oldest), 1);
  }

  /** Deletes some of what only revisions up to `oldest` needed. Returns false when nothing is left to delete. */
  async forget(oldest: Revision): Promise<boolean> {
    const records = this.read((view) => view.changesUpTo(oldest, forgetAtOnce));
    if (records.length === 0) return false;
    await this.#root.batch(() => {
      for (const { revision, changes } of records) {
        void this.#changes.remove(revisionKey(revision));
        for (const { key, replaced } of changes) {
          if (replaced > 0) void this.#past.remove(pastKey(key, replaced));
        }
      }
    });
    return records.length === forgetAtOnce;
  }

  close(): Promise<void> {
    return this.#root.close();
  }

  #write({ revision, changes }: Commit): void {
    const records: ChangeRecord[] = [];
    for (const change of changes) {
      const { kind, previous } = change;
      const key = kind === 'put' ? change.entry.key : change.key;
      if (previous !== undefined) {
        void this.#past.put(pastKey(key, previous.modRevision), encodePast(previous, revision));
      }
      if (kind === 'put') {
        const { modRevision, createRevision, value } = change.entry;
        void this.#current.put(Buffer.from(key), encodeCurrent(modRevision, createRevision, value));
      } else {
        void this.#current.remove(Buffer.from(key));
      }
      records.push({ kind, key, replaced: previous?.modRevision ?? 0 });
    }
    void this.#changes.put(revisionKey(revision), encodeChanges(records));
  }
}

/** Reads within one transaction. Not valid after the body it was given to returned. */
export class DatabaseView {
  readonly #tables: {
    readonly current: Table;
    readonly past: Table;
    readonly changes: Table;
    readonly meta: Table;
  };
  readonly #transaction: Transaction;

  constructor(
    tables: { readonly current: Table; readonly past: Table; readonly changes: Table; readonly meta: Table },
    transaction: Transaction,
  ) {
    this.#tables = tables;
    this.#transaction = transaction;
  }

  get newest(): Revision {
    return this.#revision(newestKey);
  }

  /** Reads at revisions before it are refused. */
  get oldest(): Revision {
    return this.#revision(oldestKey);
  }

  get(key: string): KeyValue | undefined {
    const record = this.#tables.current.get(Buffer.from(key), { transaction: this.#transaction });
    return record === undefined ? undefined : decodeCurrent(key, record);
  }

  *current(start: Buffer, end: Buffer | undefined, limit?: number): Generator<KeyValue, void, undefined> {
    const range = { start, ...(end === undefined ? {} : { end }), ...(limit === undefined ? {} : { limit }) };
    const records = this.#tables.current.getRange({ ...range, transaction: this.#transaction });
    for (const { key, value } of records) yield decodeCurrent(key.toString(), value);
  }

  countCurrent(start: Buffer, end: Buffer | undefined): number {
    const range = { start, ...(end === undefined ? {} : { end }), transaction: this.#transaction };
    return this.#tables.current.getKeysCount(range);
  }

  /** What there was at `revision`, in key order: of each key at most one version. */
  *at(revision: Revision, start: Buffer, end: Buffer | undefined): Generator<KeyValue, void, undefined> {
    const current = this.current(start, end);
    const past = this.#replacedAfter(revision, start, end);
    try {
      let [one, two] = [nextOf(current), nextOf(past)];
      while (one !== undefined || two !== undefined) {
        const currentFirst =
          two === undefined ||
          (one !== undefined && Buffer.compare(Buffer.from(one.key), Buffer.from(two.key)) <= 0);
        if (currentFirst) {
          if (one!.modRevision <= revision) yield one!;
          one = nextOf(current);
        } else {
          yield two!;
          two = nextOf(past);
        }
      }
    } finally {
      // Whoever has seen enough leaves cursors open otherwise.
      current.return();
      past.return();
    }
  }

  /** At most `limit` commits after a revision, with previous values as long as they are kept. */
  commitsAfter(after: Revision, limit: number): Commit[] {
    const range = { start: revisionKey(after + 1), limit, transaction: this.#transaction };
    return [...this.#tables.changes.getRange(range)].map(({ key, value }) => {
      const revision = key.readDoubleBE(0);
      return { revision, changes: decodeChanges(value).map((record) => this.#change(record, revision)) };
    });
  }

  changesUpTo(
    revision: Revision,
    limit: number,
  ): { readonly revision: Revision; readonly changes: readonly ChangeRecord[] }[] {
    const range = { end: revisionKey(revision + 1), limit, transaction: this.#transaction };
    return [...this.#tables.changes.getRange(range)].map(({ key, value }) => ({
      revision: key.readDoubleBE(0),
      changes: decodeChanges(value),
    }));
  }

  #change({ kind, key, replaced }: ChangeRecord, revision: Revision): Change {
    const previous = replaced === 0 ? undefined : this.#past(key, replaced);
    if (kind === 'delete') return { kind, key, revision, previous };
    const now = this.get(key);
    const entry = now?.modRevision === revision ? now : this.#past(key, revision);
    if (entry === undefined) {
      throw new StorageError('corrupt', `Cannot read "${key}" at revision ${revision}: its value is missing`);
    }
    return { kind, entry, previous };
  }

  #past(key: string, modRevision: Revision): KeyValue | undefined {
    const at = pastKey(key, modRevision);
    const record = this.#tables.past.get(at, { transaction: this.#transaction });
    return record === undefined ? undefined : decodePast(at, record).entry;
  }

  *#replacedAfter(
    revision: Revision,
    start: Buffer,
    end: Buffer | undefined,
  ): Generator<KeyValue, void, undefined> {
    const range = { start, ...(end === undefined ? {} : { end }), transaction: this.#transaction };
    for (const { key, value } of this.#tables.past.getRange(range)) {
      const { entry, replacedAt } = decodePast(key, value);
      if (entry.modRevision <= revision && revision < replacedAt) yield entry;
    }
  }

  #revision(key: Buffer): Revision {
    return this.#tables.meta.get(key, { transaction: this.#transaction })!.readDoubleBE(0);
  }
}

const formatKey = Buffer.from('format');
const formatVersion = Buffer.from('wheelhouse-1');
const newestKey = Buffer.from('newest');
const oldestKey = Buffer.from('oldest');

/** Revisions of which a compaction frees the space in one go. */
const forgetAtOnce = 500;

function nextOf(entries: Generator<KeyValue, void, undefined>): KeyValue | undefined {
  const result = entries.next();
  return result.done === true ? undefined : result.value;
}
