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
import {
  validateCsiDriver,
  validateCsiDriverUpdate,
  validateCsiNode,
  validateCsiNodeUpdate,
  validateCsiStorageCapacity,
  validateCsiStorageCapacityUpdate,
} from '../validation/csi.ts';
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
  validate: validateCsiDriver,
  validateUpdate: validateCsiDriverUpdate,
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

export const csiNodeKind = declareKind(csinodes, {
  validate: validateCsiNode,
  validateUpdate: validateCsiNodeUpdate,
});

export const csiStorageCapacityKind = declareKind(csistoragecapacities, {
  validate: validateCsiStorageCapacity,
  validateUpdate: validateCsiStorageCapacityUpdate,
});

export const volumeAttachmentKind = declareKind(volumeattachments, {
  validate: validateAttachment,
  validateUpdate: validateAttachmentUpdate,
});

export const volumeAttributesClassKind = declareKind(volumeattributesclasses, {
  validate: validateAttributesClass,
  validateUpdate: validateAttributesClassUpdate,
});
