import { badRequest, conflict, modifiedMeanwhile, StatusError } from '../api/errors.ts';
import type { KubernetesObject, Mutable } from '../api/object.ts';
import type { KindDeclaration } from '../api/scheme.ts';
import type { Clock } from '../machinery/clock.ts';
import { nameSuffix, uuid } from '../machinery/random.ts';
import type { Random } from '../machinery/random.ts';
import { timestamp } from '../machinery/timestamp.ts';

/** With the suffix the name stays within 63 characters (apiserver/pkg/storage/names/generate.go). */
const maxGeneratedBase = 58;

/** Fills in what only the server may (apiserver/pkg/registry/rest/create.go and meta.go). */
export function fillNewMetadata(
  object: Mutable<KubernetesObject>,
  declaration: KindDeclaration,
  clock: Clock,
  random: Random,
): void {
  const { metadata } = object;
  if (metadata.resourceVersion !== undefined && metadata.resourceVersion !== '')
    throw badRequest('resourceVersion should not be set on objects to be created');
  delete metadata.resourceVersion;
  delete metadata.selfLink;
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  delete metadata.generation;
  metadata.uid = uuid(random);
  metadata.creationTimestamp = timestamp(clock.now());
  if (declaration.generation) metadata.generation = 1;
  if (metadata.name === undefined && metadata.generateName !== undefined)
    metadata.name = generatedName(metadata.generateName, random);
}

export function generatedName(base: string, random: Random): string {
  return base.slice(0, maxGeneratedBase) + nameSuffix(random);
}

/**
 * Carries over what an update may leave out and may not change silently: what the client did set is compared by
 * validation (apimachinery/pkg/api/validation/objectmeta.go: ValidateObjectMetaAccessorUpdate).
 */
export function fillUpdatedMetadata(object: Mutable<KubernetesObject>, old: KubernetesObject): void {
  const { metadata } = object;
  const before = old.metadata;
  metadata.uid ??= before.uid;
  metadata.creationTimestamp ??= before.creationTimestamp;
  metadata.deletionTimestamp ??= before.deletionTimestamp;
  metadata.deletionGracePeriodSeconds ??= before.deletionGracePeriodSeconds;
  delete metadata.selfLink;
  if (before.generation === undefined) delete metadata.generation;
  else metadata.generation = before.generation;
}

export interface Preconditions {
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
}

/** Throws Conflict in upstream's words (apiserver/pkg/storage/interfaces.go: Preconditions.Check). */
export function checkPreconditions(
  declaration: KindDeclaration,
  { metadata }: KubernetesObject,
  { uid, resourceVersion }: Preconditions,
): void {
  const name = metadata.name ?? '';
  if (uid !== undefined && uid !== metadata.uid)
    throw conflict(
      declaration,
      name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid}`,
    );
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion)
    throw conflict(
      declaration,
      name,
      `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${metadata.resourceVersion}`,
    );
}

/** An object that names a resourceVersion updates that one alone; some kinds must name one. */
export function checkRevision(
  declaration: KindDeclaration,
  { metadata }: KubernetesObject,
  old: { readonly resourceVersion: string; readonly object: KubernetesObject },
): void {
  const { resourceVersion, name } = metadata;
  if (resourceVersion === undefined || resourceVersion === '') {
    if (declaration.unconditionalUpdate) return;
    const { group, kind, plural } = declaration;
    const message = 'Invalid value: 0: must be specified for an update';
    throw new StatusError(
      'Invalid',
      `${plural} ${JSON.stringify(name)} is invalid: metadata.resourceVersion: ${message}`,
      {
        target: { group, kind, name },
        causes: [{ reason: 'FieldValueInvalid', message, field: 'metadata.resourceVersion' }],
      },
    );
  }
  if (resourceVersion !== old.resourceVersion)
    throw conflict(declaration, old.object.metadata.name ?? '', modifiedMeanwhile);
}
