import type {
  Container,
  ObjectReference,
  Pod,
  EphemeralContainer,
} from '../../core/api/generated/core-v1.ts';
import type { EventRecorder } from '../../core/client/events.ts';
import type { Clock } from '../../core/machinery/clock.ts';
import {
  RuntimeError,
  type ContainerConfig,
  type ContainerRuntime,
  type ImageStatus,
  type SandboxStatus,
} from '../runtime/runtime.ts';
import { VolumeError, type PreparedVolumes } from '../volumes/volumes.ts';
import { containerResources } from './container-resources.ts';
import { containerSecurity, verifyNonRoot } from './container-security.ts';
import { containerReference } from './references.ts';
import { ConfigError, environmentOf, expandedCommand, type ConfigSource } from './environment.ts';
import type { ImageManager } from './image-manager.ts';
import { registryAuthFor } from './image-credentials.ts';
import { withDefaultTag } from './image-name.ts';
import { labels } from './labels.ts';
import { runHook } from './lifecycle-hooks.ts';
import type { NodeFacts } from './node-facts.ts';
import { latestOf, type ObservedContainer, type ObservedPod } from './observed-pod.ts';
import type { PodFiles } from './pod-files.ts';
import { podHostname } from './pod-network.ts';
import { restartBackoff } from './restart-backoff.ts';
import { isSidecar } from './restart-policy.ts';
import { containerSpecHash } from './spec-hash.ts';
import { StartError } from './start-error.ts';

export interface ContainerStarterOptions {
  readonly runtime: ContainerRuntime;
  readonly recorder: EventRecorder;
  readonly clock: Clock;
  readonly images: ImageManager;
  readonly config: ConfigSource;
  readonly files: PodFiles;
  readonly node: NodeFacts;
  /** The Service variables a Pod of this namespace sees; none until Services are served. */
  readonly serviceVariables: (pod: Pod) => ReadonlyMap<string, string>;
}

/** Where a container starts. */
export interface StartTarget {
  readonly pod: Pod;
  readonly sandbox: SandboxStatus;
  readonly observed: ObservedPod;
  readonly volumes: PreparedVolumes;
  /** The restart count last told, for when the runtime has forgotten earlier runs. */
  readonly toldRestarts: number | undefined;
}

export interface StartedContainer {
  readonly containerId: string;
  readonly image: ImageStatus;
}

/** Brings one container up: back-off, image, configuration, start, postStart (upstream: startContainer in kuberuntime). */
export class ContainerStarter {
  readonly #options: ContainerStarterOptions;

  constructor(options: ContainerStarterOptions) {
    this.#options = options;
  }

  /** @throws {StartError} with what the container then waits for */
  async start(target: StartTarget, container: Container, signal: AbortSignal): Promise<StartedContainer> {
    const { pod, observed } = target;
    const { recorder } = this.#options;
    const regarding = containerReference(pod, container.name);
    const previous = latestOf(observed, container.name);
    const backoff = restartBackoff(previous);
    this.#checkBackoff(pod, container, backoff.notBeforeMs, backoff.waitSeconds, regarding);
    try {
      const auth = await registryAuthFor(pod, container.image ?? '', this.#options.config);
      const image = await this.#options.images.ensure(pod, container, regarding, auth, signal);
      const attempt = await this.#nextAttempt(target, previous, signal);
      const config = await this.#configure(target, container, image, attempt, backoff.nextSeconds);
      const containerId = await this.#options.runtime.startContainer(target.sandbox.id, config, signal);
      recorder.event(regarding, 'Normal', 'Created', created(container));
      recorder.event(regarding, 'Normal', 'Started', `Started container ${container.name}`);
      await this.#postStart(target, container, containerId, regarding, signal);
      return { containerId, image };
    } catch (error) {
      signal.throwIfAborted();
      const failure = asStartError(error);
      // It was made all right, and then could not run.
      if (failure.reason === 'RunContainerError')
        recorder.event(regarding, 'Normal', 'Created', created(container));
      if (failure.reason !== 'CrashLoopBackOff') this.#tell(failure, regarding);
      throw failure;
    }
  }

  #checkBackoff(
    pod: Pod,
    container: Container,
    notBeforeMs: number,
    waitSeconds: number,
    regarding: ObjectReference,
  ): void {
    const { clock, recorder } = this.#options;
    const retryInMs = notBeforeMs - clock.now();
    if (retryInMs <= 0) return;
    const { name, namespace, uid } = pod.metadata;
    const id = `${name}_${namespace}(${uid})`;
    recorder.event(
      regarding,
      'Warning',
      'BackOff',
      `Back-off restarting failed container ${container.name} in pod ${id}`,
    );
    const wait =
      waitSeconds >= 60 ? `${Math.floor(waitSeconds / 60)}m${waitSeconds % 60}s` : `${waitSeconds}s`;
    const message = `back-off ${wait} restarting failed container=${container.name} pod=${id}`;
    throw new StartError('CrashLoopBackOff', message, { retryInMs });
  }

  async #nextAttempt(
    target: StartTarget,
    previous: ObservedContainer | undefined,
    signal: AbortSignal,
  ): Promise<number> {
    if (previous === undefined) return target.toldRestarts ?? 0;
    if (previous.state !== 'created') return previous.status.attempt + 1;
    // An agent that died between making and starting it left it behind: it never ran, so it does not count.
    await this.#options.runtime.removeContainer(previous.status.id, signal);
    return previous.status.attempt;
  }

  async #configure(
    { pod, sandbox, volumes, observed }: StartTarget,
    container: Container,
    image: ImageStatus,
    attempt: number,
    backoffSeconds: number,
  ): Promise<ContainerConfig> {
    const { node, config, files, serviceVariables } = this.#options;
    verifyNonRoot(pod, container, image);
    const podIps = pod.spec.hostNetwork === true ? node.hostIps : sandbox.ips;
    const environment = await environmentOf(pod, container, {
      podIps,
      hostIps: node.hostIps,
      allocatable: node.allocatable,
      config,
      serviceVariables: serviceVariables(pod),
    });
    const names = podHostname(pod, node.clusterDomain);
    const mounts = await files.mounts(pod, container, attempt, volumes, environment, {
      ips: podIps,
      ...names,
    });
    return {
      name: container.name,
      attempt,
      image: withDefaultTag(container.image ?? ''),
      ...expandedCommand(container, environment),
      workingDir: container.workingDir || undefined,
      env: [...environment].map(([name, value]) => ({ name, value })),
      mounts,
      resources: containerResources(pod, container, node),
      tty: container.tty === true,
      stdin: container.stdin === true,
      stdinOnce: container.stdinOnce === true,
      security: containerSecurity(pod, container, node.seccompDirectory),
      ...processesOf(container, observed),
      labels: {
        [labels.specHash]: containerSpecHash(container),
        [labels.restartBackoffSeconds]: String(backoffSeconds),
        [labels.graceSeconds]: String(pod.spec.terminationGracePeriodSeconds ?? 30),
        ...(isSidecar(container) ? { [labels.role]: 'sidecar' } : {}),
      },
    };
  }

  async #postStart(
    { pod, sandbox }: StartTarget,
    container: Container,
    containerId: string,
    regarding: ObjectReference,
    signal: AbortSignal,
  ): Promise<void> {
    const handler = container.lifecycle?.postStart;
    if (handler === undefined) return;
    const { runtime, clock, recorder } = this.#options;
    const target = { pod, container, containerId, sandboxId: sandbox.id, podIp: sandbox.ips[0] };
    try {
      await runHook(runtime, clock, handler, target, signal);
    } catch (error) {
      signal.throwIfAborted();
      const message = error instanceof Error ? error.message : String(error);
      recorder.event(regarding, 'Warning', 'FailedPostStartHook', `PostStartHook failed`);
      recorder.event(regarding, 'Normal', 'Killing', `FailedPostStartHook`);
      await runtime.stopContainer(containerId, pod.spec.terminationGracePeriodSeconds ?? 30, signal);
      throw new StartError('PostStartHookError', message, { cause: error });
    }
  }

  #tell(failure: StartError, regarding: ObjectReference): void {
    // The image manager has told of its own; what follows is upstream's summary of any failure.
    this.#options.recorder.event(regarding, 'Warning', 'Failed', `Error: ${summary(failure)}`);
  }
}

/** An ephemeral container may look at the processes of another (KEP-277). */
function processesOf(container: EphemeralContainer, observed: ObservedPod): { processesOf?: string } {
  const { targetContainerName: name = '' } = container;
  if (name === '') return {};
  const target = latestOf(observed, name);
  if (target?.state !== 'running')
    throw new StartError('CreateContainerError', `target container ${JSON.stringify(name)} is not running`);
  return { processesOf: target.status.id };
}

function created({ name }: Container): string {
  return `Created container: ${name}`;
}

function summary(failure: StartError): string {
  switch (failure.reason) {
    case 'ErrImagePull':
    case 'ImagePullBackOff':
    case 'ErrImageNeverPull':
    case 'InvalidImageName':
      return failure.reason;
    default:
      return failure.message;
  }
}

function asStartError(error: unknown): StartError {
  if (error instanceof StartError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof ConfigError || error instanceof VolumeError) {
    return new StartError('CreateContainerConfigError', message, { cause: error });
  }
  // It was made and could not run, so the runtime has it, and the back-off that counts is that of a restart.
  if (error instanceof RuntimeError && error.reason === 'start-failed')
    return new StartError('RunContainerError', message, { cause: error, retryInMs: 0 });
  return new StartError('CreateContainerError', message, { cause: error });
}
