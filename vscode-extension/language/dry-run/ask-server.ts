import { StatusError } from '../../../core/api/errors.ts';
import type { Resource } from '../../../core/api/resource.ts';
import type { CollectionTarget, Encoded, Verbs } from '../../../core/api/verbs.ts';
import type { ManifestObject } from '../checks/manifest-objects.ts';
import type { DryRunAnswer } from './server-problems.ts';

export interface DryRunRequest {
  readonly verbs: Verbs;
  readonly resource: Resource<unknown>;
  readonly object: ManifestObject;
  /** Where the object goes when it names no namespace. */
  readonly namespace: string;
  readonly fieldManager: string;
  readonly signal: AbortSignal;
}

/**
 * Has the server go through all of an apply but the write: admission, quotas and policies included. Conflicts with
 * other managers are no mistakes of the manifest, so they are taken over. Rejects when the server cannot be asked.
 */
export async function askServer({
  verbs,
  resource,
  object,
  namespace,
  fieldManager,
  signal,
}: DryRunRequest): Promise<DryRunAnswer> {
  const warnings: string[] = [];
  const call = { signal, warn: (text: string) => void warnings.push(text) };
  const place = resource.namespaced ? { namespace: object.namespace ?? namespace } : {};
  const target: CollectionTarget = {
    group: resource.group,
    version: resource.version,
    resource: resource.plural,
    ...place,
  };
  const options = { dryRun: true, fieldManager, fieldValidation: 'Strict' } as const;
  const write = (): Promise<Encoded> =>
    object.name === ''
      ? verbs.create(
          call,
          target,
          { kind: 'bytes', contentType: 'application/json', bytes: bytesOf(object) },
          options,
        )
      : verbs.patch(
          call,
          { ...target, name: object.name },
          { type: 'apply', bytes: bytesOf(object) },
          { ...options, force: true },
        );
  try {
    await write();
    return { refusal: undefined, warnings };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof StatusError) || isUnreachable(error)) throw error;
    return { refusal: error.status, warnings };
  }
}

function bytesOf({ value }: ManifestObject): Buffer {
  const metadata = value['metadata'];
  if (typeof metadata !== 'object' || metadata === null) return Buffer.from(JSON.stringify(value));
  // What `get -o yaml` prints of them is refused in an apply.
  const { managedFields: _, ...kept } = metadata as Record<string, unknown>;
  return Buffer.from(JSON.stringify({ ...value, metadata: kept }));
}

/** A webhook that fails refuses what it was to be asked about (webhook/errors/statuserror.go). */
const failedWebhook = /^Internal error occurred: failed calling webhook "/;

/** Says nothing of the manifest. An apply of fields that the schema does not have is called an internal error, too. */
function isUnreachable({ reason, message, status }: StatusError): boolean {
  const namesFields = status.details?.causes?.some(({ field = '' }) => field !== '') === true;
  if (reason === 'InternalError') return !failedWebhook.test(message) && !namesFields;
  return ['ServiceUnavailable', 'Timeout', 'ServerTimeout', 'TooManyRequests', 'Unauthorized'].includes(
    reason,
  );
}
