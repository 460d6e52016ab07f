import { isConflict, isNotFound } from '../../core/api/errors.ts';
import type { Pod, PodStatus } from '../../core/api/generated/core-v1.ts';
import { leases, nodes, pods } from '../../core/api/generated/resources.ts';
import type { Client } from '../../core/client/client.ts';
import type { InformerFactory } from '../../core/client/informer-factory.ts';
import { Controller, type Requeue } from '../../core/controllers/runtime/controller.ts';
import { keyOf, parseKey } from '../../core/api/object.ts';
import type { Clock } from '../../core/machinery/clock.ts';
import { sleep } from '../../core/machinery/clock.ts';
import { microTimestamp, timestamp } from '../../core/machinery/timestamp.ts';
import { node as newNode } from '../builders/index.ts';

export interface SimulatedKubeletsOptions {
  readonly client: Client;
  readonly informers: InformerFactory;
  readonly clock: Clock;
  /** From seeing a Pod on its node to Ready; 50 ms unless given. */
  readonly startMs?: number;
  /** From seeing a Pod terminating to its end; 50 ms unless given. */
  readonly stopMs?: number;
  /** Pods that never become Ready. */
  readonly isBroken?: (pod: Pod) => boolean;
}

const renewMs = 10_000;

/** The agents of any number of nodes, as far as the API sees them: leases, Pod statuses, confirmed deletions. */
export class SimulatedKubelets {
  readonly name = 'simulated kubelets';
  readonly #options: SimulatedKubeletsOptions;
  readonly #alive = new Set<string>();
  /** When terminating Pods end, by uid, in monotonic milliseconds. */
  #addresses = 0;
  readonly #ends = new Map<string, number>();
  readonly #controller: Controller;

  constructor(options: SimulatedKubeletsOptions) {
    this.#options = options;
    const informer = options.informers.informer(pods);
    this.#controller = new Controller({
      name: 'kubelet',
      clock: options.clock,
      workers: 64,
      reconcile: (key, signal) => this.#sync(informer.lister.get(parseKey(key)), signal),
    });
    const { startMs = 50, stopMs = 50 } = options;
    informer.addHandler({
      onAdd: (pod) => this.#later(pod, startMs),
      onUpdate: (pod) => this.#later(pod, pod.metadata.deletionTimestamp === undefined ? startMs : stopMs),
      onDelete: ({ metadata: { uid = '' } }) => this.#ends.delete(uid),
    });
  }

  async addNode(name: string, room?: Readonly<Record<string, string>>): Promise<void> {
    const { client, clock } = this.#options;
    this.#alive.add(name);
    const builder = newNode().named(name).ready(clock.now());
    const { status, ...object } = (room === undefined ? builder : builder.withRoomFor(room)).build();
    const created = await client.create(nodes, { ...object, status });
    if (created.status.allocatable === undefined) await client.updateStatus(nodes, { ...created, status });
    await client.create(leases, {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name, namespace: 'kube-node-lease' },
      spec: { holderIdentity: name, leaseDurationSeconds: 40, renewTime: microTimestamp(clock.now()) },
    });
  }

  /** From now on nobody hears of the node. */
  kill(name: string): void {
    this.#alive.delete(name);
  }

  isAlive(name: string): boolean {
    return this.#alive.has(name);
  }

  /** The agent answers again, finds itself declared lost, and its Pods go on. */
  async revive(name: string): Promise<void> {
    this.#alive.add(name);
    await this.#report(name);
    for (const pod of this.#options.informers.informer(pods).lister.values()) {
      if (pod.spec.nodeName === name) this.#controller.queue.add(keyOf(pod));
    }
  }

  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#controller.run(signal), this.#renew(signal)]);
  }

  async #report(name: string): Promise<void> {
    const { client, clock } = this.#options;
    const node = await client.get(nodes, { name });
    const now = timestamp(clock.now());
    const conditions = [
      {
        type: 'Ready',
        status: 'True',
        lastHeartbeatTime: now,
        lastTransitionTime: now,
        reason: 'KubeletReady',
      },
    ];
    await client.updateStatus(nodes, { ...node, status: { ...node.status, conditions } });
  }

  #later(pod: Pod, delayMs: number): void {
    const { uid = '', deletionTimestamp } = pod.metadata;
    if (deletionTimestamp !== undefined && !this.#ends.has(uid)) {
      this.#ends.set(uid, this.#options.clock.monotonicMs() + delayMs);
    }
    if (pod.spec.nodeName) this.#controller.queue.addAfter(keyOf(pod), delayMs);
  }

  async #sync(pod: Pod | undefined, signal: AbortSignal): Promise<Requeue | void> {
    if (pod === undefined || !this.#alive.has(pod.spec.nodeName ?? '')) return;
    const { client, clock, isBroken } = this.#options;
    const { namespace, name = '', uid = '', deletionTimestamp } = pod.metadata;
    try {
      if (deletionTimestamp !== undefined) {
        const leftMs = (this.#ends.get(uid) ?? 0) - clock.monotonicMs();
        if (leftMs > 0) return { requeueAfterMs: leftMs };
        await client.delete(
          pods,
          { namespace, name },
          { gracePeriodSeconds: 0, preconditions: { uid }, signal },
        );
        return;
      }
      if (isBroken?.(pod) === true) return;
      const isReady = pod.status.conditions?.some(
        ({ type, status }) => type === 'Ready' && status === 'True',
      );
      if (isReady === true) return;
      await client.updateStatus(
        pods,
        { ...pod, status: runningStatus(pod, this.#nextAddress(), clock.now()) },
        { signal },
      );
    } catch (error) {
      if (isNotFound(error)) return;
      // A newer state is on its way and brings the key again.
      if (isConflict(error) && deletionTimestamp !== undefined) return;
      throw error;
    }
  }

  /** No two Pods of a test ever have the same. */
  #nextAddress(): string {
    const index = ++this.#addresses;
    return `10.244.${index >> 8}.${index & 0xff}`;
  }

  async #renew(signal: AbortSignal): Promise<void> {
    const { client, clock } = this.#options;
    while (!signal.aborted) {
      await Promise.allSettled(
        [...this.#alive].map((name) =>
          client.patch(
            leases,
            { namespace: 'kube-node-lease', name },
            'merge',
            { spec: { renewTime: microTimestamp(clock.now()) } },
            { signal },
          ),
        ),
      );
      await sleep(clock, renewMs, signal).catch(() => {});
    }
  }
}

function runningStatus(pod: Pod, podIP: string, nowMs: number): PodStatus {
  const now = timestamp(nowMs);
  const conditions = (pod.status.conditions ?? []).filter(
    ({ type }) => type !== 'Ready' && type !== 'ContainersReady' && type !== 'Initialized',
  );
  const isTrue = (type: string) => ({ type, status: 'True', lastTransitionTime: now });
  return {
    ...pod.status,
    phase: 'Running',
    podIP,
    podIPs: [{ ip: podIP }],
    startTime: now,
    conditions: [...conditions, isTrue('Initialized'), isTrue('ContainersReady'), isTrue('Ready')],
    containerStatuses: pod.spec.containers.map(({ name, image = '' }) => ({
      name,
      image,
      imageID: `simulated://${image}`,
      containerID: `simulated://${pod.metadata.uid}/${name}`,
      ready: true,
      started: true,
      restartCount: 0,
      state: { running: { startedAt: now } },
    })),
  };
}
