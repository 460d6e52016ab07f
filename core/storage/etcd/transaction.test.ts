import { status } from '@grpc/grpc-js';
import { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { SteppedClock } from '../../machinery/stepped-clock.ts';
import type { CallLimits, EtcdConnection } from './connection.ts';
import type { Method, RangeRequest } from './messages.ts';
import { rangeMethod, txnMethod } from './messages.ts';
import { endOf } from './revisions.ts';
import { commit } from './transaction.ts';

const unavailable = Object.assign(new Error('no answer'), { code: status.UNAVAILABLE, details: 'no answer' });

/** An etcd that loses every write, says what is there now, and of what was there before says nothing in time. */
function slowEtcd(): EtcdConnection {
  const unary = async (method: Method<unknown, unknown>, request: RangeRequest, { signal }: CallLimits) => {
    if (method === (txnMethod as unknown)) throw unavailable;
    if (method === (rangeMethod as unknown) && request.revision === undefined)
      return { header: { revision: 20 }, kvs: [], count: 0 };
    return new Promise((_, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason as Error));
    });
  };
  const stream = () => {
    const call = new Duplex({ objectMode: true, read: () => {}, write: (_chunk, _encoding, done) => done() });
    call.push({ created: true, canceled: false, fragment: false, compactRevision: 0, events: [] });
    return { call, giveUp: () => {} };
  };
  return { ready: async () => {}, unary, stream } as unknown as EtcdConnection;
}

test('a write that may have been applied is never given up for a question that took too long', async () => {
  const clock = new SteppedClock();
  const outcome = commit(
    [{ key: '/registry/a', modRevision: 0 }],
    [{ kind: 'put', key: '/registry/a', value: Buffer.from('{}') }],
    {
      connection: slowEtcd(),
      clock,
      callTimeoutMs: 1_000,
      timeoutMs: 3_500,
      baseline: endOf(10),
      signal: undefined,
    },
  );
  const failed = expect(outcome).rejects.toMatchObject({ reason: 'unknown-outcome', cause: unavailable });
  for (let second = 0; second < 10; second++) await clock.advanceAsync(1_000);
  await failed;
});
