import { isConflict, isNotFound } from '../api/errors.ts';
import type { Node, Pod } from '../api/generated/core-v1.ts';
import { namespaces, nodes, pods } from '../api/generated/resources.ts';
import { keyOf } from '../api/object.ts';
import { apiVersionOf } from '../api/resource.ts';
import type { Client } from '../client/client.ts';
import type { EventRecorder } from '../client/events.ts';
import type { InformerFactory } from '../client/informer-factory.ts';
import type { Lister } from '../client/lister.ts';
import type { Clock } from '../machinery/clock.ts';
import { nextTurn } from '../machinery/next-turn.ts';
import type { Random } from '../machinery/random.ts';
import { ClientBinder, type Binder } from './binder.ts';
import { ClusterState } from './cluster/cluster-state.ts';
import { PodFactsReader, type PodFacts } from './cluster/pod-facts.ts';
import { ConditionWriter } from './condition-writer.ts';
import { describeDiagnosis, diagnose, explainNodes, type NodeExplanation } from './framework/diagnosis.ts';
import type { ClusterEvent } from './framework/plugin.ts';
import { PodClasses } from './framework/pod-classes.ts';
import type { Profile } from './framework/profile.ts';
import { Placement } from './placement.ts';
import { defaultProfile } from './plugins/index.ts';
import { Evictor } from './preemption/evictor.ts';
import { Nominations } from './preemption/nominations.ts';
import { planPreemption } from './preemption/preemption.ts';
import type { Candidate } from './preemption/victims.ts';
import { SchedulingQueue, type QueuedPod } from './queue/scheduling-queue.ts';

export interface SchedulerOptions {
  readonly client: Client;
  readonly informers: InformerFactory;
  readonly clock: Clock;
  readonly random: Random;
  readonly events: EventRecorder;
  /** The name Pods choose it by in spec.schedulerName. */
  readonly schedulerName?: string;
  readonly profile?: Profile;
  readonly binder?: Binder;
  readonly onError?: (error: unknown, doing: string) => void;
}

/** Pods looked at between two turns of the event loop, and the time they may take. */
const slice = 64;
const sliceMs = 10;

/** Binds under way at a time. */
const maxBinding = 1024;

/**
 * Gives every Pod a node (upstream: pkg/scheduler). One Pod is placed at a time, in memory and without waiting;
 * telling the API goes on meanwhile.
 */
export class Scheduler {
  readonly name = 'scheduler';
  readonly #options: SchedulerOptions;
  readonly #cluster = new ClusterState();
  readonly #reader = new PodFactsReader();
  readonly #pods: Lister<Pod>;
  readonly #classes: PodClasses;
  readonly #attempts = { scheduled: 0, unschedulable: 0, error: 0 };
  readonly #queue: SchedulingQueue;
  readonly #placement: Placement;
  readonly #binder: Binder;
  readonly #conditions: ConditionWriter;
  readonly #nominations = new Nominations(this.#cluster);
  readonly #evictor: Evictor;
  readonly #binding = new Set<Promise<void>>();

  constructor(options: SchedulerOptions) {
    const { client, clock, random, informers, profile = defaultProfile, onError = () => {} } = options;
    this.#options = options;
    this.#classes = new PodClasses(profile, this.#cluster);
    const plugins = new Map(profile.map(({ plugin }) => [plugin.name, plugin]));
    this.#queue = new SchedulingQueue({
      clock,
      classKeyOf: (facts) => this.#classes.keyOf(facts),
      mayHelp: (name, event, facts) => plugins.get(name)?.mayHelp?.(event, facts) ?? true,
    });
    this.#placement = new Placement(this.#cluster, random);
    this.#binder = options.binder ?? new ClientBinder(client);
    this.#evictor = new Evictor(client, clock, options.events);
    this.#conditions = new ConditionWriter(client, clock, onError);
    informers.informer(nodes).addHandler({
      onAdd: (node) => this.#nodeChanged(node, undefined),
      onUpdate: (node, previous) => this.#nodeChanged(node, previous),
      onDelete: ({ metadata }) => this.#cluster.removeNode(metadata.name ?? ''),
    });
    informers.informer(namespaces).addHandler({
      onAdd: ({ metadata }) => this.#cluster.setNamespace(metadata.name ?? '', metadata.labels ?? {}),
      onUpdate: ({ metadata }) => this.#cluster.setNamespace(metadata.name ?? '', metadata.labels ?? {}),
      onDelete: ({ metadata }) => this.#cluster.setNamespace(metadata.name ?? '', undefined),
    });
    this.#pods = informers.informer(pods).lister;
    informers.informer(pods).addHandler({
      onAdd: (pod) => this.#podChanged(pod),
      onUpdate: (pod) => this.#podChanged(pod),
      onDelete: (pod) => this.#podGone(pod),
    });
  }

  /** Schedules until the signal aborts; resolves when the last bind has ended. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#queue.ready(signal);
      while (this.#binding.size >= maxBinding && !signal.aborted) await Promise.race(this.#binding);
      if (!signal.aborted) this.#scheduleSome(signal);
      await nextTurn();
    }
    this.#queue.clear();
    await Promise.all(this.#binding);
  }

  /** How the attempts since the start ended. */
  get attempts(): Readonly<Record<'scheduled' | 'unschedulable' | 'error', number>> {
    return this.#attempts;
  }

  get queueSizes(): SchedulingQueue['sizes'] {
    return this.#queue.sizes;
  }

  /** What each node has against the Pod as things are; nothing is changed by asking. */
  explain(pod: Pod): readonly NodeExplanation[] {
    return explainNodes(this.#classes.of(this.#reader.read(pod)), this.#cluster);
  }

  #scheduleSome(signal: AbortSignal): void {
    const { clock } = this.#options;
    const beganMs = clock.monotonicMs();
    for (let i = 0; i < slice && this.#binding.size < maxBinding; i++) {
      if (clock.monotonicMs() - beganMs > sliceMs) return;
      const queued = this.#queue.pop();
      if (queued === undefined) return;
      this.#schedule(queued, signal);
    }
  }

  #schedule(queued: QueuedPod, signal: AbortSignal): void {
    const { facts } = queued;
    const slot = this.#findSlot(facts);
    if (slot === undefined) {
      this.#refused(queued, signal);
      return;
    }
    this.#cluster.assume(facts, slot);
    this.#happened({ kind: 'pod-placed', facts, node: this.#cluster.nodes.nodeAt(slot) });
    const nodeName = this.#cluster.nodes.nameAt(slot);
    const binding = this.#bind(queued, nodeName, signal).finally(() => this.#binding.delete(binding));
    this.#binding.add(binding);
  }

  /** The node where room was made, where there is one and it fits; any other node otherwise. */
  #findSlot(facts: PodFacts): number | undefined {
    const nominated = this.#nominations.withdraw(facts.uid) ?? facts.nominatedNodeName;
    const podClass = this.#classes.of(facts);
    const slot = this.#cluster.nodes.slotOf(nominated);
    if (slot !== undefined && this.#cluster.nodes.nodeAt(slot) !== undefined && podClass.allows(slot))
      return slot;
    const found = this.#placement.findSlot(podClass);
    if (found !== undefined || !this.#nominations.yieldTo(facts.priority)) return found;
    return this.#placement.findSlot(podClass);
  }

  async #bind(queued: QueuedPod, nodeName: string, signal: AbortSignal): Promise<void> {
    const { facts } = queued;
    try {
      await this.#binder.bind({ facts, nodeName }, signal);
      this.#attempts.scheduled++;
      this.#queue.delete(facts.uid);
      this.#event(
        facts,
        'Normal',
        'Scheduled',
        'Binding',
        `Successfully assigned ${facts.key} to ${nodeName}`,
      );
    } catch (error) {
      this.#cluster.forget(facts.uid);
      // Gone, or bound by somebody else: the informer will tell, or has told.
      if (signal.aborted || isNotFound(error)) return this.#queue.delete(facts.uid);
      this.#attempts.error++;
      if (!isConflict(error)) this.#report(error, `bind Pod "${facts.key}" to node "${nodeName}"`);
      this.#queue.returnFailed(queued);
    }
  }

  #refused(queued: QueuedPod, signal: AbortSignal): void {
    const { facts } = queued;
    this.#attempts.unschedulable++;
    const podClass = this.#classes.of(facts);
    const diagnosis = podClass.diagnosis(() => diagnose(podClass, this.#cluster));
    const reasons = describeDiagnosis(diagnosis);
    const plan =
      diagnosis.nodeCount === 0
        ? undefined
        : planPreemption(this.#cluster, podClass, facts, diagnosis, this.#options.random);
    const message =
      plan === undefined || plan.kind === 'evict' ? reasons : `${reasons} preemption: ${plan.message}`;
    this.#event(facts, 'Warning', 'FailedScheduling', 'Scheduling', message);
    this.#queue.returnRefused(queued, diagnosis.refusedBy);
    if (plan?.kind === 'evict') return this.#makeRoom(facts, plan.candidate, message, signal);
    const outcome = { reason: 'Unschedulable', message } as const;
    if (plan?.kind === 'ineligible') {
      // Whoever comes between two of its victims' ends would take the room of the first.
      if (plan.slot !== undefined) this.#nominations.nominate(facts, plan.slot);
      return this.#conditions.write(facts.pod, outcome, signal);
    }
    // What no eviction helps has no place that is kept for it (upstream: preemption.go, and schedule_one.go without nodes).
    this.#conditions.write(facts.pod, { ...outcome, nominatedNodeName: '' }, signal);
  }

  /** Evicts the victims and holds their room. The last of them to go brings the Pod back from the queue. */
  #makeRoom(facts: PodFacts, { slot, victims }: Candidate, message: string, signal: AbortSignal): void {
    const nominatedNodeName = this.#cluster.nodes.nameAt(slot);
    this.#nominations.nominate(facts, slot);
    this.#conditions.write(facts.pod, { reason: 'Unschedulable', message, nominatedNodeName }, signal);
    const evicting = this.#evictor
      .evict(victims, facts, nominatedNodeName, signal)
      .catch((error: unknown) => {
        if (!signal.aborted)
          this.#report(error, `make room for Pod "${facts.key}" on "${nominatedNodeName}"`);
      })
      .finally(() => this.#binding.delete(evicting));
    this.#binding.add(evicting);
  }

  #podChanged(pod: Pod): void {
    const uid = pod.metadata.uid ?? '';
    if (pod.status.phase === 'Succeeded' || pod.status.phase === 'Failed') return this.#podGone(pod);
    if (pod.spec.nodeName) {
      this.#queue.delete(uid);
      this.#nominations.withdraw(uid);
      const facts = this.#factsOf(pod);
      const wasPlaced = this.#cluster.isPlaced(uid);
      this.#cluster.setPod(facts, pod.spec.nodeName);
      if (!wasPlaced) this.#happened({ kind: 'pod-placed', facts, node: this.#nodeNamed(pod.spec.nodeName) });
    } else if (!this.#isOurs(pod)) {
      this.#queue.delete(uid);
      this.#nominations.withdraw(uid);
    }
    // A state from before our own bind may still arrive after it: that Pod needs no node any more.
    else if (this.#queue.get(uid) !== undefined || !this.#cluster.isPlaced(uid)) {
      const facts = this.#factsOf(pod);
      // Now that the Pod is at hand: when its turn comes, it need not be parsed for that.
      this.#classes.keyOf(facts);
      this.#queue.add(facts);
    }
  }

  #factsOf(pod: Pod): PodFacts {
    return this.#reader.read(pod, this.#pods.handle(keyOf(pod)));
  }

  #podGone(pod: Pod): void {
    const uid = pod.metadata.uid ?? '';
    this.#queue.delete(uid);
    this.#nominations.withdraw(uid);
    const facts = this.#cluster.removePod(uid);
    if (facts === undefined) return;
    this.#happened({ kind: 'pod-removed', facts, node: this.#nodeNamed(pod.spec.nodeName ?? '') });
  }

  #nodeChanged(node: Node, previous: Node | undefined): void {
    if (!this.#cluster.setNode(node)) return;
    this.#happened(
      previous === undefined ? { kind: 'node-added', node } : { kind: 'node-changed', node, previous },
    );
  }

  #happened(event: ClusterEvent): void {
    this.#queue.onEvent(event);
  }

  /** To be scheduled, by us, and not held back by a gate or on its way out. */
  #isOurs({ spec, metadata }: Pod): boolean {
    const { schedulerName = 'default-scheduler' } = this.#options;
    return (
      (spec.schedulerName ?? 'default-scheduler') === schedulerName &&
      (spec.schedulingGates ?? []).length === 0 &&
      metadata.deletionTimestamp === undefined
    );
  }

  #nodeNamed(name: string): Node | undefined {
    const slot = this.#cluster.nodes.slotOf(name);
    return slot === undefined ? undefined : this.#cluster.nodes.nodeAt(slot);
  }

  #event(facts: PodFacts, type: 'Normal' | 'Warning', reason: string, action: string, message: string): void {
    const { namespace, name, uid, resourceVersion } = facts;
    const regarding = {
      kind: pods.kind,
      namespace,
      name,
      uid,
      apiVersion: apiVersionOf(pods),
      resourceVersion,
    };
    this.#options.events.event(regarding, type, reason, message, { action });
  }

  #report(error: unknown, doing: string): void {
    this.#options.onError?.(error, doing);
  }
}
