import type { Pod, VolumeProjection } from '../../api/generated/core-v1.ts';
import { configMapNames, isEmpty, secretNames } from './pod-references.ts';

type Volume = NonNullable<Pod['spec']['volumes']>[number];

/**
 * The first thing of the API that a Pod names, which a mirror Pod may not: its node chose it, and would be let at what
 * it names (pkg/api/pod: HasAPIObjectReference).
 */
export function referencedByMirror(pod: Pod): string | undefined {
  const { serviceAccountName = '', resourceClaims = [], volumes = [] } = pod.spec;
  if (serviceAccountName !== '') return 'a service account';
  if (!isEmpty(secretNames(pod))) return 'secrets';
  if (!isEmpty(configMapNames(pod))) return 'configmaps';
  if (resourceClaims.length > 0) return 'resourceclaims';
  return firstOf(volumes, referencedByVolume);
}

function referencedByVolume(volume: Volume): string | undefined {
  if (volume.csi !== undefined) return 'csidrivers (via CSI volumes)';
  if (volume.glusterfs !== undefined) return 'endpoints (via glusterFS volumes)';
  if (volume.persistentVolumeClaim !== undefined) return 'persistentvolumeclaims';
  if (volume.ephemeral !== undefined) return 'persistentvolumeclaims (via ephemeral volumes)';
  return firstOf(volume.projected?.sources ?? [], referencedByProjection);
}

function referencedByProjection(source: VolumeProjection): string | undefined {
  if (source.serviceAccountToken !== undefined) return 'serviceaccounts (via projected volumes)';
  if (source.clusterTrustBundle !== undefined) return 'clustertrustbundles';
  return source.podCertificate === undefined ? undefined : 'podcertificates';
}

function firstOf<T>(items: readonly T[], find: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
