import type { ServiceError } from '@grpc/grpc-js';
import { status } from '@grpc/grpc-js';
import type { StorageReason } from '../storage.ts';
import { StorageError } from '../storage.ts';

/**
 * What a failed call means. "lost": nobody answered, so a write may or may not have been applied and the connection
 * is suspect. "refused": etcd answered, nothing was applied.
 */
export type Failure = 'lost' | 'refused';

export function isServiceError(error: unknown): error is ServiceError {
  if (!(error instanceof Error)) return false;
  // A DOMException, such as the reason of an aborted signal, has a number for its code as well.
  const { code, details } = error as Partial<ServiceError>;
  return typeof code === 'number' && typeof details === 'string';
}

export function failureOf(error: ServiceError): Failure {
  return refusals.has(error.code) && !receivedTooMuch(error) ? 'refused' : 'lost';
}

/** Whether the connection is to be given up: an answer that was too large to receive came over a sound one. */
export function isDisconnection(error: ServiceError): boolean {
  return failureOf(error) === 'lost' && !receivedTooMuch(error);
}

/** Our own receive limit, not etcd's refusal: both have the same code. */
export function receivedTooMuch(error: ServiceError): boolean {
  return error.code === status.RESOURCE_EXHAUSTED && error.details.startsWith('Received message larger');
}

export function isCompacted(error: unknown): boolean {
  return isServiceError(error) && error.details.includes('revision has been compacted');
}

export function isFuture(error: unknown): boolean {
  return isServiceError(error) && error.details.includes('is a future revision');
}

/** The error a caller sees. `action` begins the message: `read "/registry/pods/"`. */
export function storageError(action: string, error: ServiceError): StorageError {
  return new StorageError(reasonOf(error), `Cannot ${action} in etcd: ${error.details}`, { cause: error });
}

function reasonOf(error: ServiceError): StorageReason {
  if (isCompacted(error)) return 'compacted';
  if (isFuture(error)) return 'future';
  if (error.details.includes('request is too large')) return 'too-large';
  return 'unavailable';
}

/** From etcdserver's api/v3rpc/rpctypes: answers given before a request is proposed to raft. */
const refusals: ReadonlySet<number> = new Set([
  status.INVALID_ARGUMENT,
  status.NOT_FOUND,
  status.PERMISSION_DENIED,
  status.UNAUTHENTICATED,
  status.FAILED_PRECONDITION,
  status.OUT_OF_RANGE,
  status.RESOURCE_EXHAUSTED,
  status.UNIMPLEMENTED,
]);
