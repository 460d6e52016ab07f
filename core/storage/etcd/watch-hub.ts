import { Backoff } from '../../machinery/backoff.ts';
import type { Clock } from '../../machinery/clock.ts';
import { sleep } from '../../machinery/clock.ts';
import { loopTimeOf } from '../../machinery/loop-time.ts';
import { RecentChanges, keyOf, revisionOf } from '../recent-changes.ts';
import type { Change, Revision, WatchBatch } from '../storage.ts';
import { StorageError } from '../storage.ts';
import { prefixRange } from './codec.ts';
import type { EtcdConnection } from './connection.ts';
import { failureOf, isServiceError, storageError } from './errors.ts';
import { HubReaders } from './hub-readers.ts';
import { rawWatch } from './raw-watch.ts';

export interface ResumingWatchOptions {
  readonly connection: EtcdConnection;
  readonly clock: Clock;
  /** What etcd is asked for. */
  readonly prefix: string;
  /** What of it is wanted: all unless given. */
  readonly within?: string | undefined;
  readonly after: Revision;
  readonly withPrevious: boolean;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** Told, once for each time, of a stream that cannot be had again at once. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** A stream that is cut, and a server that starts again meanwhile, are got over in fewer tries. */
const triesUntilTold = 3;

/**
 * A raw watch that begins again after the last delivered revision whenever its stream is lost, until `signal` aborts.
 * Throws what etcd refuses, and what is no fault of the connection at all.
 */
export async function* resumingWatch(
  options: ResumingWatchOptions,
): AsyncGenerator<WatchBatch, void, undefined> {
  const { connection, clock, prefix, within, withPrevious, signal, timeoutMs, onError } = options;
  const backoff = new Backoff({ initialMs: 20, maxMs: 2_000 });
  let position = options.after;
  while (!signal.aborted) {
    try {
      const range = prefixRange(prefix);
      for await (const batch of rawWatch(connection, {
        range,
        after: position,
        within,
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
      if (!isLost(error)) throw isServiceError(error) ? storageError(`watch "${prefix}"`, error) : error;
      const waitMs = backoff.nextMs();
      if (backoff.failures === triesUntilTold)
        onError?.(
          new Error(
            `Cannot watch "${within ?? prefix}" in etcd after revision ${position}: it is tried again until it works`,
            { cause: error },
          ),
        );
      await sleep(clock, waitMs, signal).catch(() => {});
    }
  }
}

/** Whether it is for want of a connection: anything else would only happen again. */
function isLost(error: unknown): boolean {
  if (isServiceError(error)) return failureOf(error) === 'lost';
  return error instanceof StorageError && error.reason === 'unavailable';
}

/**
 * One etcd watch over everything there is, shared by the watches of all prefixes below a root.
 *
 * Since it sees every revision, also those of others in the same etcd, it always knows how far it has come, and so does
 * each watch of a quiet prefix: that is the progress which etcd itself must not be asked for before 3.4.31 and 3.5.13,
 * where it may be told ahead of events.
 * Recent changes are kept for watches that begin a little in the past or read a little late; one that is further
 * behind reads etcd's own history, likewise all of it, until it has caught up.
 */
export class WatchHub {
  readonly #connection: EtcdConnection;
  readonly #clock: Clock;
  readonly #root: string;
  readonly #timeoutMs: number;
  readonly #onError: ((error: unknown) => void) | undefined;
  #watchers = 0;
  #upstream: HubUpstream | undefined;

  constructor(
    connection: EtcdConnection,
    clock: Clock,
    root: string,
    timeoutMs: number,
    onError?: (error: unknown) => void,
  ) {
    this.#connection = connection;
    this.#clock = clock;
    this.#root = root;
    this.#timeoutMs = timeoutMs;
    this.#onError = onError;
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
    const { recent, readers } = upstream;
    const reader = readers.add(prefix);
    const wake = () => reader.wake(0);
    signal.addEventListener('abort', wake, { once: true });
    try {
      while (!signal.aborted) {
        if (upstream.failure !== undefined) throw upstream.failure;
        if (position < recent.floor) {
          for await (const batch of this.#catchUp(position, recent, signal)) {
            position = batch.revision;
            yield within(prefix, batch);
          }
          continue;
        }
        if (position >= recent.position) {
          const passed = await reader.wait();
          if (passed <= position) continue;
          position = passed;
          if (position === recent.position) yield { revision: position, changes: [] };
          continue;
        }
        const batch = recent.after(position, prefix);
        position = batch.revision;
        yield batch;
      }
    } finally {
      readers.remove(reader);
      signal.removeEventListener('abort', wake);
      this.#watchers--;
      if (this.#watchers === 0) this.#stop();
    }
  }

  requestProgress(prefix: string, revision: Revision): void {
    this.#upstream?.readers.ask(prefix, revision);
  }

  /** Those who begin before `revision` must be told that it is compacted, as etcd would tell them. */
  forgetBefore(revision: Revision): void {
    this.#upstream?.recent.forgetBefore(revision);
  }

  /** Everything after the floor is with the hub; up to there it comes from etcd. */
  async *#catchUp(
    after: Revision,
    recent: RecentChanges,
    signal: AbortSignal,
  ): AsyncGenerator<WatchBatch, void, undefined> {
    for await (const batch of resumingWatch(this.#watchOptions(after, signal))) {
      yield batch;
      if (batch.revision >= recent.floor) return;
    }
  }

  #watchOptions(after: Revision, signal: AbortSignal): ResumingWatchOptions {
    return {
      connection: this.#connection,
      clock: this.#clock,
      prefix: '',
      within: this.#root,
      after,
      withPrevious: false,
      signal,
      timeoutMs: this.#timeoutMs,
      onError: this.#onError,
    };
  }

  #start(after: Revision): HubUpstream {
    const recent = new RecentChanges(after, 4_096, maxRecentBytes);
    const upstream: HubUpstream = {
      recent,
      readers: new HubReaders(recent, this.#clock),
      ending: new AbortController(),
      failure: undefined,
    };
    this.#run(upstream, upstream.ending.signal)
      .catch((error: unknown) => {
        // Those who watch are told; whoever comes next starts anew.
        upstream.failure = error as Error;
        if (this.#upstream === upstream) this.#upstream = undefined;
      })
      .finally(() => {
        upstream.readers.wakeAll();
      });
    return upstream;
  }

  async #run({ recent, readers }: HubUpstream, signal: AbortSignal): Promise<void> {
    for await (const batch of resumingWatch(this.#watchOptions(recent.position, signal))) {
      for (const slice of slicesOf(batch)) {
        await loopTimeOf(this.#clock).turn();
        if (signal.aborted) return;
        const before = recent.position;
        recent.push(slice);
        readers.wakeFor(slice, before);
      }
    }
  }

  #stop(): void {
    this.#upstream?.ending.abort();
    this.#upstream = undefined;
  }
}

/**
 * How many changes are handed on together: after a pause of etcd, or of this process, hundreds come at once, and whoever
 * follows them decodes, parses and tells of them.
 */
const changesTogether = 10;

/** Changes of one revision stay together. */
function* slicesOf(batch: WatchBatch): Generator<WatchBatch, void, undefined> {
  let changes: Change[] = [];
  for (const change of batch.changes) {
    const last = changes.at(-1);
    if (last !== undefined && changes.length >= changesTogether && revisionOf(change) > revisionOf(last)) {
      yield { revision: revisionOf(last), changes };
      changes = [];
    }
    changes.push(change);
  }
  yield { revision: batch.revision, changes };
}

/** Half a second of very many changes: those who read them are in this process. */
const maxRecentBytes = 2 * 1024 * 1024;

interface HubUpstream {
  readonly recent: RecentChanges;
  readonly readers: HubReaders;
  readonly ending: AbortController;
  failure: Error | undefined;
}

function within(prefix: string, { revision, changes }: WatchBatch): WatchBatch {
  return { revision, changes: changes.filter((change) => keyOf(change).startsWith(prefix)) };
}
