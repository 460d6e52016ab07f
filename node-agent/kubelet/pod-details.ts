import type { Container, Pod } from '../../core/api/generated/core-v1.ts';
import type { ContainerRuntime, ImageStatus } from '../runtime/runtime.ts';
import type { StatusDetails, WaitingReason } from './container-statuses.ts';
import { parseImageName, withDefaultTag } from './image-name.ts';
import type { ObservedContainer, ObservedPod } from './observed-pod.ts';
import type { PodFiles } from './pod-files.ts';

/** What people read of a log when a container left no message (upstream: kuberuntime's fallback limits). */
const fallbackLines = 80;
const fallbackBytes = 2048;

/** Remembers about a Pod's containers what the runtime's listing does not say. */
export class PodDetails implements StatusDetails {
  readonly runtimeName: string;
  readonly #runtime: Pick<ContainerRuntime, 'imageStatus' | 'logs'>;
  readonly #files: PodFiles;
  /** By the runtime's image ID. */
  readonly #images = new Map<string, ImageStatus | undefined>();
  /** By container ID; undefined for those that left none. */
  readonly #messages = new Map<string, string | undefined>();
  readonly #waiting = new Map<string, WaitingReason>();

  constructor(runtime: ContainerRuntime, files: PodFiles) {
    this.runtimeName = runtime.name;
    this.#runtime = runtime;
    this.#files = files;
  }

  /** Looks up what `observed` shows for the first time. */
  async learn(pod: Pod | undefined, observed: ObservedPod, signal: AbortSignal): Promise<void> {
    const present = new Set<string>();
    for (const container of [...observed.containers.values()].flat()) {
      const { id, imageId } = container.status;
      present.add(id);
      if (!this.#images.has(imageId)) {
        this.#images.set(imageId, await this.#runtime.imageStatus(imageId, signal));
      }
      if (container.state === 'exited' && !this.#messages.has(id) && pod !== undefined) {
        this.#messages.set(id, await this.#readMessage(pod, container, signal));
      }
    }
    for (const id of this.#messages.keys()) if (!present.has(id)) this.#messages.delete(id);
  }

  rememberImage(image: ImageStatus): void {
    this.#images.set(image.id, image);
  }

  setWaiting(container: string, waiting: WaitingReason): void {
    this.#waiting.set(container, waiting);
  }

  clearWaiting(container: string): void {
    this.#waiting.delete(container);
  }

  waitingReason(container: string): WaitingReason | undefined {
    return this.#waiting.get(container);
  }

  terminationMessage(containerId: string): string | undefined {
    return this.#messages.get(containerId);
  }

  imageId({ status }: ObservedContainer): string {
    const digests = this.#images.get(status.imageId)?.digests ?? [];
    const repository = parseImageName(withDefaultTag(status.image))?.repository;
    const own = digests.find((digest) => digest.split('@')[0] === repository) ?? digests[0];
    if (own !== undefined) return `${this.runtimeName}-pullable://${own}`;
    return `${this.runtimeName}://${status.imageId}`;
  }

  async #readMessage(
    pod: Pod,
    container: ObservedContainer,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const { name, attempt, id } = container.status;
    const written = await this.#files.terminationMessage(pod.metadata.uid ?? '', name, attempt);
    if (written !== undefined || container.exitCode === 0 || container.startFailed) return written;
    if (specOf(pod, name)?.terminationMessagePolicy !== 'FallbackToLogsOnError') return undefined;
    const pieces: Buffer[] = [];
    const options = { follow: false, tailLines: fallbackLines, sinceMs: undefined, timestamps: false };
    for await (const data of this.#runtime.logs(id, options, signal)) pieces.push(data);
    return Buffer.concat(pieces).subarray(-fallbackBytes).toString('utf8') || undefined;
  }
}

function specOf(pod: Pod, name: string): Container | undefined {
  return [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].find(
    (container) => container.name === name,
  );
}
