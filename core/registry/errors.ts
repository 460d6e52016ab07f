import { StatusError, gone } from '../api/errors.ts';
import { StorageError } from '../storage/storage.ts';

/** What a failure of the store means to a client. */
export function fromStorage(thrown: unknown): unknown {
  if (!(thrown instanceof StorageError)) return thrown;
  const options = { cause: thrown };
  switch (thrown.reason) {
    case 'compacted':
      return gone('The resourceVersion for the provided watch is too old.');
    case 'slow':
      return gone('The watch fell too far behind and was ended: list again.');
    case 'too-large':
      return new StatusError('RequestEntityTooLarge', `Request entity too large: ${thrown.message}`, options);
    case 'unknown-outcome':
      return new StatusError(
        'Timeout',
        'Timeout: request did not complete within requested timeout',
        options,
      );
    case 'unavailable':
    case 'closed':
      return new StatusError('ServiceUnavailable', `The store cannot be reached: ${thrown.message}`, {
        ...options,
        retryAfterSeconds: 1,
      });
    case 'future':
    case 'corrupt':
      return new StatusError('InternalError', `Internal error occurred: ${thrown.message}`, options);
  }
}

/** Whether a write that failed so may be stored all the same, or be on its way still. */
export function mayBeStored(error: unknown, signal: AbortSignal | undefined): boolean {
  if (signal?.aborted === true) return true;
  const { cause } = error instanceof Error ? error : {};
  return cause instanceof StorageError && cause.reason === 'unknown-outcome';
}

/** A revision that nobody has reached yet; clients know it by its cause (apiserver/pkg/storage/errors.go). */
export function tooLargeResourceVersion(asked: number, current: number): StatusError {
  return new StatusError('Timeout', `Too large resource version: ${asked}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });
}
