import { Backoff } from '../../machinery/backoff.ts';
import type { Clock } from '../../machinery/clock.ts';
import { sleep } from '../../machinery/clock.ts';
import { Notifier } from '../notifier.ts';
import type { Change, Revision, WatchBatch } from '../storage.ts';
import { StorageError } from '../storage.ts';
import { prefixRange } from './codec.ts';
import type { EtcdConnection } from './connection.ts';
import { failureOf, isServiceError, storageError } from './errors.ts';
import { rawWatch } from './raw-watch.ts';

export interface ResumingWatchOptions {
  readonly connection: EtcdConnection;
  readonly clock: Clock;
  readonly prefix: string;
  readonly after: Revision;
  readonly withPrevious: boolean;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/** A raw watch that begins again after the last delivered revision whenever its stream is lost, until `signal` aborts. */
export async function* resumingWatch(
  options: ResumingWatchOptions,
): AsyncGenerator<WatchBatch, void, undefined> {
  const { connection, clock, prefix, withPrevious, signal, timeoutMs } = options;
  const backoff = new Backoff({ initialMs: 20, maxMs: 2_000 });
  let position = options.after;
  while (!signal.aborted) {
    try {
      const range = prefixRange(prefix);
      for await (const batch of rawWatch(connection, {
        range,
        after: position,
        withPrevious,
        signal,
        timeoutMs,
        clock,
      })) {
        position = batch.revision;
        backoff.reset();
        yield batch;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof StorageError && error.reason !== 'unavailable') throw error;
      if (isServiceError(error) && failureOf(error) === 'refused')
        throw storageError(`watch "${prefix}"`, error);
      await sleep(clock, backoff.nextMs(), signal).catch(() => {});
    }
  }
}

/**
 * One etcd watch over everything below a root, shared by the watches of all prefixes in it.
 *
 * Since it sees every change, it always knows how far it has come, and so does each watch of a quiet prefix: that is
 * the progress which etcd itself must not be asked for before 3.4.31 and 3.5.13, where it may be told ahead of events.
 * Recent changes are kept for watches that begin a little in the past or read a little late; one that is further
 * behind reads etcd's own history, over the same root, until it has caught up.
 */
export class WatchHub {
  readonly #connection: EtcdConnection;
  readonly #clock: Clock;
  readonly #root: string;
  readonly #timeoutMs: number;
  readonly #changed = new Notifier();
  /** Batches after `#floor`, oldest first. */
  #recent: WatchBatch[] = [];
  #recentBytes = 0;
  #floor: Revision = 0;
  #position: Revision = 0;
  #watchers = 0;
  #upstream: HubUpstream | undefined;

  constructor(connection: EtcdConnection, clock: Clock, root: string, timeoutMs: number) {
    this.#connection = connection;
    this.#clock = clock;
    this.#root = root;
    this.#timeoutMs = timeoutMs;
  }

  covers(prefix: string): boolean {
    return prefix.startsWith(this.#root);
  }

  async *watch(
    prefix: string,
    after: Revision,
    signal: AbortSignal,
  ): AsyncGenerator<WatchBatch, void, undefined> {
    let position = after;
    this.#watchers++;
    const upstream = (this.#upstream ??= this.#start(after));
    try {
      while (!signal.aborted) {
        if (upstream.failure !== undefined) throw upstream.failure;
        if (position < this.#floor) {
          for await (const batch of this.#catchUp(position, signal)) {
            position = batch.revision;
            yield within(prefix, batch.revision, batch.changes);
          }
          continue;
        }
        if (position >= this.#position) {
          await this.#changed.wait(signal);
          continue;
        }
        const batch = this.#after(position, prefix);
        position = batch.revision;
        yield batch;
      }
    } finally {
      this.#watchers--;
      if (this.#watchers === 0) this.#stop();
    }
  }

  /** Those who begin before `revision` must be told that it is compacted, as etcd would tell them. */
  forgetBefore(revision: Revision): void {
    while (this.#recent.length > 0 && this.#recent[0]!.revision <= revision) this.#dropOldest();
    this.#floor = Math.max(this.#floor, Math.min(revision, this.#position));
  }

  /** Everything after the floor is with the hub; up to there it comes from etcd. */
  async *#catchUp(after: Revision, signal: AbortSignal): AsyncGenerator<WatchBatch, void, undefined> {
    for await (const batch of resumingWatch(this.#watchOptions(after, signal))) {
      yield batch;
      if (batch.revision >= this.#floor) return;
    }
  }

  #watchOptions(after: Revision, signal: AbortSignal): ResumingWatchOptions {
    return {
      connection: this.#connection,
      clock: this.#clock,
      prefix: this.#root,
      after,
      withPrevious: false,
      signal,
      timeoutMs: this.#timeoutMs,
    };
  }

  #after(position: Revision, prefix: string): WatchBatch {
    let low = 0;
    let high = this.#recent.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#recent[middle]!.revision <= position) low = middle + 1;
      else high = middle;
    }
    const changes = this.#recent.slice(low).flatMap((batch) => batch.changes);
    return within(
      prefix,
      this.#position,
      changes.filter((change) => revisionOf(change) > position),
    );
  }

  #start(after: Revision): HubUpstream {
    this.#recent = [];
    this.#recentBytes = 0;
    this.#floor = after;
    this.#position = after;
    const upstream: HubUpstream = { ending: new AbortController(), failure: undefined };
    this.#run(after, upstream.ending.signal)
      .catch((error: unknown) => {
        // Those who watch are told; whoever comes next starts anew.
        upstream.failure = error as Error;
        if (this.#upstream === upstream) this.#upstream = undefined;
      })
      .finally(() => {
        this.#changed.notify();
      });
    return upstream;
  }

  async #run(after: Revision, signal: AbortSignal): Promise<void> {
    for await (const batch of resumingWatch(this.#watchOptions(after, signal))) {
      if (signal.aborted) return;
      this.#recent.push(batch);
      this.#recentBytes += bytesOf(batch);
      this.#position = batch.revision;
      while (this.#recent.length > maxRecentBatches || this.#recentBytes > maxRecentBytes) this.#dropOldest();
      this.#changed.notify();
    }
  }

  #dropOldest(): void {
    const batch = this.#recent.shift();
    if (batch === undefined) return;
    this.#recentBytes -= bytesOf(batch);
    this.#floor = batch.revision;
  }

  #stop(): void {
    this.#upstream?.ending.abort();
    this.#upstream = undefined;
    this.#recent = [];
    this.#recentBytes = 0;
  }
}

interface HubUpstream {
  readonly ending: AbortController;
  failure: Error | undefined;
}

const maxRecentBatches = 4_096;
const maxRecentBytes = 8 * 1024 * 1024;

function within(prefix: string, revision: Revision, changes: readonly Change[]): WatchBatch {
  return {
    revision,
    changes: changes.filter((change) =>
      (change.kind === 'put' ? change.entry.key : change.key).startsWith(prefix),
    ),
  };
}

function revisionOf(change: Change): Revision {
  return change.kind === 'put' ? change.entry.modRevision : change.revision;
}

function bytesOf(batch: WatchBatch): number {
  return batch.changes.reduce(
    (sum, change) => sum + 200 + (change.kind === 'put' ? change.entry.value.length : 0),
    0,
  );
}
