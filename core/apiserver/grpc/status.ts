import { Metadata, status as code, type ServiceError } from '@grpc/grpc-js';
import { StatusError } from '../../api/errors.ts';
import { detailsTrailer, encodeRetryInfo } from './retry-info.ts';
import { encodeStatus, encodeWarnings, statusTrailer, warningTrailer } from '../../api/proto/trailers.ts';

/** The gRPC code that stands for an HTTP code; the Status itself goes in the trailer. */
const grpcCodes: Readonly<Record<number, code>> = {
  400: code.INVALID_ARGUMENT,
  401: code.UNAUTHENTICATED,
  403: code.PERMISSION_DENIED,
  404: code.NOT_FOUND,
  405: code.UNIMPLEMENTED,
  406: code.INVALID_ARGUMENT,
  409: code.ABORTED,
  410: code.OUT_OF_RANGE,
  413: code.RESOURCE_EXHAUSTED,
  415: code.INVALID_ARGUMENT,
  422: code.FAILED_PRECONDITION,
  429: code.RESOURCE_EXHAUSTED,
  500: code.INTERNAL,
  503: code.UNAVAILABLE,
  504: code.DEADLINE_EXCEEDED,
};

/** For people who look with general tools; it is percent-encoded in a header, so it must be short. */
const maxDetailsLength = 512;

/** What grpc-js sends for any thrown value. */
export function toServiceError(thrown: unknown, warnings: readonly string[] = []): ServiceError {
  const error = StatusError.from(thrown);
  const metadata = trailerOf(warnings);
  metadata.set(statusTrailer, encodeStatus(error.status));
  const retryAfterSeconds = error.status.details?.retryAfterSeconds;
  if (error.code === 429 && retryAfterSeconds !== undefined) {
    const message = error.message.slice(0, maxDetailsLength);
    metadata.set(detailsTrailer, encodeRetryInfo(code.RESOURCE_EXHAUSTED, message, retryAfterSeconds));
  }
  return Object.assign(new Error(error.message), {
    code: error.reason === 'AlreadyExists' ? code.ALREADY_EXISTS : (grpcCodes[error.code] ?? code.UNKNOWN),
    details: error.message.slice(0, maxDetailsLength),
    metadata,
  });
}

export function trailerOf(warnings: readonly string[]): Metadata {
  const metadata = new Metadata();
  for (const warning of encodeWarnings(warnings)) metadata.add(warningTrailer, warning);
  return metadata;
}
