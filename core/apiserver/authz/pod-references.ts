import type { Pod, PodSpec } from '../../api/generated/core-v1.ts';

type Container = Pick<PodSpec['containers'][number], 'env' | 'envFrom'>;
type Volume = NonNullable<PodSpec['volumes']>[number];

/** The Secrets of its namespace that a Pod names, some maybe twice (pkg/api/v1/pod: VisitPodSecretNames). */
export function* secretNames({ spec }: Pod): Iterable<string> {
  for (const { name } of spec.imagePullSecrets ?? []) yield* given(name);
  for (const { env, envFrom } of containersOf(spec)) {
    for (const { valueFrom } of env ?? []) yield* given(valueFrom?.secretKeyRef?.name);
    for (const { secretRef } of envFrom ?? []) yield* given(secretRef?.name);
  }
  for (const volume of spec.volumes ?? []) {
    for (const { secret } of volume.projected?.sources ?? []) yield* given(secret?.name);
    for (const name of secretNamesOfVolume(volume)) yield* given(name);
  }
}

/** The ConfigMaps of its namespace that a Pod names, some maybe twice (pkg/api/v1/pod: VisitPodConfigmapNames). */
export function* configMapNames({ spec }: Pod): Iterable<string> {
  for (const { env, envFrom } of containersOf(spec)) {
    for (const { valueFrom } of env ?? []) yield* given(valueFrom?.configMapKeyRef?.name);
    for (const { configMapRef } of envFrom ?? []) yield* given(configMapRef?.name);
  }
  for (const { configMap, projected } of spec.volumes ?? []) {
    yield* given(configMap?.name);
    for (const source of projected?.sources ?? []) yield* given(source.configMap?.name);
  }
}

/** The claims of its namespace that a Pod's volumes stand for, the ones made for it among them. */
export function* claimNames({ metadata, spec }: Pod): Iterable<string> {
  for (const { name, persistentVolumeClaim, ephemeral } of spec.volumes ?? []) {
    yield* given(persistentVolumeClaim?.claimName);
    if (ephemeral !== undefined) yield `${metadata.name ?? ''}-${name}`;
  }
}

/** Whether a name is among some. */
export function includes(names: Iterable<string>, wanted: string): boolean {
  for (const name of names) if (name === wanted) return true;
  return false;
}

export function isEmpty(names: Iterable<string>): boolean {
  for (const _ of names) return false;
  return true;
}

function containersOf(spec: PodSpec): readonly Container[] {
  return [...spec.containers, ...(spec.initContainers ?? []), ...(spec.ephemeralContainers ?? [])];
}

function secretNamesOfVolume(volume: Volume): readonly (string | undefined)[] {
  return [
    volume.secret?.secretName,
    volume.azureFile?.secretName,
    volume.cephfs?.secretRef?.name,
    volume.cinder?.secretRef?.name,
    volume.flexVolume?.secretRef?.name,
    volume.rbd?.secretRef?.name,
    volume.scaleIO?.secretRef?.name,
    volume.iscsi?.secretRef?.name,
    volume.storageos?.secretRef?.name,
    volume.csi?.nodePublishSecretRef?.name,
  ];
}

function* given(name: string | undefined): Iterable<string> {
  if (name !== undefined && name !== '') yield name;
}
