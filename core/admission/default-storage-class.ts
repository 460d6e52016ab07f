import type { PersistentVolumeClaim } from '../api/generated/core-v1.ts';
import { persistentvolumeclaims, storageclasses } from '../api/generated/resources.ts';
import type { Mutable } from '../api/object.ts';
import type { AdmissionPlugin, AdmissionRequest } from './chain.ts';
import { isCreationOf } from './creation.ts';
import { newestDefault } from './defaults.ts';
import type { Lookup } from './lookup.ts';

/** How claims named their class before there was a field for it; an empty one asks for none. */
const classAnnotation = 'volume.beta.kubernetes.io/storage-class';
const defaultAnnotations = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];

/** Claims that do not name a class get the default one, if there is one (plugin/pkg/admission/storage/storageclass/setdefault). */
export class DefaultStorageClass implements AdmissionPlugin {
  readonly name = 'DefaultStorageClass';
  readonly #lookup: Pick<Lookup, 'list'>;

  constructor(lookup: Pick<Lookup, 'list'>) {
    this.#lookup = lookup;
  }

  handles(request: AdmissionRequest): boolean {
    return isCreationOf(request, persistentvolumeclaims);
  }

  async mutate({ object, signal }: AdmissionRequest): Promise<void> {
    const { metadata, spec } = object as unknown as Mutable<PersistentVolumeClaim>;
    if (spec.storageClassName !== undefined || metadata.annotations?.[classAnnotation] !== undefined) return;
    const { items } = await this.#lookup.list(storageclasses, { signal });
    const name = newestDefault(items, defaultAnnotations)?.metadata.name;
    if (name !== undefined) spec.storageClassName = name;
  }
}
