import type { Volume, VolumeProjection } from '../../api/generated/core-v1.ts';
import type { Description } from './description.ts';

/** The section of a Pod's volumes: what each is, in upstream's words, and what it is filled from. */
export function describeVolumes(to: Description, volumes: readonly Volume[] | undefined, level = 0): void {
  if (volumes === undefined || volumes.length === 0) {
    to.line(level, 'Volumes:\t<none>');
    return;
  }
  to.line(level, 'Volumes:');
  for (const volume of volumes) {
    to.line(level + 1, `${volume.name}:`);
    describeSource(to, volume, level + 2);
  }
}

function describeSource(to: Description, volume: Volume, level: number): void {
  if (volume.hostPath !== undefined) {
    to.field(level, 'Type', 'HostPath (bare host directory volume)')
      .field(level, 'Path', volume.hostPath.path)
      .field(level, 'HostPathType', volume.hostPath.type);
  } else if (volume.emptyDir !== undefined) {
    to.field(level, 'Type', "EmptyDir (a temporary directory that shares a pod's lifetime)")
      .field(level, 'Medium', volume.emptyDir.medium)
      .field(level, 'SizeLimit', volume.emptyDir.sizeLimit ?? '<unset>');
  } else if (volume.secret !== undefined) {
    to.field(level, 'Type', 'Secret (a volume populated by a Secret)')
      .field(level, 'SecretName', volume.secret.secretName)
      .field(level, 'Optional', String(volume.secret.optional ?? false));
  } else if (volume.configMap !== undefined) {
    to.field(level, 'Type', 'ConfigMap (a volume populated by a ConfigMap)')
      .field(level, 'Name', volume.configMap.name)
      .field(level, 'Optional', String(volume.configMap.optional ?? false));
  } else if (volume.projected !== undefined) {
    to.field(level, 'Type', 'Projected (a volume that contains injected data from multiple sources)');
    for (const source of volume.projected.sources ?? []) describeProjection(to, source, level);
  } else if (volume.downwardAPI !== undefined) {
    to.field(level, 'Type', 'DownwardAPI (a volume populated by information about the pod)').line(
      level,
      'Items:',
    );
    for (const { fieldRef, resourceFieldRef, path } of volume.downwardAPI.items ?? []) {
      to.line(level + 1, `${fieldRef?.fieldPath ?? resourceFieldRef?.resource} -> ${path}`);
    }
  } else if (volume.persistentVolumeClaim !== undefined) {
    to.field(
      level,
      'Type',
      'PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)',
    )
      .field(level, 'ClaimName', volume.persistentVolumeClaim.claimName)
      .field(level, 'ReadOnly', String(volume.persistentVolumeClaim.readOnly ?? false));
  } else {
    const [type = 'unknown'] = Object.keys(volume).filter((key) => key !== 'name');
    to.field(level, 'Type', type);
  }
}

function describeProjection(to: Description, source: VolumeProjection, level: number): void {
  if (source.serviceAccountToken !== undefined) {
    to.field(level, 'TokenExpirationSeconds', source.serviceAccountToken.expirationSeconds);
  } else if (source.configMap !== undefined) {
    to.field(level, 'ConfigMapName', source.configMap.name)
      // kubectl prints the bare pointer here.
      .field(level, 'ConfigMapOptional', String(source.configMap.optional ?? '<nil>'));
  } else if (source.secret !== undefined) {
    to.field(level, 'SecretName', source.secret.name).field(
      level,
      'SecretOptionalName',
      String(source.secret.optional ?? '<nil>'),
    );
  } else if (source.downwardAPI !== undefined) {
    to.field(level, 'DownwardAPI', 'true');
  }
}
