import { deepEqual } from '../../machinery/json.ts';
import {
  annotationKeyProblems,
  dns1123LabelProblems,
  labelKeyProblems,
  labelValueProblems,
  maxAnnotationsBytes,
  qualifiedNameProblems,
} from '../../machinery/names.ts';
import type { FieldError } from '../errors.ts';
import type { ObjectMeta, OwnerReference } from '../generated/meta-v1.ts';
import { parseApiVersion } from '../resource.ts';
import { forbiddenField, invalidEach, invalidValue, required, tooLong } from './field-errors.ts';
import { FieldPath } from './field-path.ts';

export interface NameRules {
  readonly namespaced: boolean;
  readonly nameProblems: (name: string) => readonly string[];
}

/** The metadata of every kind (apimachinery/pkg/api/validation/objectmeta.go). */
export function validateObjectMeta(
  metadata: ObjectMeta,
  rules: NameRules,
  path = FieldPath.metadata,
): FieldError[] {
  const { name, generateName, labels, annotations, ownerReferences, finalizers } = metadata;
  const errors: FieldError[] = [];
  if (generateName !== undefined)
    errors.push(
      ...invalidEach(path.child('generateName'), generateName, rules.nameProblems(maskDash(generateName))),
    );
  if (name === undefined) errors.push(required(path.child('name'), 'name or generateName is required'));
  else errors.push(...invalidEach(path.child('name'), name, rules.nameProblems(name)));
  errors.push(...validateNamespace(metadata, rules, path.child('namespace')));
  if (labels !== undefined) errors.push(...validateLabels(labels, path.child('labels')));
  if (annotations !== undefined) errors.push(...validateAnnotations(annotations, path.child('annotations')));
  if (ownerReferences !== undefined)
    errors.push(...validateOwnerReferences(ownerReferences, path.child('ownerReferences')));
  if (finalizers !== undefined) errors.push(...validateFinalizers(finalizers, path.child('finalizers')));
  return errors;
}

/** What an update may not touch. Deletion that has begun takes no new finalizers. */
export function validateObjectMetaUpdate(metadata: ObjectMeta, old: ObjectMeta): FieldError[] {
  const path = FieldPath.metadata;
  const errors: FieldError[] = [];
  for (const name of immutableMetadata)
    errors.push(...validateImmutable(metadata[name], old[name], path.child(name)));
  if (old.deletionTimestamp !== undefined) {
    const added = (metadata.finalizers ?? []).filter((name) => !(old.finalizers ?? []).includes(name));
    if (added.length > 0) {
      const text = `no new finalizers can be added if the object is being deleted, found new finalizers ${JSON.stringify(added)}`;
      errors.push(forbiddenField(path.child('finalizers'), text));
    }
  }
  return errors;
}

const immutableMetadata = [
  'name',
  'namespace',
  'uid',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
] as const;

export function validateImmutable(value: unknown, old: unknown, path: FieldPath): FieldError[] {
  return deepEqual(value, old) ? [] : [invalidValue(path, value, 'field is immutable')];
}

function validateNamespace(
  { namespace }: ObjectMeta,
  { namespaced }: NameRules,
  path: FieldPath,
): FieldError[] {
  if (!namespaced) return namespace === undefined ? [] : [forbiddenField(path, 'not allowed on this type')];
  if (namespace === undefined) return [required(path)];
  return invalidEach(path, namespace, dns1123LabelProblems(namespace));
}

export function validateLabels(labels: Readonly<Record<string, string>>, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  for (const key in labels) {
    if (knownLabels.has(key)) {
      const value = labels[key] as string;
      errors.push(...invalidEach(path, value, labelValueProblems(value)));
      continue;
    }
    const problems = labelKeyProblems(key);
    errors.push(...invalidEach(path, key, problems));
    const value = labels[key] as string;
    errors.push(...invalidEach(path, value, labelValueProblems(value)));
    if (problems.length === 0 && knownLabels.size < maxKnownLabels) knownLabels.add(key);
  }
  return errors;
}

/** Label keys that passed: a cluster uses few, over and over. */
const knownLabels = new Set<string>();
const maxKnownLabels = 10_000;

export function validateAnnotations(
  annotations: Readonly<Record<string, string>>,
  path: FieldPath,
): FieldError[] {
  const errors: FieldError[] = [];
  let totalBytes = 0;
  for (const key in annotations) {
    if (!knownLabels.has(key)) errors.push(...invalidEach(path, key, annotationKeyProblems(key)));
    totalBytes += Buffer.byteLength(key) + Buffer.byteLength(annotations[key] as string);
  }
  if (totalBytes > maxAnnotationsBytes) errors.push(tooLong(path, maxAnnotationsBytes));
  return errors;
}

function validateOwnerReferences(owners: readonly OwnerReference[], path: FieldPath): FieldError[] {
  const errors = owners.flatMap((owner, index) => validateOwnerReference(owner, path.index(index)));
  const controllers = owners.filter((owner) => owner.controller === true);
  if (controllers.length > 1) {
    const [first, second] = controllers.map((owner) => owner.name);
    const text = `Only one reference can have Controller set to true. Found "true" in references for ${first} and ${second}`;
    errors.push(invalidValue(path, owners, text));
  }
  return errors;
}

function validateOwnerReference(owner: OwnerReference, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const { version } = parseApiVersion(owner.apiVersion);
  if (version === '')
    errors.push(invalidValue(path.child('apiVersion'), owner.apiVersion, 'version must not be empty'));
  if (owner.kind === '') errors.push(invalidValue(path.child('kind'), owner.kind, 'must not be empty'));
  if (owner.name === '') errors.push(invalidValue(path.child('name'), owner.name, 'must not be empty'));
  if (owner.uid === '') errors.push(invalidValue(path.child('uid'), owner.uid, 'must not be empty'));
  // An Event must never own anything: it is gone within the hour.
  if (owner.apiVersion === 'v1' && owner.kind === 'Event')
    errors.push(
      invalidValue(path, `${owner.apiVersion}, Kind=${owner.kind}`, 'is disallowed from being an owner'),
    );
  return errors;
}

function validateFinalizers(finalizers: readonly string[], path: FieldPath): FieldError[] {
  const errors: FieldError[] = finalizers.flatMap((name, index) =>
    invalidEach(path.index(index), name, qualifiedNameProblems(name)),
  );
  for (const [index, name] of finalizers.entries()) {
    if (qualifiedNameProblems(name).length > 0 || name.includes('/') || standardFinalizers.has(name))
      continue;
    errors.push(
      invalidValue(
        path.index(index),
        name,
        'name is neither a standard finalizer name nor is it fully qualified',
      ),
    );
  }
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion'))
    errors.push(
      invalidValue(path, finalizers, 'finalizer orphan and finalizer foregroundDeletion cannot be both set'),
    );
  return errors;
}

const standardFinalizers = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);

/** A generateName may end in a dash: a suffix follows. */
function maskDash(name: string): string {
  return name.length > 1 && name.endsWith('-') ? `${name.slice(0, -1)}a` : name;
}
