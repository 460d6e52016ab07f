import { isAlreadyExists, isConflict, isNotFound } from '../../core/api/errors.ts';
import type { Node, NodeStatus } from '../../core/api/generated/core-v1.ts';
import { nodes } from '../../core/api/generated/resources.ts';
import type { Client } from '../../core/client/client.ts';
import { Backoff } from '../../core/machinery/backoff.ts';
import { sleep, type Clock } from '../../core/machinery/clock.ts';
import type { Logger } from '../../core/machinery/logger.ts';
import { linkSignals } from '../../core/machinery/signals.ts';
import type { Capacity, ContainerRuntime, ImageStatus, RuntimeVersion } from '../runtime/runtime.ts';
import { noPressure, readPressure, type MachineFacts } from './machine.ts';
import { nodeLabels, nodeStatus, sameStatus } from './node-status.ts';

export interface NodeRegistrationOptions {
  readonly client: Client;
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly machine: MachineFacts;
  readonly nodeName: string;
  readonly hostIps: readonly string[];
  readonly kubeletVersion: string;
  readonly dataDirectory: string;
  readonly maxPods: number;
  /** Beyond those every node has. */
  readonly labels: Readonly<Record<string, string>>;
}

const checkEveryMs = 10_000;
const reportEveryMs = 300_000;
const reportDeadlineMs = 30_000;
/** Runtimes are checked more often than this while they do not answer. */
const recheckMs = 1_000;

/** What the runtime last said of itself. */
interface RuntimeFacts {
  readonly version: RuntimeVersion;
  readonly capacity: Capacity;
  readonly images: readonly ImageStatus[];
}

/**
 * Registers the node and keeps its status true: written when it changes, and every five minutes so that people see
 * it is looked at; the Lease tells that the node lives (upstream: kubelet_node_status.go).
 */
export class NodeRegistration {
  readonly #options: NodeRegistrationOptions;
  #node: Node | undefined;
  #facts: RuntimeFacts | undefined;
  #reportedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: NodeRegistrationOptions) {
    this.#options = options;
  }

  /** The Node as this agent last read or wrote it. */
  get node(): Node | undefined {
    return this.#node;
  }

  /** The machine's memory; 0 until it is known. */
  get memoryBytes(): number {
    return this.#facts?.capacity.memoryBytes ?? 0;
  }

  /** Resolves when the node is registered; goes on trying until then. */
  async register(signal: AbortSignal): Promise<Node> {
    const { clock, logger, nodeName } = this.#options;
    const backoff = new Backoff({ initialMs: 100, maxMs: 7_000 });
    for (;;) {
      signal.throwIfAborted();
      using deadline = linkSignals(signal, AbortSignal.timeout(reportDeadlineMs));
      try {
        const status = await this.#currentStatus(undefined, true, deadline.signal);
        this.#node = await this.#createOrAdopt(status, deadline.signal);
        this.#reportedAtMs = clock.monotonicMs();
        logger.info('Registered the node', { node: nodeName });
        return this.#node;
      } catch (error) {
        signal.throwIfAborted();
        logger.error('Cannot register the node: trying again', error, { node: nodeName });
        await sleep(clock, backoff.nextMs(), signal);
      }
    }
  }

  /** Keeps the status true until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options;
    let waitMs = checkEveryMs;
    while (!signal.aborted) {
      await sleep(clock, waitMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      using deadline = linkSignals(signal, AbortSignal.timeout(reportDeadlineMs));
      try {
        waitMs = (await this.#report(deadline.signal)) ? checkEveryMs : recheckMs;
      } catch (error) {
        if (signal.aborted) return;
        logger.error('Cannot report the status of the node', error);
        // A node that was deleted comes back with the next start of its agent only, as upstream.
        waitMs = isNotFound(error) ? checkEveryMs : recheckMs;
      }
    }
  }

  /** Writes the status when it changed or is due. Tells whether the runtime is well. */
  async #report(signal: AbortSignal): Promise<boolean> {
    const { clock } = this.#options;
    const due = clock.monotonicMs() - this.#reportedAtMs >= reportEveryMs;
    const before = this.#node;
    const status = await this.#currentStatus(before?.status, due, signal);
    const ready = status.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
    if (before === undefined || (!due && sameStatus(before.status, status))) return ready;
    this.#node = await this.#write({ ...before, status }, signal);
    this.#reportedAtMs = clock.monotonicMs();
    return ready;
  }

  async #write(node: Node, signal: AbortSignal): Promise<Node> {
    const { client, nodeName } = this.#options;
    // The status alone: with it would go labels as they were, and a node may not take away what others set since.
    const patch = (status: NodeStatus, { metadata: { resourceVersion } }: Node) =>
      client.patch(
        nodes,
        { name: nodeName },
        'merge',
        { metadata: { resourceVersion }, status },
        { subresource: 'status', signal },
      );
    try {
      return await patch(node.status, node);
    } catch (error) {
      if (!isConflict(error)) throw error;
      // Others write conditions of their own: those stay.
      const live = await client.get(nodes, { name: nodeName }, { signal });
      const own = new Set(['MemoryPressure', 'DiskPressure', 'PIDPressure', 'Ready']);
      const foreign = (live.status.conditions ?? []).filter(({ type }) => !own.has(type));
      const mine = (node.status.conditions ?? []).filter(({ type }) => own.has(type));
      const status = { ...live.status, ...node.status, conditions: [...foreign, ...mine] };
      return await patch(status, live);
    }
  }

  async #createOrAdopt(status: NodeStatus, signal: AbortSignal): Promise<Node> {
    const { client, nodeName, labels } = this.#options;
    const architecture = status.nodeInfo?.architecture ?? 'amd64';
    const wanted = { ...nodeLabels(nodeName, architecture), ...labels };
    const fresh: Node = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: {
        name: nodeName,
        labels: wanted,
        annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' },
      },
      spec: {},
      status,
    };
    try {
      const created = await client.create(nodes, fresh, { signal });
      // A server may take the status of a new object or not.
      return created.status.conditions === undefined
        ? await client.updateStatus(nodes, { ...created, status }, { signal })
        : created;
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
    const existing = await client.get(nodes, { name: nodeName }, { signal });
    const labelled = Object.entries(wanted).every(
      ([key, value]) => existing.metadata.labels?.[key] === value,
    );
    const adopted = labelled
      ? existing
      : await client.patch(nodes, { name: nodeName }, 'merge', { metadata: { labels: wanted } }, { signal });
    const current = await this.#currentStatus(adopted.status, false, signal);
    return await this.#write({ ...adopted, status: current }, signal);
  }

  async #currentStatus(
    old: NodeStatus | undefined,
    withImages: boolean,
    signal: AbortSignal,
  ): Promise<NodeStatus> {
    const { runtime, machine, clock, nodeName, hostIps, kubeletVersion, maxPods, dataDirectory } =
      this.#options;
    const notReady = await this.#ask(withImages, signal);
    const facts = this.#facts;
    if (facts === undefined) throw new Error(`Cannot tell what the node has: ${notReady}`);
    return nodeStatus(
      {
        ...facts,
        machine,
        runtimeName: runtime.name,
        pressure: runtime.name === 'simulated' ? noPressure : await readPressure(dataDirectory),
        maxPods,
        kubeletVersion,
        hostIps,
        nodeName,
        notReady,
        nowMs: clock.now(),
      },
      old,
    );
  }

  /** Asks the runtime; returns why the node is not ready when it does not answer. */
  async #ask(withImages: boolean, signal: AbortSignal): Promise<string | undefined> {
    const { runtime } = this.#options;
    try {
      const version = await runtime.version(signal);
      const capacity = this.#facts?.capacity ?? (await runtime.capacity(signal));
      const images =
        withImages || this.#facts === undefined ? await runtime.listImages(signal) : this.#facts.images;
      this.#facts = { version, capacity, images };
      return undefined;
    } catch (error) {
      signal.throwIfAborted();
      return `container runtime is down: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
}
