import type { PersistentVolume } from '../../api/generated/core-v1.ts';

interface Reference {
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
}

/**
 * Whether the node that mounts a bound volume needs a Secret for it. What names no namespace is in the claim's. A
 * Secret that only the controllers of a CSI driver use is not the node's (pkg/api/v1/persistentvolume).
 */
export function nodeNeedsSecret({ spec }: PersistentVolume, namespace: string, name: string): boolean {
  const needed: readonly (Reference | undefined)[] = [
    spec.azureFile && { namespace: spec.azureFile.secretNamespace, name: spec.azureFile.secretName },
    spec.cephfs?.secretRef,
    spec.cinder?.secretRef,
    spec.flexVolume?.secretRef,
    spec.rbd?.secretRef,
    spec.scaleIO?.secretRef,
    spec.iscsi?.secretRef,
    spec.storageos?.secretRef,
    spec.csi?.nodePublishSecretRef,
    spec.csi?.nodeStageSecretRef,
    spec.csi?.nodeExpandSecretRef,
  ];
  const claims = spec.claimRef?.namespace ?? '';
  return needed.some(
    (secret) => secret?.name === name && (orUndefined(secret.namespace) ?? claims) === namespace,
  );
}

function orUndefined(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
