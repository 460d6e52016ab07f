import type { ClientDuplexStream } from '@grpc/grpc-js';
import type { Clock } from '../../machinery/clock.ts';
import { linkSignals } from '../../machinery/signals.ts';
import { compactedError } from '../check.ts';
import { revisionOf } from '../recent-changes.ts';
import type { Change, Revision, WatchBatch } from '../storage.ts';
import { StorageError } from '../storage.ts';
import { change } from './codec.ts';
import type { EtcdConnection } from './connection.ts';
import { isCompacted, isFuture, isServiceError } from './errors.ts';
import type { WatchRequest, WatchResponse, WireEvent } from './messages.ts';
import { int64, rangeMethod, watchMethod } from './messages.ts';
import { endOf, etcdRevisionOf, isEnd } from './revisions.ts';

export interface RawWatchOptions {
  readonly range: { readonly key: Buffer; readonly rangeEnd?: Buffer };
  readonly after: Revision;
  /** Changes of other keys are left out, but their revisions still count as progress. All keys unless given. */
  readonly within?: string | undefined;
  readonly withPrevious: boolean;
  readonly signal: AbortSignal;
  /** How long etcd may take to confirm the watch. */
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/**
 * One etcd watch over one stream, until that stream fails: whole transactions in order, each batch ending with the
 * one of its last change. Where to resume is up to the caller, who knows what it has delivered; the position that etcd
 * tells when the watch is created is not used, since it is ahead of what it has yet to send.
 *
 * Throws "compacted" when `after` is before the compaction, and what gRPC throws when the stream fails.
 */
export async function* rawWatch(
  connection: EtcdConnection,
  options: RawWatchOptions,
): AsyncGenerator<WatchBatch, void, undefined> {
  const { range, after, withPrevious, signal, timeoutMs, clock } = options;
  const within = Buffer.from(options.within ?? '');
  /** etcd's revision that is told to the end; of the next one, something may be. */
  const before = Math.max(0, etcdRevisionOf(after) - (isEnd(after) ? 0 : 1));
  await connection.ready({ timeoutMs, signal });
  const ending = new AbortController();
  using either = linkSignals(signal, ending.signal);
  const { call, giveUp } = connection.stream(watchMethod, either.signal);
  const cancelTimer = clock.after(timeoutMs, giveUp);
  try {
    call.write({
      createRequest: { ...range, startRevision: before + 1, prevKv: withPrevious, fragment: true },
    });
    /** Of a fragmented response: changes of the revision that may go on in the next fragment. */
    let held: WireEvent[] = [];
    for await (const response of responses(call)) {
      if (response.canceled) throw cancelled(response, after);
      if (response.created) {
        cancelTimer();
        await checkNotCompacted(connection, range.key, before, { signal, timeoutMs });
      }
      if (response.events.length === 0 && held.length === 0) continue;
      const events = held.concat(response.events);
      held = [];
      if (response.fragment) {
        const last = etcdRevisionOfEvent(events.at(-1)!);
        while (events.length > 0 && etcdRevisionOfEvent(events.at(-1)!) === last) {
          held.unshift(events.pop()!);
        }
      }
      if (events.length === 0) continue;
      const changes: Change[] = [];
      for (const event of events) if (startsWith(event.kv.key, within)) changes.push(change(event));
      // Within a transaction of etcd's, in the order of its writes.
      changes.sort((a, b) => revisionOf(a) - revisionOf(b));
      const told = changes.findIndex((change) => revisionOf(change) > after);
      yield {
        revision: endOf(etcdRevisionOfEvent(events.at(-1)!)),
        changes: told === -1 ? [] : changes.slice(told),
      };
    }
    throw new StorageError('unavailable', 'Cannot go on watching etcd: the stream ended');
  } finally {
    cancelTimer();
    ending.abort();
  }
}

/**
 * Throws nothing but what the stream failed for. Reading with for-await keeps gRPC's flow control: a reader that is late
 * holds etcd back, not memory.
 */
async function* responses(
  call: ClientDuplexStream<WatchRequest, WatchResponse>,
): AsyncGenerator<WatchResponse, void, undefined> {
  try {
    for await (const response of call) yield response as WatchResponse;
  } catch (cause) {
    if (isServiceError(cause)) throw cause;
    throw new StorageError('unavailable', `Cannot go on watching etcd: ${String(cause)}`, { cause });
  }
}

function etcdRevisionOfEvent({ kv }: WireEvent): number {
  return int64(kv.modRevision);
}

function startsWith(key: Buffer, prefix: Buffer): boolean {
  return key.length >= prefix.length && prefix.compare(key, 0, prefix.length) === 0;
}

function cancelled(response: WatchResponse, after: Revision): StorageError {
  const compactRevision = int64(response.compactRevision);
  if (compactRevision > 0) return compactedError('watch after', after, endOf(compactRevision));
  return new StorageError(
    'unavailable',
    `Cannot watch after revision ${after} in etcd: ${response.cancelReason || 'the watch was cancelled'}`,
  );
}

/**
 * etcd accepts a watch that starts exactly at the compacted revision, but before 3.4.36 and 3.5.18 a deletion at that
 * revision is gone by then. Reading at the one before says whether the compaction went beyond that.
 */
async function checkNotCompacted(
  connection: EtcdConnection,
  key: Buffer,
  before: number,
  limits: { readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<void> {
  if (before < 1) return;
  try {
    await connection.unary(rangeMethod, { key, revision: before, countOnly: true }, limits);
  } catch (error) {
    if (isCompacted(error)) {
      throw new StorageError('compacted', `Cannot watch after revision ${endOf(before)}: it is compacted`, {
        cause: error,
      });
    }
    if (isFuture(error)) return;
    throw error;
  }
}
