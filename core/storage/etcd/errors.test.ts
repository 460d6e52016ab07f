import { Metadata, status } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { failureOf, isCompacted, isDisconnection, isServiceError } from './errors.ts';

function failure(code: status, details: string) {
  return Object.assign(new Error(details), { code, details, metadata: new Metadata() });
}

test('what gRPC rejects with is told from the reason of an aborted signal, which has a code too', () => {
  const aborted = AbortSignal.abort().reason as unknown;
  expect(isServiceError(aborted)).toBe(false);
  expect(isCompacted(aborted)).toBe(false);
  expect(isServiceError(failure(status.UNAVAILABLE, 'no connection'))).toBe(true);
  expect(
    isCompacted(failure(status.OUT_OF_RANGE, 'etcdserver: mvcc: required revision has been compacted')),
  ).toBe(true);
});

test('an answer that was too large to receive says nothing of the write and nothing against the connection', () => {
  const tooMuch = failure(
    status.RESOURCE_EXHAUSTED,
    'Received message larger than max (70000000 vs 67108864)',
  );
  expect(failureOf(tooMuch)).toBe('lost');
  expect(isDisconnection(tooMuch)).toBe(false);
  const full = failure(status.RESOURCE_EXHAUSTED, 'etcdserver: too many requests');
  expect(failureOf(full)).toBe('refused');
  expect(isDisconnection(full)).toBe(false);
  expect(isDisconnection(failure(status.DEADLINE_EXCEEDED, 'Deadline exceeded'))).toBe(true);
});
