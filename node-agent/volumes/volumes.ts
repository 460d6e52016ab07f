import type { Pod, Volume, VolumeMount } from '../../core/api/generated/core-v1.ts';

/** A volume cannot be used yet; the Pod waits in ContainerCreating and people see a FailedMount event. */
export class VolumeError extends Error {
  override readonly name = 'VolumeError';
  readonly volume: string;

  constructor(volume: string, why: string, options?: ErrorOptions) {
    super(`MountVolume.SetUp failed for volume "${volume}" : ${why}`, options);
    this.volume = volume;
  }
}

/** The files that Pods see. Everything about one Pod lies in one directory and is found again after a restart. */
export interface PodVolumes {
  /** Nothing is written: there are no containers to see it. */
  readonly simulated: boolean;
  /**
   * Makes all volumes of the Pod usable and brings their content up to date. Idempotent.
   * @throws {VolumeError}
   */
  prepare(pod: Pod, signal: AbortSignal): Promise<PreparedVolumes>;
  /** Unmounts and removes all that belongs to the Pod. Idempotent; throws while something is still in use. */
  tearDown(podUid: string, signal: AbortSignal): Promise<void>;
  /** UIDs of Pods that have files here. */
  podUids(): Promise<readonly string[]>;
  /** Where a container's own files lie, such as its termination message. Made when it does not exist. */
  containerDirectory(podUid: string, container: string): Promise<string>;
  /** The Pod's own directory. Made when it does not exist. */
  podDirectory(podUid: string): Promise<string>;
}

export interface PreparedVolumes {
  /**
   * The path on this machine that a mount shows; `subPath` is final. Never leads out of the volume.
   * @throws {VolumeError} also when the Pod has no volume of that name
   */
  hostPath(container: string, mount: VolumeMount, subPath: string, index: number): Promise<string>;
  /** Whether the volume can only be read, whatever the mount says. */
  isReadOnly(volume: string): boolean;
}

/** One kind of volume. */
export interface VolumePlugin {
  /** The member of a Volume that this serves, such as "emptyDir". */
  readonly source: keyof Volume;
  /** The directory name upstream uses, such as "kubernetes.io~empty-dir". */
  readonly directoryName: string;
  /** Content that only memory may hold. */
  inMemory(volume: Volume): boolean;
  readonly readOnly: boolean;
  /**
   * Makes `directory`, which exists, into the volume, or names another path. Idempotent; brings content up to date.
   * Throws with the reason alone.
   */
  setUp(pod: Pod, volume: Volume, directory: string, signal: AbortSignal): Promise<string>;
}
