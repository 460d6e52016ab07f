import type { ContainerUsage, NodeStats } from '../../api/streams.ts';
import type { Clock } from '../../machinery/clock.ts';
import { sleep } from '../../machinery/clock.ts';

/** Where readings come from: the agents' sessions. */
export interface StatsSource {
  isConnected(node: string): boolean;
  stats(node: string, signal: AbortSignal): Promise<NodeStats>;
}

export interface Usage {
  readonly cpuNanocores: number;
  readonly memoryBytes: number;
}

/** What a node and its containers used between two readings. */
export interface NodeUsage extends Usage {
  /** The end of the window, in wall-clock milliseconds. */
  readonly timestampMs: number;
  readonly windowMs: number;
  /** By the Pod's uid, then by the container's name; only what ran at the end of the window. */
  readonly pods: ReadonlyMap<string, ReadonlyMap<string, Usage>>;
}

export interface UsageReaderOptions {
  readonly clock: Clock;
  readonly source: StatsSource;
}

/** An answer is good for that long: metrics-server reads every 15 seconds. */
const freshMs = 10_000;
/** A reading older than this says nothing about now, so another is taken to begin the window. */
const longestWindowMs = 60_000;
/** The kernel's counters are fine enough for it, and nobody minds waiting that long. */
const shortestWindowMs = 1_000;
const readWithinMs = 5_000;

interface Known {
  readonly stats: NodeStats;
  readonly usage: NodeUsage | undefined;
}

/**
 * What nodes use, read when somebody asks: counters are read twice, or compared with the reading of the question
 * before. Nothing runs while nobody asks, and only the last reading of a node is kept.
 */
export class UsageReader {
  readonly #clock: Clock;
  readonly #source: StatsSource;
  readonly #known = new Map<string, Known>();
  readonly #reading = new Map<string, Promise<NodeUsage | undefined>>();

  constructor({ clock, source }: UsageReaderOptions) {
    this.#clock = clock;
    this.#source = source;
  }

  /** Undefined while the node's agent is not connected or does not answer. Whoever asks at once shares a reading. */
  read(node: string): Promise<NodeUsage | undefined> {
    if (!this.#source.isConnected(node)) {
      this.#known.delete(node);
      return Promise.resolve(undefined);
    }
    const known = this.#known.get(node);
    if (known?.usage !== undefined && this.#ageMs(known.stats) < freshMs) return Promise.resolve(known.usage);
    const running = this.#reading.get(node);
    if (running !== undefined) return running;
    const reading = this.#window(node, known?.stats)
      .catch(() => undefined)
      .finally(() => this.#reading.delete(node));
    this.#reading.set(node, reading);
    return reading;
  }

  async #window(node: string, before: NodeStats | undefined): Promise<NodeUsage> {
    const begin =
      before === undefined || this.#ageMs(before) > longestWindowMs ? await this.#take(node) : before;
    const leftMs = shortestWindowMs - this.#ageMs(begin);
    if (leftMs > 0) await sleep(this.#clock, leftMs, AbortSignal.timeout(readWithinMs));
    const stats = await this.#take(node);
    const usage = usageBetween(begin, stats);
    this.#known.set(node, { stats, usage });
    return usage;
  }

  async #take(node: string): Promise<NodeStats> {
    const stats = await this.#source.stats(node, AbortSignal.timeout(readWithinMs));
    // The node's clock may differ from this one's, and ages are told by this one.
    return { ...stats, timestampMs: this.#clock.now() };
  }

  #ageMs({ timestampMs }: NodeStats): number {
    return this.#clock.now() - timestampMs;
  }
}

/** Pure: the difference of two readings of one node. */
export function usageBetween(begin: NodeStats, end: NodeStats): NodeUsage {
  const windowMs = Math.max(1, end.timestampMs - begin.timestampMs);
  const before = new Map(begin.containers.map((usage) => [keyOf(usage), usage]));
  const pods = new Map<string, Map<string, Usage>>();
  for (const usage of end.containers) {
    const containers = pods.get(usage.podUid) ?? new Map<string, Usage>();
    containers.set(usage.container, containerUsage(before.get(keyOf(usage)), usage, windowMs));
    pods.set(usage.podUid, containers);
  }
  const used = end.cpuTotalNanoseconds - begin.cpuTotalNanoseconds;
  return {
    timestampMs: end.timestampMs,
    windowMs,
    // Containers that ended take their time with them where a node is the sum of its containers.
    cpuNanocores: Math.max(0, perSecond(used, windowMs)),
    memoryBytes: end.memoryWorkingSetBytes,
    pods,
  };
}

function containerUsage(before: ContainerUsage | undefined, now: ContainerUsage, windowMs: number): Usage {
  // A counter that is new or went back began within the window: all of it was used in there.
  const restarted = before === undefined || before.cpuTotalNanoseconds > now.cpuTotalNanoseconds;
  const used = now.cpuTotalNanoseconds - (restarted ? 0 : before.cpuTotalNanoseconds);
  const elapsedMs = restarted ? windowMs : Math.max(1, now.timestampMs - before.timestampMs);
  return { cpuNanocores: perSecond(used, elapsedMs), memoryBytes: now.memoryWorkingSetBytes };
}

function perSecond(nanoseconds: number, windowMs: number): number {
  return Math.round((nanoseconds / windowMs) * 1_000);
}

function keyOf({ podUid, container }: ContainerUsage): string {
  return `${podUid}/${container}`;
}
