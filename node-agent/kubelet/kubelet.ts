import { groupBy } from '../../core/machinery/group-by.ts';
import { isNotFound } from '../../core/api/errors.ts';
import type { Node, Pod } from '../../core/api/generated/core-v1.ts';
import { pods } from '../../core/api/generated/resources.ts';
import type { Client } from '../../core/client/client.ts';
import type { EventRecorder } from '../../core/client/events.ts';
import { SharedInformer } from '../../core/client/informer.ts';
import { Backoff } from '../../core/machinery/backoff.ts';
import { sleep, type Clock } from '../../core/machinery/clock.ts';
import { escapeFieldValue } from '../../core/machinery/field-selector.ts';
import type { Logger } from '../../core/machinery/logger.ts';
import type { Random } from '../../core/machinery/random.ts';
import { linkSignals, type LinkedSignal } from '../../core/machinery/signals.ts';
import type { ContainerRuntime, PodIdentity, SandboxStatus } from '../runtime/runtime.ts';
import { ProbeManager } from '../probes/probe-manager.ts';
import type { PodVolumes } from '../volumes/volumes.ts';
import { admitPod, admitResize } from './admission.ts';
import { ContainerStarter } from './container-starter.ts';
import { ContainerStopper } from './container-stopper.ts';
import { ImageManager } from './image-manager.ts';
import type { NodeFacts } from './node-facts.ts';
import type { PodContext } from './pod-context.ts';
import { PodFiles } from './pod-files.ts';
import type { ClusterDns } from './pod-network.ts';
import { isTerminal } from './pod-phase.ts';
import { PodWorker } from './pod-worker.ts';
import type { ReferencedObjects } from './referenced-objects.ts';
import type { ServiceAccountTokens } from './service-account-tokens.ts';
import { StatusManager } from './status-manager.ts';

export interface KubeletOptions {
  readonly client: Client;
  readonly runtime: ContainerRuntime;
  readonly volumes: PodVolumes;
  readonly references: ReferencedObjects;
  readonly tokens: ServiceAccountTokens;
  readonly recorder: EventRecorder;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly node: NodeFacts;
  readonly dns: ClusterDns | undefined;
  /** The Node object as last registered. */
  readonly currentNode: () => Node | undefined;
  readonly offlineImages: 'fail' | 'use-present';
}

const listDeadlineMs = 60_000;
/** Events can be lost with nobody noticing; this bounds how long that lasts. */
const safetyRelistMs = 300_000;

/**
 * Runs the Pods that are bound to its node. One worker a Pod does the work; the kubelet brings it the news: Pods
 * from the API, changes from the runtime. Whatever the runtime has and the API does not know is stopped, after the
 * API was asked about that very Pod.
 */
export class Kubelet {
  readonly #options: KubeletOptions;
  readonly #context: PodContext;
  readonly #informer: SharedInformer<Pod>;
  readonly #workers = new Map<string, PodWorker>();
  readonly #backoff = new Backoff({ initialMs: 200, maxMs: 10_000 });
  #signal: AbortSignal = AbortSignal.abort();
  /** What the runtime had when it was first asked; undefined until then, and no Pod is worked on before. */
  #adopted: Map<string, readonly SandboxStatus[]> | undefined;
  #relist: 'idle' | 'running' | 'again' = 'idle';

  constructor(options: KubeletOptions) {
    this.#options = options;
    const { client, runtime, volumes, references, tokens, recorder, clock, random, logger, node, dns } =
      options;
    const files = new PodFiles(volumes);
    const images = new ImageManager({ runtime, recorder, clock, offline: options.offlineImages });
    this.#context = {
      client,
      runtime,
      clock,
      logger,
      recorder,
      volumes,
      files,
      images,
      references,
      tokens,
      node,
      dns,
      statuses: new StatusManager({ client, clock, logger }),
      starter: new ContainerStarter({
        runtime,
        recorder,
        clock,
        images,
        files,
        node,
        config: references,
        serviceVariables: () => new Map(),
      }),
      stopper: new ContainerStopper({ runtime, recorder, clock }),
      probes: new ProbeManager({ runtime, recorder, clock, random, onChange: (uid) => this.#wake(uid) }),
      admit: (pod) => this.#admit(pod),
      admitResize: (pod) => admitResize(pod, this.#options.currentNode(), this.#othersThan(pod)),
      onRoom: () => {
        for (const worker of this.#workers.values()) if (worker.waitsForRoom) worker.wake();
      },
    };
    this.#informer = new SharedInformer(
      pods,
      { fieldSelector: `spec.nodeName=${escapeFieldValue(node.name)}` },
      { client, clock, random, onError: (error, doing) => logger.error(`Cannot ${doing}`, error) },
    );
  }

  /** Runs until the signal aborts. Containers keep running then. */
  async run(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    this.#context.statuses.start(signal);
    this.#context.probes.start(signal);
    this.#options.references.start(signal);
    const events = this.#followRuntime(signal);
    const informer = this.#informer.run(signal);
    if (await this.#adopt(signal)) {
      this.#informer.addHandler({
        onAdd: (pod) => this.#podChanged(pod),
        onUpdate: (pod) => this.#podChanged(pod),
        onDelete: (pod) => this.#podRemoved(pod),
      });
      await this.#informer.synced(signal).then(
        () => this.#lookAgain(),
        () => undefined,
      );
      this.#scheduleSafetyRelist();
    }
    await Promise.all([events, informer]);
  }

  /** A Pod of this node, as the API last told. */
  pod(uid: string): Pod | undefined {
    return this.#workers.get(uid)?.pod;
  }

  /** Pods this node looks after, those that are ending included. */
  get workers(): readonly PodWorker[] {
    return [...this.#workers.values()];
  }

  /** The core can be reached again. */
  coreReturned(): void {
    this.#context.statuses.retryNow();
  }

  /** A ConfigMap or Secret the Pod names has changed. */
  configChanged(podUid: string): void {
    this.#workers.get(podUid)?.configChanged();
  }

  #podChanged(pod: Pod): void {
    this.#context.statuses.observe(pod);
    this.#workerFor(identityOf(pod)).podChanged(pod);
  }

  #podRemoved(last: Pod): void {
    const uid = last.metadata.uid ?? '';
    this.#context.statuses.forget(uid);
    this.#workers.get(uid)?.podRemoved(last);
  }

  #workerFor(identity: PodIdentity): PodWorker {
    const existing = this.#workers.get(identity.uid);
    if (existing !== undefined) return existing;
    // Only this agent's workers make sandboxes, so there are none beyond those found at the start.
    const known = this.#adopted?.get(identity.uid) ?? [];
    this.#adopted?.delete(identity.uid);
    return this.#addWorker(identity, known);
  }

  #addWorker(identity: PodIdentity, known: readonly SandboxStatus[] | undefined): PodWorker {
    const worker = new PodWorker(this.#context, identity, {
      known,
      signal: this.#signal,
      onGone: () => this.#workers.delete(identity.uid),
    });
    this.#workers.set(identity.uid, worker);
    return worker;
  }

  #wake(uid: string): void {
    this.#workers.get(uid)?.wake();
  }

  /** In order of arrival: a Pod asked about later sees those before it. */
  #admit(pod: Pod): ReturnType<typeof admitPod> {
    // This agent, or one before it, has taken the Pod already.
    if (pod.status.startTime !== undefined || isTerminal(pod.status.phase)) return undefined;
    return admitPod(pod, this.#options.currentNode(), this.#othersThan(pod));
  }

  #othersThan(pod: Pod): Pod[] {
    return this.workers
      .filter((worker) => worker.isActive && worker.isTaken && worker.pod?.metadata.uid !== pod.metadata.uid)
      .flatMap(({ state }) => state.agreed ?? []);
  }

  /** The first listing: it must succeed before anything is started, or running containers would be started twice. */
  async #adopt(signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      try {
        this.#adopted = groupBy(await this.#list(), ({ pod }) => pod.uid);
        this.#backoff.reset();
        return true;
      } catch (error) {
        if (signal.aborted) break;
        this.#options.logger.error('Cannot list what the runtime has: waiting for it', error);
        await sleep(this.#options.clock, this.#backoff.nextMs(), signal).catch(() => undefined);
      }
    }
    return false;
  }

  async #followRuntime(signal: AbortSignal): Promise<void> {
    const { runtime, logger, clock } = this.#options;
    const backoff = new Backoff({ initialMs: 200, maxMs: 10_000 });
    while (!signal.aborted) {
      try {
        for await (const { podUid } of runtime.events(signal)) {
          backoff.reset();
          if (podUid === undefined) this.#lookAgain();
          else this.#wake(podUid);
        }
      } catch (error) {
        if (!signal.aborted) logger.error('Cannot follow the events of the runtime', error);
      }
      if (signal.aborted) break;
      await sleep(clock, backoff.nextMs(), signal).catch(() => undefined);
      this.#lookAgain();
    }
  }

  /** Anything may have changed: every worker looks again, and what nobody knows is dealt with. */
  #lookAgain(): void {
    if (this.#relist !== 'idle') {
      this.#relist = 'again';
      return;
    }
    this.#relist = 'running';
    void this.#listAll();
  }

  async #listAll(): Promise<void> {
    const { clock, logger } = this.#options;
    for (;;) {
      this.#relist = 'running';
      try {
        const listed = groupBy(await this.#list(), ({ pod }) => pod.uid);
        for (const worker of this.#workers.values()) worker.wake();
        await this.#stopOrphans(listed);
        await this.#removeOrphanedFiles();
        this.#backoff.reset();
      } catch (error) {
        if (this.#signal.aborted) return;
        logger.error('Cannot compare what runs with what should', error);
        this.#relist = 'again';
        await sleep(clock, this.#backoff.nextMs(), this.#signal).catch(() => undefined);
      }
      if ((this.#relist as string) !== 'again' || this.#signal.aborted) break;
    }
    this.#relist = 'idle';
  }

  async #stopOrphans(listed: ReadonlyMap<string, readonly SandboxStatus[]>): Promise<void> {
    if (!this.#informer.hasSynced) return;
    for (const [uid, sandboxes] of listed) {
      const identity = sandboxes[0]?.pod;
      if (identity === undefined || this.#workers.has(uid)) continue;
      if (await this.#isStored(identity)) continue;
      this.#options.logger.info('Stopping containers of a Pod that is no more', { ...identity });
      if (!this.#workers.has(uid)) this.#addWorker(identity, undefined).podRemoved(undefined);
    }
  }

  /** Asks the store itself: a list may be stale, and what is killed cannot be brought back. */
  async #isStored({ namespace, name, uid }: PodIdentity): Promise<boolean> {
    using deadline = this.#deadline();
    const { signal } = deadline;
    try {
      const live = await this.#options.client.get(pods, { namespace, name }, { signal });
      return live.metadata.uid === uid;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  async #removeOrphanedFiles(): Promise<void> {
    if (!this.#informer.hasSynced) return;
    const known = new Set(this.#informer.lister.list().map(({ metadata }) => metadata.uid));
    for (const uid of await this.#options.volumes.podUids()) {
      if (known.has(uid) || this.#workers.has(uid)) continue;
      using deadline = this.#deadline();
      await this.#options.volumes.tearDown(uid, deadline.signal);
    }
  }

  async #list(): Promise<readonly SandboxStatus[]> {
    using deadline = this.#deadline();
    return await this.#options.runtime.list(deadline.signal);
  }

  #deadline(): LinkedSignal {
    return linkSignals(this.#signal, AbortSignal.timeout(listDeadlineMs));
  }

  #scheduleSafetyRelist(): void {
    if (this.#signal.aborted) return;
    const cancel = this.#options.clock.after(safetyRelistMs, () => {
      this.#signal.removeEventListener('abort', cancel);
      this.#lookAgain();
      this.#scheduleSafetyRelist();
    });
    this.#signal.addEventListener('abort', cancel, { once: true });
  }
}

function identityOf({ metadata }: Pod): PodIdentity {
  return { uid: metadata.uid ?? '', name: metadata.name ?? '', namespace: metadata.namespace ?? '' };
}
