import { status as code, type Metadata } from '@grpc/grpc-js';
import { StatusError } from '../../api/errors.ts';
import { decodeStatus, statusTrailer } from '../../api/proto/trailers.ts';

/** What grpc-js rejects with. */
interface GrpcError extends Error {
  readonly code: code;
  readonly details: string;
  readonly metadata: Metadata;
}

/**
 * The Status in the trailer, or what stands for a failure of the transport. `doing` begins the message, as in
 * "get pods".
 */
export function toStatusError(thrown: unknown, endpoint: string, doing: string): StatusError {
  if (thrown instanceof StatusError) return thrown;
  if (!isGrpcError(thrown)) return StatusError.from(thrown);
  const trailer = thrown.metadata?.get(statusTrailer)[0];
  const status = Buffer.isBuffer(trailer) ? decodeStatus(trailer) : undefined;
  if (status !== undefined) return StatusError.fromStatus(status, { cause: thrown });
  return transportError(thrown, endpoint, doing);
}

function transportError(error: GrpcError, endpoint: string, doing: string): StatusError {
  const options = { cause: error };
  const failed = `Cannot ${doing}`;
  switch (error.code) {
    case code.UNAVAILABLE:
      return new StatusError(
        'ServiceUnavailable',
        `${failed}: no answer from the core at ${endpoint} (${reasonOf(error)}). ` +
          'Look with "wh status"; start the cluster with "wh up"',
        options,
      );
    case code.DEADLINE_EXCEEDED:
      return new StatusError('Timeout', `${failed}: the core at ${endpoint} did not answer in time`, options);
    case code.CANCELLED:
      return new StatusError('Timeout', `${failed}: the request was cancelled`, options);
    case code.RESOURCE_EXHAUSTED:
      return new StatusError('RequestEntityTooLarge', `${failed}: ${error.details}`, options);
    case code.UNIMPLEMENTED:
      return new StatusError(
        'MethodNotAllowed',
        `${failed}: the core at ${endpoint} does not know this call; its version differs`,
        options,
      );
    case code.UNAUTHENTICATED:
      return new StatusError('Unauthorized', `${failed}: ${error.details}`, options);
    case code.PERMISSION_DENIED:
      return new StatusError('Forbidden', `${failed}: ${error.details}`, options);
    default:
      return new StatusError('InternalError', `${failed}: ${error.details}`, options);
  }
}

/** grpc-js wraps the cause in words of its own; people want "connect ECONNREFUSED 127.0.0.1:7443". */
function reasonOf({ details }: GrpcError): string {
  return /Last error: (?:Error: )?(.*?)\.? Resolution note:/.exec(details)?.[1] ?? details;
}

function isGrpcError(thrown: unknown): thrown is GrpcError {
  return thrown instanceof Error && typeof (thrown as GrpcError).code === 'number' && 'details' in thrown;
}
