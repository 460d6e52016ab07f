import { ifFound, isAlreadyExists, isConflict } from '../../api/errors.ts';
import type { Lease, LeaseSpec } from '../../api/generated/coordination-v1.ts';
import { leases } from '../../api/generated/resources.ts';
import type { Client } from '../../client/client.ts';
import { sleep, type Clock } from '../../machinery/clock.ts';
import { randomFraction, type Random } from '../../machinery/random.ts';
import { microTimestamp } from '../../machinery/timestamp.ts';

/** Proof of being the leader, for as long as it lasts. */
export interface Leadership {
  /** Aborts when the leadership ends, for whatever reason. */
  readonly signal: AbortSignal;
  /** Counts the leaders there have been: a write that carries it can be told from one of an earlier leader. */
  readonly term: number;
  /** Throws when the leadership has run out, even if the timer that would say so is late. Call before writes. */
  check(): void;
}

export interface LeaderElectionOptions {
  readonly client: Pick<Client, 'get' | 'create' | 'update'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly lease: { readonly namespace: string; readonly name: string };
  /** Unlike that of any other process, also of an earlier one on the same machine. */
  readonly identity: string;
  /** How long others wait for a leader that is silent; 15 s unless given. */
  readonly leaseMs?: number;
  /** How long a leader goes on without having renewed; below `leaseMs`, 10 s unless given. */
  readonly renewDeadlineMs?: number;
  /** Between two tries; 2 s unless given. */
  readonly retryMs?: number;
  readonly onError?: (error: unknown, doing: string) => void;
}

/** What was last seen in the Lease, and when by our own clock. */
interface Observation {
  readonly lease: Lease;
  readonly seenMs: number;
}

/**
 * Lets one process of many work at a time (upstream: client-go/tools/leaderelection). Only durations are compared,
 * on the monotonic clock of each process: a leader stops before the others may take over, whatever the clocks of
 * their machines say. A process that is stopped and wakes up later finds its leadership run out by `check`.
 */
export class LeaderElection {
  readonly #options: Required<Omit<LeaderElectionOptions, 'onError'>> &
    Pick<LeaderElectionOptions, 'onError'>;
  #observed: Observation | undefined;

  constructor(options: LeaderElectionOptions) {
    this.#options = { leaseMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2_000, ...options };
    const { leaseMs, renewDeadlineMs, retryMs } = this.#options;
    if (renewDeadlineMs >= leaseMs || retryMs >= renewDeadlineMs) {
      throw new Error(
        `Cannot elect a leader: lease (${leaseMs} ms), renewal (${renewDeadlineMs} ms) and retry (${retryMs} ms) must decrease`,
      );
    }
  }

  /** Who leads as far as is known; "" for nobody. */
  get leader(): string {
    return this.#observed?.lease.spec.holderIdentity ?? '';
  }

  /**
   * Waits to be the leader and then does `work`, again and again until the signal aborts. `work` must end when its
   * leadership's signal aborts; what it throws while it leads is passed on.
   */
  async run(signal: AbortSignal, work: (leadership: Leadership) => Promise<void>): Promise<void> {
    while (!signal.aborted) {
      const acquiredMs = await this.#acquire(signal);
      if (acquiredMs === undefined) return;
      await this.#lead(acquiredMs, signal, work);
    }
  }

  /** Resolves to when the lease began, on the monotonic clock; undefined when aborted. */
  async #acquire(signal: AbortSignal): Promise<number | undefined> {
    while (!signal.aborted) {
      const beganMs = this.#options.clock.monotonicMs();
      if (await this.#try(signal)) return beganMs;
      await this.#pause(signal);
    }
    return undefined;
  }

  async #lead(
    acquiredMs: number,
    signal: AbortSignal,
    work: (leadership: Leadership) => Promise<void>,
  ): Promise<void> {
    const { clock, renewDeadlineMs, identity } = this.#options;
    const ending = new AbortController();
    const leading = AbortSignal.any([signal, ending.signal]);
    let deadlineMs = acquiredMs + renewDeadlineMs;
    let isLost = false;
    const leadership: Leadership = {
      signal: leading,
      term: this.#observed?.lease.spec.leaseTransitions ?? 0,
      check() {
        leading.throwIfAborted();
        if (clock.monotonicMs() >= deadlineMs) throw new Error(`"${identity}" is no longer the leader`);
      },
    };
    const working = work(leadership).finally(() =>
      ending.abort(new Error('The work of the leader has ended')),
    );
    // Whatever it ends with is awaited below; until then it must not count as unhandled.
    working.catch(() => {});
    while (!leading.aborted) {
      await this.#pause(leading);
      if (leading.aborted) break;
      const beganMs = clock.monotonicMs();
      if (await this.#tryUntil(deadlineMs, leading)) deadlineMs = beganMs + renewDeadlineMs;
      else if (clock.monotonicMs() >= deadlineMs || this.leader !== identity) {
        isLost = true;
        ending.abort(new Error(`"${identity}" could not renew its lease in time`));
      }
    }
    try {
      await working;
    } catch (error) {
      if (!isLost && !signal.aborted) throw error;
    } finally {
      // Only now nothing is written any more in the name of the leader.
      if (clock.monotonicMs() < deadlineMs) await this.#release();
    }
  }

  async #tryUntil(deadlineMs: number, signal: AbortSignal): Promise<boolean> {
    const { clock } = this.#options;
    const late = new AbortController();
    const cancel = clock.after(Math.max(0, deadlineMs - clock.monotonicMs()), () => late.abort());
    try {
      return await this.#try(AbortSignal.any([signal, late.signal]));
    } finally {
      cancel();
    }
  }

  /** One try to take or to keep the lease. */
  async #try(signal: AbortSignal): Promise<boolean> {
    const { client, lease: name, identity } = this.#options;
    try {
      const current = await this.#read(signal);
      if (current === undefined) {
        const spec = this.#spec(undefined);
        const created = await client.create(
          leases,
          { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { ...name }, spec },
          { signal },
        );
        this.#observe(created);
        return true;
      }
      if (!this.#mayTake(current)) return false;
      const updated = await client.update(leases, { ...current, spec: this.#spec(current) }, { signal });
      this.#observe(updated);
      return true;
    } catch (error) {
      if (!signal.aborted && !isConflict(error) && !isAlreadyExists(error)) {
        this.#options.onError?.(error, `take or renew the lease "${name.name}" as "${identity}"`);
      }
      return false;
    }
  }

  async #read(signal: AbortSignal): Promise<Lease | undefined> {
    const { client, lease } = this.#options;
    const current = await ifFound(client.get(leases, lease, { signal }));
    if (current !== undefined) this.#observe(current);
    return current;
  }

  #observe(lease: Lease): void {
    const isNews = lease.metadata.resourceVersion !== this.#observed?.lease.metadata.resourceVersion;
    if (isNews) this.#observed = { lease, seenMs: this.#options.clock.monotonicMs() };
  }

  /** Ours, free, or unchanged for as long as its holder promised to renew it. */
  #mayTake({ spec }: Lease): boolean {
    const { identity, leaseMs, clock } = this.#options;
    if (spec.holderIdentity === identity || !spec.holderIdentity) return true;
    const promisedMs = spec.leaseDurationSeconds === undefined ? leaseMs : spec.leaseDurationSeconds * 1000;
    return clock.monotonicMs() - (this.#observed?.seenMs ?? Infinity) >= promisedMs;
  }

  #spec(current: Lease | undefined): LeaseSpec {
    const { identity, leaseMs, clock } = this.#options;
    const now = microTimestamp(clock.now());
    const isRenewal = current?.spec.holderIdentity === identity;
    const { acquireTime = now, leaseTransitions = 0 } = current?.spec ?? {};
    return {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(leaseMs / 1000),
      renewTime: now,
      acquireTime: isRenewal ? acquireTime : now,
      leaseTransitions: isRenewal ? leaseTransitions : leaseTransitions + 1,
    };
  }

  /** Lets the next one begin at once instead of waiting for the lease to run out. */
  async #release(): Promise<void> {
    const { client, clock, identity } = this.#options;
    const current = this.#observed?.lease;
    if (current?.spec.holderIdentity !== identity) return;
    const { leaseTransitions } = current.spec;
    const now = microTimestamp(clock.now());
    const spec = {
      holderIdentity: '',
      leaseDurationSeconds: 1,
      renewTime: now,
      acquireTime: now,
      leaseTransitions,
    };
    const late = new AbortController();
    const cancel = clock.after(this.#options.retryMs, () => late.abort());
    try {
      this.#observe(await client.update(leases, { ...current, spec }, { signal: late.signal }));
    } catch (error) {
      // Then it runs out.
      if (!isConflict(error)) this.#options.onError?.(error, `release the lease of "${identity}"`);
    } finally {
      cancel();
    }
  }

  async #pause(signal: AbortSignal): Promise<void> {
    const { clock, random, retryMs } = this.#options;
    await sleep(clock, retryMs * (1 + 0.2 * randomFraction(random)), signal).catch(() => {});
  }
}
