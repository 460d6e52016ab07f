import { forbidden, isNotFound } from '../api/errors.ts';
import type { PersistentVolumeClaim } from '../api/generated/core-v1.ts';
import { storageclasses } from '../api/generated/resources.ts';
import { Quantity } from '../machinery/quantity.ts';
import type { AdmissionPlugin, AdmissionRequest } from './chain.ts';
import type { Lookup } from './lookup.ts';

const classAnnotation = 'volume.beta.kubernetes.io/storage-class';

/** Only a bound claim grows, and only where its class allows that (plugin/pkg/admission/storage/persistentvolume/resize). */
export class ClaimResize implements AdmissionPlugin {
  readonly name = 'PersistentVolumeClaimResize';
  readonly #lookup: Pick<Lookup, 'get'>;

  constructor(lookup: Pick<Lookup, 'get'>) {
    this.#lookup = lookup;
  }

  handles({ operation, declaration, subresource }: AdmissionRequest): boolean {
    return (
      operation === 'UPDATE' &&
      declaration.plural === 'persistentvolumeclaims' &&
      declaration.group === '' &&
      subresource === ''
    );
  }

  async validate(request: AdmissionRequest): Promise<void> {
    const claim = request.object as unknown as PersistentVolumeClaim;
    const old = request.old as PersistentVolumeClaim;
    if (sizeOf(claim).compare(sizeOf(old)) <= 0) return;
    const { declaration, name } = request;
    if (old.status.phase !== 'Bound')
      throw forbidden(declaration, name, 'Only bound persistent volume claims can be expanded');
    if (await this.#mayGrow(claim, old, request.signal)) return;
    throw forbidden(
      declaration,
      name,
      'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
    );
  }

  async #mayGrow(
    claim: PersistentVolumeClaim,
    old: PersistentVolumeClaim,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const name = classOf(claim);
    if (name === '' || name !== classOf(old)) return false;
    try {
      const { allowVolumeExpansion } = await this.#lookup.get(storageclasses, { name }, { signal });
      return allowVolumeExpansion === true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }
}

function sizeOf({ spec }: PersistentVolumeClaim): Quantity {
  return Quantity.parse(spec.resources?.requests?.['storage'] ?? '0');
}

function classOf({ metadata, spec }: PersistentVolumeClaim): string {
  return metadata.annotations?.[classAnnotation] ?? spec.storageClassName ?? '';
}
