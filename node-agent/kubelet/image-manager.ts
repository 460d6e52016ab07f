import type { Container, ObjectReference, Pod } from '../../core/api/generated/core-v1.ts';
import type { EventRecorder } from '../../core/client/events.ts';
import { backoffDelayMs } from '../../core/machinery/backoff.ts';
import type { Clock } from '../../core/machinery/clock.ts';
import { formatDuration } from '../../core/machinery/duration.ts';
import {
  RuntimeError,
  type ContainerRuntime,
  type ImageStatus,
  type RegistryAuth,
} from '../runtime/runtime.ts';
import { defaultPullPolicy, parseImageName, withDefaultTag } from './image-name.ts';
import { StartError } from './start-error.ts';

export interface ImageManagerOptions {
  readonly runtime: Pick<ContainerRuntime, 'imageStatus' | 'pullImage'>;
  readonly recorder: EventRecorder;
  readonly clock: Clock;
  /**
   * What `imagePullPolicy: Always` means for an image that is there while its registry cannot be reached: upstream
   * fails; a laptop without a network is better served by what it has, and is told so.
   */
  readonly offline: 'fail' | 'use-present';
}

interface Pull {
  readonly pod: Pod;
  /** As the manifest has it, for messages. */
  readonly written: string;
  readonly image: string;
  readonly present: ImageStatus | undefined;
  readonly regarding: ObjectReference;
  readonly auth: RegistryAuth | undefined;
  readonly signal: AbortSignal;
}

interface Failure {
  failures: number;
  retryAtMs: number;
  readonly message: string;
}

const backoffOptions = { initialMs: 10_000, maxMs: 300_000 };
/** A pull that failed this long ago no longer counts. */
const forgetAfterMs = 2 * backoffOptions.maxMs;
const parallelPulls = 3;

/**
 * Sees to it that a container's image is there, by its pull policy (upstream: pkg/kubelet/images). Pods that want
 * the same image at the same time share one pull; a failing image is tried again after 10 s, doubling to 300 s.
 */
export class ImageManager {
  readonly #options: ImageManagerOptions;
  readonly #failures = new Map<string, Failure>();
  readonly #pulls = new Map<string, Promise<ImageStatus>>();
  readonly #slots = new Slots(parallelPulls);

  constructor(options: ImageManagerOptions) {
    this.#options = options;
  }

  /** @throws {StartError} with the reason the container then waits for */
  async ensure(
    pod: Pod,
    container: Container,
    regarding: ObjectReference,
    auth: RegistryAuth | undefined,
    signal: AbortSignal,
  ): Promise<ImageStatus> {
    const { runtime, recorder } = this.#options;
    const written = container.image ?? '';
    if (parseImageName(written) === undefined) throw this.#invalidName(written, regarding);
    const image = withDefaultTag(written);
    const policy = container.imagePullPolicy ?? defaultPullPolicy(written);
    const present = await runtime.imageStatus(image, signal);
    if (present !== undefined && policy !== 'Always') {
      recorder.event(regarding, 'Normal', 'Pulled', alreadyPresent(written));
      return present;
    }
    if (policy === 'Never') {
      const message = `Container image "${written}" is not present with pull policy of Never`;
      recorder.event(regarding, 'Warning', 'ErrImageNeverPull', message);
      throw new StartError('ErrImageNeverPull', message);
    }
    return await this.#pull({ pod, written, image, present, regarding, auth, signal });
  }

  /** The Pod is gone: its failures no longer count. */
  forget(podUid: string): void {
    for (const key of this.#failures.keys()) if (key.startsWith(`${podUid}/`)) this.#failures.delete(key);
  }

  async #pull({ pod, written, image, present, regarding, auth, signal }: Pull): Promise<ImageStatus> {
    const { recorder, clock } = this.#options;
    const key = `${pod.metadata.uid}/${image}`;
    this.#checkBackoff(key, written, regarding);
    recorder.event(regarding, 'Normal', 'Pulling', `Pulling image "${written}"`);
    const startedMs = clock.monotonicMs();
    try {
      const pulled = await this.#shared(image, auth, signal);
      const took = formatDuration(Math.round(clock.monotonicMs() - startedMs));
      const size = `Image size: ${pulled.sizeBytes} bytes.`;
      const message = `Successfully pulled image "${written}" in ${took} (${took} including waiting). ${size}`;
      recorder.event(regarding, 'Normal', 'Pulled', message);
      this.#failures.delete(key);
      return pulled;
    } catch (error) {
      signal.throwIfAborted();
      if (present !== undefined && this.#options.offline === 'use-present' && isUnreachable(error)) {
        const why = `cannot reach its registry (${(error as Error).message})`;
        const message = `Using image "${written}" as it is on this machine: ${why}`;
        recorder.event(regarding, 'Warning', 'RegistryUnavailable', message);
        recorder.event(regarding, 'Normal', 'Pulled', alreadyPresent(written));
        return present;
      }
      throw this.#failed(key, written, regarding, error);
    }
  }

  #checkBackoff(key: string, written: string, regarding: ObjectReference): void {
    const { recorder, clock } = this.#options;
    const failure = this.#failures.get(key);
    if (failure === undefined) return;
    const nowMs = clock.monotonicMs();
    if (nowMs - failure.retryAtMs > forgetAfterMs) this.#failures.delete(key);
    if (nowMs >= failure.retryAtMs) return;
    const message = `Back-off pulling image "${written}"`;
    recorder.event(regarding, 'Normal', 'BackOff', message);
    const retryInMs = failure.retryAtMs - nowMs;
    throw new StartError('ImagePullBackOff', `${message}: ErrImagePull: ${failure.message}`, { retryInMs });
  }

  #failed(key: string, written: string, regarding: ObjectReference, error: unknown): StartError {
    const { recorder, clock } = this.#options;
    const message = error instanceof Error ? error.message : String(error);
    recorder.event(regarding, 'Warning', 'Failed', `Failed to pull image "${written}": ${message}`);
    const failures = (this.#failures.get(key)?.failures ?? 0) + 1;
    const delayMs = backoffDelayMs(backoffOptions, failures);
    this.#failures.set(key, { failures, retryAtMs: clock.monotonicMs() + delayMs, message });
    // Looked at again soon, so that people see that it backs off.
    return new StartError('ErrImagePull', message, { cause: error, retryInMs: 1000 });
  }

  #invalidName(written: string, regarding: ObjectReference): StartError {
    const why = `couldn't parse image name "${written}": invalid reference format`;
    const message = `Failed to apply default image tag "${written}": ${why}`;
    this.#options.recorder.event(regarding, 'Warning', 'InspectFailed', message);
    return new StartError('InvalidImageName', message);
  }

  /** Joins a pull of the same image that runs already. A joined pull goes on while anybody waits for it. */
  async #shared(image: string, auth: RegistryAuth | undefined, signal: AbortSignal): Promise<ImageStatus> {
    const key = JSON.stringify([image, auth?.serverAddress, auth?.username, auth?.password]);
    const running = this.#pulls.get(key);
    if (running !== undefined) {
      try {
        return await withSignal(running, signal);
      } catch (error) {
        signal.throwIfAborted();
        // The one who pulled gave up, which is no failure of the image.
        if (!isAbort(error)) throw error;
        return await this.#shared(image, auth, signal);
      }
    }
    const pull = this.#slots.run(() => this.#options.runtime.pullImage(image, auth, signal), signal);
    this.#pulls.set(key, pull);
    try {
      return await pull;
    } finally {
      this.#pulls.delete(key);
    }
  }
}

/** Lets so many run at a time, in order of arrival. */
class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  async run<T>(action: () => Promise<T>, signal: AbortSignal): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await this.#turn(signal);
    try {
      return await action();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#waiting.splice(this.#waiting.indexOf(onTurn), 1);
        reject(signal.reason as Error);
      };
      const onTurn = () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(onTurn);
    });
  }
}

function withSignal<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

function alreadyPresent(written: string): string {
  return `Container image "${written}" already present on machine`;
}

function isUnreachable(error: unknown): boolean {
  return error instanceof RuntimeError && error.reason === 'registry-unavailable';
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
