import { deepEqual } from '../../machinery/json.ts';
import { dns1123SubdomainProblems, qualifiedNameProblems } from '../../machinery/names.ts';
import { Quantity } from '../../machinery/quantity.ts';
import type { PersistentVolume, PersistentVolumeClaim } from '../generated/core-v1.ts';
import type { StorageClass, VolumeAttachment, VolumeAttributesClass } from '../generated/storage-v1.ts';
import { objectSchemaOf } from '../schema/schemas.ts';
import { checkEach, checkFormat, checkOneOf, positive } from './common.ts';
import type { Errors } from './common.ts';
import { forbiddenField, invalidEach, invalidValue, required } from './field-errors.ts';
import { FieldPath } from './field-path.ts';
import { validateLabelSelector } from './label-selector.ts';
import { validateImmutable } from './object-meta.ts';
import { validateNodeSelector } from './scheduling.ts';
import { validateBySchema } from './schema-rules.ts';

const accessModes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
const volumeModes = ['Block', 'Filesystem'];
const sizes = 'capacity';

/** ValidatePersistentVolumeClaim. */
export function validateClaim({ spec }: PersistentVolumeClaim): Errors {
  const path = FieldPath.spec;
  const size = spec.resources?.requests?.['storage'];
  const sizePath = path.child('resources').key('storage');
  return [
    ...validateAccessModes(spec.accessModes, path.child('accessModes')),
    ...(spec.selector === undefined ? [] : validateLabelSelector(spec.selector, path.child('selector'))),
    ...(size === undefined ? [required(sizePath)] : validateSize(size, sizePath)),
    ...checkFormat(spec.storageClassName, dns1123SubdomainProblems, path.child('storageClassName')),
    ...checkOneOf(spec.volumeMode, volumeModes, path.child('volumeMode')),
  ];
}

function validateAccessModes(modes: readonly string[] | undefined, path: FieldPath): Errors {
  if (modes === undefined || modes.length === 0)
    return [required(path, 'at least 1 access mode is required')];
  const errors = checkEach(modes, path, (mode, at) => checkOneOf(mode, accessModes, at));
  if (modes.includes('ReadWriteOncePod') && modes.length > 1)
    errors.push(forbiddenField(path, 'may not use ReadWriteOncePod with other access modes'));
  return errors;
}

function validateSize(size: string, path: FieldPath): Errors {
  return size === '0' || size.startsWith('-') ? [invalidValue(path, size, positive)] : [];
}

/** ValidatePersistentVolumeClaimUpdate: a bound claim may only grow. */
export function validateClaimUpdate({ spec }: PersistentVolumeClaim, old: PersistentVolumeClaim): Errors {
  const { volumeName, resources, storageClassName, volumeAttributesClassName: _v, ...fixed } = spec;
  const {
    volumeName: boundTo,
    resources: had,
    storageClassName: oldClass,
    volumeAttributesClassName: _w,
    ...before
  } = old.spec;
  const errors: Errors = [];
  const bound = old.status.phase === 'Bound';
  const changed =
    !deepEqual(fixed, before) ||
    (boundTo !== undefined && volumeName !== boundTo) ||
    (oldClass !== undefined && storageClassName !== oldClass) ||
    (!bound && !deepEqual(resources ?? {}, had ?? {}));
  if (changed)
    errors.push(
      forbiddenField(
        FieldPath.spec,
        'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims',
      ),
    );
  const [size, oldSize] = [resources?.requests?.['storage'], had?.requests?.['storage']];
  if (
    bound &&
    size !== undefined &&
    oldSize !== undefined &&
    Quantity.parse(size).compare(Quantity.parse(oldSize)) < 0
  )
    errors.push(
      forbiddenField(
        FieldPath.spec.child('resources').child('requests').child('storage'),
        'field can not be less than status.capacity',
      ),
    );
  return errors;
}

/** What a volume may be made of, one at a time: the members of PersistentVolumeSource. */
const sourceNames = [...objectSchemaOf('core/v1.PersistentVolumeSource').fields.keys()];

/** ValidatePersistentVolume. */
export function validateVolume({ spec }: PersistentVolume): Errors {
  const path = FieldPath.spec;
  const size = spec.capacity?.['storage'];
  const given = sourceNames.filter((name) => (spec as Readonly<Record<string, unknown>>)[name] !== undefined);
  const [, ...others] = given;
  const { nodeAffinity, local } = spec;
  const errors: Errors = [
    ...validateAccessModes(spec.accessModes, path.child('accessModes')),
    ...(size === undefined
      ? [required(path.child(sizes))]
      : validateSize(size, path.child(sizes).key('storage'))),
    ...checkOneOf(
      spec.persistentVolumeReclaimPolicy,
      ['Delete', 'Recycle', 'Retain'],
      path.child('persistentVolumeReclaimPolicy'),
    ),
    ...checkOneOf(spec.volumeMode, volumeModes, path.child('volumeMode')),
    ...checkFormat(spec.storageClassName, dns1123SubdomainProblems, path.child('storageClassName')),
    ...(given.length === 0 ? [required(path, 'must specify a volume type')] : []),
    ...others.map((name) => forbiddenField(path.child(name), 'may not specify more than 1 volume type')),
  ];
  const affinityPath = path.child('nodeAffinity');
  if (nodeAffinity?.required !== undefined)
    errors.push(...validateNodeSelector(nodeAffinity.required, affinityPath.child('required')));
  else if (local !== undefined) errors.push(required(affinityPath, 'Local volume requires node affinity'));
  return errors;
}

/** ValidatePersistentVolumeUpdate: what a volume is made of stays. */
export function validateVolumeUpdate({ spec }: PersistentVolume, { spec: old }: PersistentVolume): Errors {
  const sourceOf = (of: object) => sourceNames.map((name) => (of as Readonly<Record<string, unknown>>)[name]);
  const errors = validateImmutable(spec.volumeMode, old.volumeMode, FieldPath.spec.child('volumeMode'));
  if (!deepEqual(sourceOf(spec), sourceOf(old)))
    errors.push(
      forbiddenField(
        FieldPath.spec.child('persistentvolumesource'),
        'spec.persistentvolumesource is immutable after creation',
      ),
    );
  // It may be given later: where a volume is may be found out.
  if (old.nodeAffinity !== undefined)
    errors.push(
      ...validateImmutable(spec.nodeAffinity, old.nodeAffinity, FieldPath.spec.child('nodeAffinity')),
    );
  return errors;
}

/** ValidateStorageClass. */
export function validateStorageClass(storageClass: StorageClass): Errors {
  const { provisioner, reclaimPolicy, volumeBindingMode, parameters } = storageClass;
  const root = FieldPath.root;
  return [
    ...validateDriver(provisioner, root.child('provisioner')),
    ...checkOneOf(reclaimPolicy, ['Delete', 'Retain'], root.child('reclaimPolicy')),
    ...checkOneOf(volumeBindingMode, ['Immediate', 'WaitForFirstConsumer'], root.child('volumeBindingMode'), {
      isRequired: true,
    }),
    ...(Object.keys(parameters ?? {}).includes('')
      ? [invalidValue(root.child('parameters'), '', 'field can not be empty.')]
      : []),
  ];
}

function validateDriver(name: string, path: FieldPath): Errors {
  const lower = name.toLowerCase();
  return name === '' ? [required(path)] : invalidEach(path, lower, qualifiedNameProblems(lower));
}

/** Claims were made on its terms. */
export function validateStorageClassUpdate(now: StorageClass, old: StorageClass): Errors {
  const root = FieldPath.root;
  const errors: Errors = [];
  if (!deepEqual(now.parameters ?? {}, old.parameters ?? {}))
    errors.push(forbiddenField(root.child('parameters'), 'updates to parameters are forbidden.'));
  if (now.provisioner !== old.provisioner)
    errors.push(forbiddenField(root.child('provisioner'), 'updates to provisioner are forbidden.'));
  if (now.reclaimPolicy !== old.reclaimPolicy)
    errors.push(forbiddenField(root.child('reclaimPolicy'), 'updates to reclaimPolicy are forbidden.'));
  return [
    ...errors,
    ...validateImmutable(now.volumeBindingMode, old.volumeBindingMode, root.child('volumeBindingMode')),
  ];
}

const attachmentSpec = objectSchemaOf('storage/v1.VolumeAttachmentSpec');

export function validateAttachment({ spec }: VolumeAttachment): Errors {
  const errors = validateBySchema(attachmentSpec, spec, FieldPath.spec);
  const { persistentVolumeName, inlineVolumeSpec } = spec.source;
  const path = FieldPath.spec.child('source');
  if (persistentVolumeName === undefined && inlineVolumeSpec === undefined)
    errors.push(required(path, 'must specify exactly one of inlineVolumeSpec and persistentVolumeName'));
  if (persistentVolumeName !== undefined && inlineVolumeSpec !== undefined)
    errors.push(
      forbiddenField(path, 'must specify exactly one of inlineVolumeSpec and persistentVolumeName'),
    );
  return errors;
}

export function validateAttachmentUpdate(now: VolumeAttachment, old: VolumeAttachment): Errors {
  return validateImmutable(now.spec, old.spec, FieldPath.spec);
}

/** ValidateVolumeAttributesClass. */
export function validateAttributesClass({ driverName, parameters = {} }: VolumeAttributesClass): Errors {
  const root = FieldPath.root;
  const errors = validateDriver(driverName, root.child('driverName'));
  const path = root.child('parameters');
  if (Object.keys(parameters).length === 0)
    errors.push(required(path, 'must contain at least one key/value pair'));
  if (Object.hasOwn(parameters, '')) errors.push(invalidValue(path, '', 'field can not be empty.'));
  return errors;
}

/** Volumes have what their class says: another one is another class. */
export function validateAttributesClassUpdate(
  now: VolumeAttributesClass,
  old: VolumeAttributesClass,
): Errors {
  return (['driverName', 'parameters'] as const).flatMap((name) =>
    deepEqual(now[name], old[name])
      ? []
      : [forbiddenField(FieldPath.root.child(name), `updates to ${name} are forbidden.`)],
  );
}
