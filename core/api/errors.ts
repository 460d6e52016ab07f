import type { Status, StatusCause } from './generated/meta-v1.ts';

/** Upstream's closed set of reasons (apimachinery/pkg/apis/meta/v1/types.go) and the HTTP code of each. */
const codes = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  AlreadyExists: 409,
  Conflict: 409,
  Gone: 410,
  Expired: 410,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  TooManyRequests: 429,
  InternalError: 500,
  ServiceUnavailable: 503,
  Timeout: 504,
  ServerTimeout: 504,
  StorageReadError: 500,
} as const;

export type StatusReason = keyof typeof codes;

export interface StatusTarget {
  readonly group?: string | undefined;
  readonly kind?: string | undefined;
  readonly name?: string | undefined;
  readonly uid?: string | undefined;
}

export interface StatusOptions extends ErrorOptions {
  readonly target?: StatusTarget;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number;
  readonly code?: number;
  /** The token with which a client may go on despite the error (an expired list). */
  readonly continue?: string;
}

/**
 * The one error that crosses the API, in both directions and over both protocols. `status` is what goes on the
 * wire; anything unexpected becomes an InternalError that says nothing of its insides.
 */
export class StatusError extends Error {
  readonly status: Status;

  constructor(reason: StatusReason, message: string, options: StatusOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'StatusError';
    const details = detailsOf(options);
    this.status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: options.continue === undefined ? {} : { continue: options.continue },
      status: 'Failure',
      message,
      reason,
      ...(details === undefined ? {} : { details }),
      code: options.code ?? codes[reason],
    };
  }

  get reason(): StatusReason {
    return this.status.reason as StatusReason;
  }

  get code(): number {
    return this.status.code ?? 500;
  }

  /** The error a Status from the wire stands for. */
  static fromStatus(status: Status, options?: ErrorOptions): StatusError {
    const error = new StatusError(
      (status.reason as StatusReason) ?? 'InternalError',
      status.message ?? '',
      options,
    );
    Object.defineProperty(error, 'status', { value: status });
    return error;
  }

  /** Any thrown value as a StatusError; the original stays as the cause. */
  static from(thrown: unknown): StatusError {
    if (thrown instanceof StatusError) return thrown;
    if (isAbort(thrown))
      return new StatusError('Timeout', 'The request was cancelled or timed out', { cause: thrown });
    return new StatusError('InternalError', 'Internal error occurred: the cause is in the server log', {
      cause: thrown,
    });
  }
}

function detailsOf({ target, causes, retryAfterSeconds }: StatusOptions): Status['details'] {
  if (target === undefined && causes === undefined && retryAfterSeconds === undefined) return undefined;
  return {
    ...(target?.name === undefined ? {} : { name: target.name }),
    ...(target?.group ? { group: target.group } : {}),
    ...(target?.kind === undefined ? {} : { kind: target.kind }),
    ...(target?.uid === undefined ? {} : { uid: target.uid }),
    ...(causes === undefined ? {} : { causes }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  };
}

function isAbort(thrown: unknown): boolean {
  return thrown instanceof Error && (thrown.name === 'AbortError' || thrown.name === 'TimeoutError');
}

/** What messages call a resource: plural and group, as in `pods "web-1" not found`. */
export interface ResourceLabel {
  readonly group: string;
  readonly plural: string;
}

export function notFound(resource: ResourceLabel, name: string): StatusError {
  return new StatusError('NotFound', `${label(resource)} "${name}" not found`, {
    target: target(resource, name),
  });
}

export function alreadyExists(resource: ResourceLabel, name: string): StatusError {
  return new StatusError('AlreadyExists', `${label(resource)} "${name}" already exists`, {
    target: target(resource, name),
  });
}

/** All names that were made up for an object were taken (NewGenerateNameConflict); another try may find a free one. */
export function generatedNameTaken(resource: ResourceLabel, name: string): StatusError {
  return new StatusError(
    'AlreadyExists',
    `${label(resource)} "${name}" already exists, the server was not able to generate a unique name for the object`,
    { target: target(resource, name), retryAfterSeconds: 1 },
  );
}

export function conflict(resource: ResourceLabel, name: string, why: string): StatusError {
  return new StatusError(
    'Conflict',
    `Operation cannot be fulfilled on ${label(resource)} "${name}": ${why}`,
    {
      target: target(resource, name),
    },
  );
}

/** Upstream's words for a write that lost the race; clients match on them. */
export const modifiedMeanwhile =
  'the object has been modified; please apply your changes to the latest version and try again';

export function forbidden(resource: ResourceLabel, name: string, why: string): StatusError {
  const what = name === '' ? `${label(resource)} is forbidden` : `${label(resource)} "${name}" is forbidden`;
  return new StatusError('Forbidden', `${what}: ${why}`, { target: target(resource, name) });
}

export function badRequest(message: string, options?: ErrorOptions): StatusError {
  return new StatusError('BadRequest', message, options);
}

export function gone(message: string): StatusError {
  return new StatusError('Expired', message);
}

export type FieldErrorReason =
  | 'FieldValueRequired'
  | 'FieldValueInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueDuplicate'
  | 'FieldValueForbidden'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'FieldValueNotFound'
  | 'FieldValueTypeInvalid';

/** One refused field, such as `spec.replicas: Invalid value: -1: must be greater than or equal to 0`. */
export interface FieldError {
  readonly field: string;
  readonly reason: FieldErrorReason;
  /** What follows the field: upstream's wording (validation/field/errors.go). */
  readonly message: string;
}

/** A 422 with a cause per field, as upstream's `NewInvalid`. */
export function invalid(
  kind: { readonly group: string; readonly kind: string },
  name: string,
  errors: readonly FieldError[],
): StatusError {
  const lines = errors.map((error) => `${error.field}: ${error.message}`);
  const all = lines.length === 1 ? lines[0] : `[${lines.join(', ')}]`;
  const qualified = kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`;
  return new StatusError('Invalid', `${qualified} "${name}" is invalid: ${all}`, {
    target: { group: kind.group, kind: kind.kind, name },
    causes: errors.map(({ field, reason, message }) => ({ field, reason, message })),
  });
}

export function isNotFound(error: unknown): boolean {
  return hasReason(error, 'NotFound');
}

/** What a read finds; undefined where it is answered NotFound. */
export async function ifFound<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** Resolves also when what is created is there already. */
export async function unlessThere(creation: Promise<unknown>): Promise<void> {
  try {
    await creation;
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}

export function isAlreadyExists(error: unknown): boolean {
  return hasReason(error, 'AlreadyExists');
}

export function isForbidden(error: unknown): boolean {
  return hasReason(error, 'Forbidden');
}

export function isConflict(error: unknown): boolean {
  return hasReason(error, 'Conflict');
}

/** The revision asked for is no longer kept: list again. */
export function isGone(error: unknown): boolean {
  return error instanceof StatusError && error.code === 410;
}

/** Asked too often, or a disruption budget does not allow an eviction now. */
export function isTooManyRequests(error: unknown): boolean {
  return hasReason(error, 'TooManyRequests');
}

export function isUnavailable(error: unknown): boolean {
  return hasReason(error, 'ServiceUnavailable');
}

function hasReason(error: unknown, reason: StatusReason): boolean {
  return error instanceof StatusError && error.reason === reason;
}

function label(resource: ResourceLabel): string {
  return resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`;
}

function target(resource: ResourceLabel, name: string): StatusTarget {
  return { group: resource.group, kind: resource.plural, name };
}
