import type { PersistentVolume, PersistentVolumeClaim } from '../generated/core-v1.ts';
import {
  csidrivers,
  csinodes,
  csistoragecapacities,
  persistentvolumeclaims,
  persistentvolumes,
  storageclasses,
  volumeattachments,
  volumeattributesclasses,
} from '../generated/resources.ts';
import type { CSIDriver, StorageClass } from '../generated/storage-v1.ts';
import type { Mutable } from '../object.ts';
import { objectSchemaOf } from '../schema/schemas.ts';
import { FieldPath } from '../validation/field-path.ts';
import { validateImmutable } from '../validation/object-meta.ts';
import { validateBySchema } from '../validation/schema-rules.ts';
import {
  validateAttachment,
  validateAttachmentUpdate,
  validateAttributesClass,
  validateAttributesClassUpdate,
  validateClaim,
  validateClaimUpdate,
  validateStorageClass,
  validateStorageClassUpdate,
  validateVolume,
  validateVolumeUpdate,
} from '../validation/storage.ts';
import { declareKind } from './declare.ts';

export const persistentVolumeClaimKind = declareKind(persistentvolumeclaims, {
  applyDefaults: defaultClaim,
  validate: validateClaim,
  validateUpdate: validateClaimUpdate,
});

function defaultClaim({ spec, status }: Mutable<PersistentVolumeClaim>): void {
  spec.volumeMode ??= 'Filesystem';
  status.phase ??= 'Pending';
}

export const persistentVolumeKind = declareKind(persistentvolumes, {
  applyDefaults: defaultVolume,
  validate: validateVolume,
  validateUpdate: validateVolumeUpdate,
});

function defaultVolume({ spec, status }: Mutable<PersistentVolume>): void {
  spec.persistentVolumeReclaimPolicy ??= 'Retain';
  spec.volumeMode ??= 'Filesystem';
  status.phase ??= 'Pending';
  if (spec.hostPath !== undefined) spec.hostPath.type ??= '';
}

export const storageClassKind = declareKind(storageclasses, {
  applyDefaults: defaultStorageClass,
  validate: validateStorageClass,
  validateUpdate: validateStorageClassUpdate,
});

function defaultStorageClass(storageClass: Mutable<StorageClass>): void {
  storageClass.reclaimPolicy ??= 'Delete';
  storageClass.volumeBindingMode ??= 'Immediate';
}

export const csiDriverKind = declareKind(csidrivers, {
  generation: true,
  applyDefaults: defaultDriver,
  validateUpdate: (now, old) =>
    validateImmutable(
      now.spec.attachRequired,
      old.spec.attachRequired,
      FieldPath.spec.child('attachedRequired'),
    ),
});

function defaultDriver({ spec }: Mutable<CSIDriver>): void {
  spec.attachRequired ??= true;
  spec.podInfoOnMount ??= false;
  spec.storageCapacity ??= false;
  spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType';
  spec.requiresRepublish ??= false;
  spec.seLinuxMount ??= false;
  if ((spec.volumeLifecycleModes?.length ?? 0) === 0) spec.volumeLifecycleModes = ['Persistent'];
}

const csiNodeSpec = objectSchemaOf('storage/v1.CSINodeSpec');

export const csiNodeKind = declareKind(csinodes, {
  validate: ({ spec }) => validateBySchema(csiNodeSpec, spec, FieldPath.spec),
});

export const csiStorageCapacityKind = declareKind(csistoragecapacities, {
  validateUpdate: (now, old) => [
    ...validateImmutable(
      now.storageClassName,
      old.storageClassName,
      FieldPath.root.child('storageClassName'),
    ),
    ...validateImmutable(now.nodeTopology, old.nodeTopology, FieldPath.root.child('nodeTopology')),
  ],
});

export const volumeAttachmentKind = declareKind(volumeattachments, {
  validate: validateAttachment,
  validateUpdate: validateAttachmentUpdate,
});

export const volumeAttributesClassKind = declareKind(volumeattributesclasses, {
  validate: validateAttributesClass,
  validateUpdate: validateAttributesClassUpdate,
});
