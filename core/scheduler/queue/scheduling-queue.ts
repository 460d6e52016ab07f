import { backoffDelayMs } from '../../machinery/backoff.ts';
import type { Clock } from '../../machinery/clock.ts';
import { DelayQueue } from '../../machinery/delay-queue.ts';
import type { PodFacts } from '../cluster/pod-facts.ts';
import type { ClusterEvent } from '../framework/plugin.ts';
import { Heap, type HeapItem } from './heap.ts';

/** Where a Pod stands: to be scheduled now; again after its back-off; when something helps it; being placed. */
type Standing = 'active' | 'backing-off' | 'waiting' | 'in-flight';

export interface QueuedPod extends HeapItem {
  facts: PodFacts;
  standing: Standing;
  /** Order of arrival. */
  readonly arrival: number;
  attempts: number;
  /** The plug-ins that refused it last. */
  refusedBy: ReadonlySet<string>;
  backoffUntilMs: number;
  /** Key of the group it waits in. */
  group: string;
}

export interface SchedulingQueueOptions {
  readonly clock: Clock;
  /** Equal for Pods that no rule tells apart: they are helped by the same events. */
  readonly classKeyOf: (facts: PodFacts) => string;
  /** Whether the event may help a Pod that this plug-in refused. */
  readonly mayHelp: (plugin: string, event: ClusterEvent, facts: PodFacts) => boolean;
}

const backoff = { initialMs: 1000, maxMs: 10_000 };

/** Pods that waited this long are tried again, in case an event that would help was not foreseen. */
const maxWaitMs = 5 * 60_000;

/**
 * The Pods that need a node: highest priority first, then first come, first served. A Pod that fits nowhere waits
 * for an event that concerns what refused it (upstream: backend/queue/scheduling_queue.go). Alike Pods wait in one
 * group, so that an event costs a look at each group and not at each Pod.
 */
export class SchedulingQueue {
  readonly #options: SchedulingQueueOptions;
  readonly #pods = new Map<string, QueuedPod>();
  readonly #active = new Heap<QueuedPod>(isBefore);
  readonly #waiting = new Map<string, Map<string, QueuedPod>>();
  readonly #backoffs: DelayQueue<string>;
  readonly #overdue: DelayQueue<string>;
  #arrivals = 0;
  #wake: (() => void) | undefined;

  constructor(options: SchedulingQueueOptions) {
    this.#options = options;
    this.#backoffs = new DelayQueue(options.clock, (uid) => this.#backoffEnded(uid));
    this.#overdue = new DelayQueue(options.clock, (uid) => this.#waitedTooLong(uid));
  }

  /** Counts for status and metrics. */
  get sizes(): { readonly active: number; readonly backingOff: number; readonly waiting: number } {
    let waiting = 0;
    for (const group of this.#waiting.values()) waiting += group.size;
    let backingOff = 0;
    for (const { standing } of this.#pods.values()) if (standing === 'backing-off') backingOff++;
    return { active: this.#active.size, backingOff, waiting };
  }

  get(uid: string): QueuedPod | undefined {
    return this.#pods.get(uid);
  }

  add(facts: PodFacts): void {
    if (this.#pods.has(facts.uid)) return this.update(facts);
    const pod: QueuedPod = {
      facts,
      standing: 'active',
      arrival: this.#arrivals++,
      attempts: 0,
      refusedBy: new Set(),
      backoffUntilMs: 0,
      group: '',
      heapIndex: -1,
    };
    this.#pods.set(facts.uid, pod);
    this.#activate(pod);
  }

  /** A waiting Pod is tried again when the change concerns its placement; a changed status does not. */
  update(facts: PodFacts): void {
    const pod = this.#pods.get(facts.uid);
    if (pod === undefined) return;
    const { classKeyOf } = this.#options;
    const changed = classKeyOf(pod.facts) !== classKeyOf(facts) || pod.facts.priority !== facts.priority;
    if (pod.standing === 'active') {
      this.#active.remove(pod);
      pod.facts = facts;
      this.#active.push(pod);
      return;
    }
    pod.facts = facts;
    if (changed && pod.standing === 'waiting') this.#release(pod);
  }

  delete(uid: string): void {
    const pod = this.#pods.get(uid);
    if (pod === undefined) return;
    this.#pods.delete(uid);
    if (pod.standing === 'active') this.#active.remove(pod);
    if (pod.standing === 'waiting') this.#leaveGroup(pod);
  }

  /** Takes the next Pod; it is in flight until it is returned or deleted. */
  pop(): QueuedPod | undefined {
    const pod = this.#active.pop();
    if (pod === undefined) return undefined;
    pod.standing = 'in-flight';
    pod.attempts++;
    return pod;
  }

  /** Resolves when there is a Pod to pop or the signal aborts. */
  ready(signal: AbortSignal): Promise<void> {
    if (this.#active.size > 0 || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const settle = () => {
        this.#wake = undefined;
        signal.removeEventListener('abort', settle);
        resolve();
      };
      this.#wake = settle;
      signal.addEventListener('abort', settle, { once: true });
    });
  }

  /** No node fits: the Pod waits for what may help it. */
  returnRefused(pod: QueuedPod, refusedBy: ReadonlySet<string>): void {
    if (this.#pods.get(pod.facts.uid) !== pod) return;
    this.#startBackoff(pod);
    pod.refusedBy = refusedBy;
    pod.standing = 'waiting';
    pod.group = JSON.stringify([this.#options.classKeyOf(pod.facts), ...[...refusedBy].sort()]);
    const group = this.#waiting.get(pod.group);
    if (group === undefined) this.#waiting.set(pod.group, new Map([[pod.facts.uid, pod]]));
    else group.set(pod.facts.uid, pod);
    this.#overdue.add(pod.facts.uid, maxWaitMs);
  }

  /** Something went wrong that has nothing to do with the Pod: tried again after its back-off. */
  returnFailed(pod: QueuedPod): void {
    if (this.#pods.get(pod.facts.uid) !== pod) return;
    this.#startBackoff(pod);
    this.#retry(pod);
  }

  /** Lets go the Pods that the event may help. */
  onEvent(event: ClusterEvent): void {
    for (const group of this.#waiting.values()) {
      const [first] = group.values();
      if (first === undefined || !this.#mayHelp(event, first)) continue;
      for (const pod of group.values()) this.#release(pod);
    }
  }

  clear(): void {
    this.#backoffs.clear();
    this.#overdue.clear();
  }

  #mayHelp(event: ClusterEvent, { refusedBy, facts }: QueuedPod): boolean {
    if (refusedBy.size === 0) return event.kind === 'node-added';
    for (const plugin of refusedBy) if (this.#options.mayHelp(plugin, event, facts)) return true;
    return false;
  }

  #startBackoff(pod: QueuedPod): void {
    pod.backoffUntilMs = this.#options.clock.monotonicMs() + backoffDelayMs(backoff, pod.attempts);
  }

  #release(pod: QueuedPod): void {
    this.#leaveGroup(pod);
    this.#retry(pod);
  }

  #retry(pod: QueuedPod): void {
    const leftMs = pod.backoffUntilMs - this.#options.clock.monotonicMs();
    if (leftMs <= 0) return this.#activate(pod);
    pod.standing = 'backing-off';
    this.#backoffs.add(pod.facts.uid, leftMs);
  }

  #leaveGroup(pod: QueuedPod): void {
    const group = this.#waiting.get(pod.group);
    group?.delete(pod.facts.uid);
    if (group?.size === 0) this.#waiting.delete(pod.group);
  }

  #activate(pod: QueuedPod): void {
    pod.standing = 'active';
    this.#active.push(pod);
    this.#wake?.();
  }

  #backoffEnded(uid: string): void {
    const pod = this.#pods.get(uid);
    if (pod?.standing === 'backing-off') this.#activate(pod);
  }

  #waitedTooLong(uid: string): void {
    const pod = this.#pods.get(uid);
    if (pod?.standing === 'waiting') this.#release(pod);
  }
}

function isBefore(a: QueuedPod, b: QueuedPod): boolean {
  if (a.facts.priority !== b.facts.priority) return a.facts.priority > b.facts.priority;
  return a.arrival < b.arrival;
}
