import { Backoff } from '../../machinery/backoff.ts';
import type { Clock } from '../../machinery/clock.ts';
import { sleep } from '../../machinery/clock.ts';
import { linkSignals } from '../../machinery/signals.ts';
import { keyOf, revisionOf } from '../recent-changes.ts';
import type { Change, Condition, KeyValue, Outcome, Revision, Write } from '../storage.ts';
import { StorageError } from '../storage.ts';
import { compare, keyValue, prefixRange, writeOp } from './codec.ts';
import type { EtcdConnection } from './connection.ts';
import { failureOf, isServiceError, storageError } from './errors.ts';
import type { SingleKeyWrite } from './group-commit.ts';
import type { RangeResponse, TxnRequest, TxnResponse } from './messages.ts';
import { int64, rangeMethod, txnMethod } from './messages.ts';
import { rawWatch } from './raw-watch.ts';
import { endOf, etcdRevisionOf, revisionAt } from './revisions.ts';

export interface TransactionContext {
  readonly connection: EtcdConnection;
  readonly clock: Clock;
  /** One try. */
  readonly callTimeoutMs: number;
  /** All tries and finding out together. */
  readonly timeoutMs: number;
  /** A revision that was current before the transaction was sent: what it did is in the history after it. */
  readonly baseline: Revision;
  readonly signal: AbortSignal | undefined;
  /** It was sent before, and this is how the reply was lost. */
  readonly lost?: Error | undefined;
}

/**
 * Commits, and finds out what happened when the reply is lost.
 *
 * A write with a condition on its own key can be applied only once, and if it was, it is the first change of that key
 * after the revision in the condition. So a lost transaction is looked up in the key's history; when it is not there
 * it is sent again, which is harmless even if the first one is still on its way. Without such a write there is nothing
 * to tell our change from another's by, except equal bytes; it is never sent twice.
 */
export async function commit(
  conditions: readonly Condition[],
  writes: readonly Write[],
  context: TransactionContext,
): Promise<Outcome> {
  const { connection, clock, signal } = context;
  const endMs = clock.monotonicMs() + context.timeoutMs;
  const backoff = new Backoff({ initialMs: 20, maxMs: 500 });
  const guard = guardOf(conditions, writes);
  const request = requestOf(conditions, writes);
  let { lost } = context;
  for (;;) {
    signal?.throwIfAborted();
    try {
      if (lost !== undefined) {
        const revision = await findCommitted(guard, writes, context);
        if (revision !== undefined) return { committed: true, revision };
        if (guard === undefined && writes.length > 0) throw unknownOutcome(writes, lost);
      }
      await connection.ready({ timeoutMs: Math.max(1, endMs - clock.monotonicMs()), signal });
      const response = await connection.unary(txnMethod, request, {
        timeoutMs: context.callTimeoutMs,
        signal,
      });
      if (response.succeeded || lost === undefined) return outcomeOf(response, conditions, writes);
      // The conditions may have failed because the first try was applied after all.
      const revision = await findCommitted(guard, writes, context);
      return revision === undefined ? outcomeOf(response, conditions, writes) : { committed: true, revision };
    } catch (error) {
      signal?.throwIfAborted();
      if (isServiceError(error)) {
        if (failureOf(error) === 'refused' && lost === undefined) throw storageError(describe(writes), error);
        lost = error;
      } else if (!(error instanceof StorageError) || error.reason !== 'unavailable') {
        const forgotten = error instanceof StorageError && error.reason === 'compacted';
        throw forgotten && lost !== undefined ? unknownOutcome(writes, lost) : error;
      }
      if (clock.monotonicMs() >= endMs) {
        if (lost === undefined) throw error;
        throw unknownOutcome(writes, lost);
      }
      await sleep(clock, backoff.nextMs(), signal);
    }
  }
}

const connectedWithinMs = 100;

/**
 * Commits writes of different keys in one transaction. Several are each nested in one of their own with their own
 * condition, so that one that fails leaves the others alone. One try; a lost reply is for the caller to find out about.
 */
export async function commitTogether(
  group: readonly SingleKeyWrite[],
  context: Pick<TransactionContext, 'connection' | 'callTimeoutMs'>,
): Promise<readonly Outcome[]> {
  const { connection, callTimeoutMs: timeoutMs } = context;
  const requests = group.map(({ condition, write }) => requestOf([condition], [write]));
  const [only, ...others] = requests;
  const isAlone = only !== undefined && others.length === 0;
  const success = requests.map((requestTxn) => ({ requestTxn }));
  // Where there is no connection, each waits for one by itself, with its own deadline.
  await connection.ready({ timeoutMs: connectedWithinMs, signal: undefined });
  const response = await connection.unary(txnMethod, isAlone ? only : { compare: [], success, failure: [] }, {
    timeoutMs,
    signal: undefined,
  });
  if (isAlone) return group.map(({ condition, write }) => outcomeOf(response, [condition], [write]));
  return group.map(({ condition, write }, index) => {
    const own = response.responses[index]?.responseTxn;
    if (own === undefined || own === null)
      throw new StorageError('corrupt', `Cannot read the answer of etcd to the write of "${condition.key}"`);
    // Only the outer answer tells the revision.
    return outcomeOf({ ...own, header: response.header }, [condition], [write]);
  });
}

function requestOf(conditions: readonly Condition[], writes: readonly Write[]): TxnRequest {
  return {
    compare: conditions.map(compare),
    success: writes.map(writeOp),
    failure: conditions.map(({ key }) => ({ requestRange: { key: Buffer.from(key) } })),
  };
}

/** A write that carries a condition on its own key; a put rather than a delete, because its bytes identify it. */
interface Guard {
  readonly write: Write;
  readonly modRevision: Revision;
}

function guardOf(conditions: readonly Condition[], writes: readonly Write[]): Guard | undefined {
  const expected = new Map(conditions.map(({ key, modRevision }) => [key, modRevision]));
  const guards = writes.flatMap((write) => {
    const modRevision = expected.get(write.key);
    return modRevision === undefined ? [] : [{ write, modRevision }];
  });
  return guards.find(({ write }) => write.kind === 'put') ?? guards[0];
}

/** The revision at which the writes were committed; undefined when they were not, so far. */
async function findCommitted(
  guard: Guard | undefined,
  writes: readonly Write[],
  context: TransactionContext,
): Promise<Revision | undefined> {
  const write = guard?.write ?? writes.find(({ kind }) => kind === 'put');
  if (write === undefined) return undefined;
  const { connection, signal, callTimeoutMs: timeoutMs } = context;
  const key = Buffer.from(write.key);
  await connection.ready({ timeoutMs, signal });
  const now = await connection.unary(rangeMethod, { key }, { timeoutMs, signal });
  const newest = endOf(int64(now.header!.revision));
  const expected = guard?.modRevision ?? 0;
  if (expected > 0) {
    if ((firstEntry(now)?.modRevision ?? 0) === expected) return undefined;
    // The first change after the expected revision is ours, or our condition had failed by then.
    const first = await findChange({ key }, write.key, expected, newest, () => true, context);
    return first !== undefined && isOurs(first, write) ? committedBy(first, writes) : undefined;
  }
  const created = (change: Change) =>
    keyOf(change) === write.key && isOurs(change, write) && (guard === undefined || isCreation(change));
  // Everything is read, not only this key, because only then it is known when `newest` is reached.
  const found = await findChange(prefixRange(''), write.key, context.baseline, newest, created, context);
  return found === undefined ? undefined : committedBy(found, writes);
}

/** The first change in `range`, of keys that start with `within`, after `after` and up to `newest` that is wanted. */
async function findChange(
  range: { readonly key: Buffer; readonly rangeEnd?: Buffer },
  within: string,
  after: Revision,
  newest: Revision,
  wanted: (change: Change) => boolean,
  context: TransactionContext,
): Promise<Change | undefined> {
  if (after >= newest) return undefined;
  const { connection, clock, callTimeoutMs: timeoutMs, signal: asked } = context;
  const late = new AbortController();
  const cancelTimer = clock.after(timeoutMs, () =>
    late.abort(
      new StorageError('unavailable', `Cannot read what became of "${within}" within ${timeoutMs} ms`),
    ),
  );
  using either = asked === undefined ? linkSignals(late.signal) : linkSignals(asked, late.signal);
  const { signal } = either;
  try {
    const options = { range, within, after, withPrevious: false, signal, timeoutMs, clock };
    for await (const batch of rawWatch(connection, options)) {
      const found = batch.changes.find(wanted);
      if (found !== undefined) return found;
      if (batch.revision >= newest) return undefined;
    }
    return undefined;
  } finally {
    cancelTimer();
    late.abort();
  }
}

function isOurs(change: Change, write: Write): boolean {
  if (change.kind === 'delete' || write.kind === 'delete') return change.kind === write.kind;
  return change.entry.value.equals(write.value);
}

function isCreation(change: Change): boolean {
  return change.kind === 'put' && change.entry.createRevision === change.entry.modRevision;
}

function firstEntry(response: RangeResponse): KeyValue | undefined {
  const [wire] = response.kvs;
  return wire === undefined ? undefined : keyValue(wire);
}

function committedBy(change: Change, writes: readonly Write[]): Revision {
  return writesRevision(etcdRevisionOf(revisionOf(change)), writes);
}

/** That of the write; of several, the one at which all of them are there. */
function writesRevision(etcdRevision: number, writes: readonly Write[]): Revision {
  const [first] = writes;
  return first !== undefined && writes.length === 1
    ? revisionAt(etcdRevision, first.key)
    : endOf(etcdRevision);
}

function outcomeOf(
  response: TxnResponse,
  conditions: readonly Condition[],
  writes: readonly Write[],
): Outcome {
  const etcdRevision = int64(response.header!.revision);
  if (response.succeeded) return { committed: true, revision: writesRevision(etcdRevision, writes) };
  const current = conditions.map((_, index) => {
    const range = response.responses[index]?.responseRange;
    return range === null || range === undefined ? undefined : firstEntry(range);
  });
  return { committed: false, revision: endOf(etcdRevision), current };
}

function unknownOutcome(writes: readonly Write[], cause: Error): StorageError {
  return new StorageError(
    'unknown-outcome',
    `Cannot ${describe(writes)} in etcd for certain: the reply was lost and it could not be found out`,
    { cause },
  );
}

function describe(writes: readonly Write[]): string {
  const [first] = writes;
  const others = writes.length > 1 ? ` and ${writes.length - 1} more` : '';
  return first === undefined ? 'check conditions' : `write "${first.key}"${others}`;
}
