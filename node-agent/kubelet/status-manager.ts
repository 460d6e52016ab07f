import { isConflict, isForbidden, isNotFound } from '../../core/api/errors.ts';
import type { Pod, PodStatus } from '../../core/api/generated/core-v1.ts';
import { pods } from '../../core/api/generated/resources.ts';
import type { Client } from '../../core/client/client.ts';
import { Backoff } from '../../core/machinery/backoff.ts';
import { sleep, type Clock } from '../../core/machinery/clock.ts';
import { deepEqual } from '../../core/machinery/json.ts';
import type { Logger } from '../../core/machinery/logger.ts';
import { linkSignals, type LinkedSignal } from '../../core/machinery/signals.ts';
import { isOwnCondition } from './pod-conditions.ts';

export interface StatusManagerOptions {
  readonly client: Pick<Client, 'get' | 'updateStatus'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How a Pod's status stands between what is known here and what the API has. */
interface Entry {
  /** The newest Pod known to be stored: the base of the next write. */
  base: Pod;
  /** resourceVersions of own writes that the watch has not brought back yet, in order. */
  readonly unseen: string[];
  desired: PodStatus | undefined;
  written: PodStatus | undefined;
  writing: boolean;
  gone: boolean;
  readonly waiters: Set<() => void>;
}

const callDeadlineMs = 30_000;
const backoffOptions = { initialMs: 200, maxMs: 10_000 };

/**
 * Writes Pod statuses to the API: the newest wins, one write per Pod at a time, only what differs, and until it
 * succeeds. Every write is bound to the uid and the revision it was made for; on a conflict the status is laid over
 * the live Pod, so conditions of others are never lost (upstream: pkg/kubelet/status).
 */
export class StatusManager {
  readonly #options: StatusManagerOptions;
  readonly #entries = new Map<string, Entry>();
  #signal: AbortSignal = AbortSignal.abort(new Error('the status manager does not run'));
  /** Aborting it ends every wait for another try. */
  #retryNow = new AbortController();

  constructor(options: StatusManagerOptions) {
    this.#options = options;
  }

  /** Writes until the signal aborts. Must be called before `set`. */
  start(signal: AbortSignal): void {
    this.#signal = signal;
  }

  /** The API is back: what waits for another try need not wait longer. */
  retryNow(): void {
    this.#retryNow.abort();
    this.#retryNow = new AbortController();
  }

  /** A Pod as the watch brings it. */
  observe(pod: Pod): void {
    const uid = pod.metadata.uid ?? '';
    const entry = this.#entries.get(uid);
    if (entry === undefined) {
      this.#entries.set(uid, {
        base: pod,
        unseen: [],
        desired: undefined,
        written: undefined,
        writing: false,
        gone: false,
        waiters: new Set(),
      });
      return;
    }
    const own = entry.unseen.indexOf(pod.metadata.resourceVersion ?? '');
    if (own >= 0) entry.unseen.splice(0, own + 1);
    else entry.unseen.length = 0;
    // While an own later write is still to come back, the base is newer than what the watch says.
    if (entry.unseen.length === 0) entry.base = pod;
  }

  /** The Pod is gone from the API: nothing is left to write. */
  forget(uid: string): void {
    const entry = this.#entries.get(uid);
    if (entry === undefined) return;
    entry.gone = true;
    this.#entries.delete(uid);
    settle(entry);
  }

  /** The status as last told here, else as stored. Undefined for Pods never observed. */
  current(uid: string): PodStatus | undefined {
    const entry = this.#entries.get(uid);
    return entry?.desired ?? entry?.base.status;
  }

  set(uid: string, status: PodStatus): void {
    const entry = this.#entries.get(uid);
    if (entry === undefined || deepEqual(entry.desired ?? entry.base.status, status)) return;
    entry.desired = status;
    if (!entry.writing) void this.#write(entry);
  }

  /** Resolves when the API has what was set, or the Pod is gone from it. */
  flushed(uid: string, signal: AbortSignal): Promise<void> {
    const entry = this.#entries.get(uid);
    if (entry === undefined || !entry.writing) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const done = () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      const onAbort = () => {
        entry.waiters.delete(done);
        reject(signal.reason as Error);
      };
      if (signal.aborted) onAbort();
      else entry.waiters.add(done);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  async #write(entry: Entry): Promise<void> {
    const { clock, logger } = this.#options;
    const backoff = new Backoff(backoffOptions);
    let stale = false;
    entry.writing = true;
    while (!entry.gone && !this.#signal.aborted && this.#differs(entry)) {
      const status = entry.desired as PodStatus;
      const refreshes = stale;
      try {
        if (refreshes && !(await this.#refresh(entry))) break;
        stale = false;
        await this.#writeOnce(entry, status);
        backoff.reset();
      } catch (error) {
        if (isNotFound(error)) break;
        // Once somebody relabels the Pod, the labels as they were look like a change of ours, which is forbidden.
        if ((isConflict(error) && !stale) || (isForbidden(error) && !refreshes)) {
          stale = true;
          continue;
        }
        if (this.#signal.aborted) break;
        logger.error('Cannot write the status of a Pod: trying again', error, nameOf(entry.base));
        using waiting = linkSignals(this.#signal, this.#retryNow.signal);
        await sleep(clock, backoff.nextMs(), waiting.signal).catch(() => undefined);
      }
    }
    entry.writing = false;
    settle(entry);
  }

  /** Compared with what was written rather than with what came back: the server may write the same in other words. */
  #differs({ base, desired, written }: Entry): boolean {
    if (desired === undefined) return false;
    return written === undefined
      ? !deepEqual(base.status, onTopOf(base, desired))
      : !deepEqual(written, desired);
  }

  async #writeOnce(entry: Entry, status: PodStatus): Promise<void> {
    const wanted: Pod = { ...entry.base, status: onTopOf(entry.base, status) };
    using deadline = this.#deadline();
    const { signal } = deadline;
    const written = await this.#options.client.updateStatus(pods, wanted, { signal });
    entry.unseen.push(written.metadata.resourceVersion ?? '');
    entry.base = written;
    entry.written = status;
  }

  /** False when it is another Pod of the same name by now. */
  async #refresh(entry: Entry): Promise<boolean> {
    const { namespace, name = '', uid } = entry.base.metadata;
    using deadline = this.#deadline();
    const { signal } = deadline;
    const live = await this.#options.client.get(pods, { namespace, name }, { signal });
    if (live.metadata.uid !== uid) return false;
    entry.unseen.push(live.metadata.resourceVersion ?? '');
    entry.base = live;
    return true;
  }

  #deadline(): LinkedSignal {
    return linkSignals(this.#signal, AbortSignal.timeout(callDeadlineMs));
  }
}

/** The status with the stored Pod's foreign conditions: they may have changed since it was made. */
function onTopOf(base: Pod, status: PodStatus): PodStatus {
  const foreign = (base.status.conditions ?? []).filter(({ type }) => !isOwnCondition(type));
  const own = (status.conditions ?? []).filter(({ type }) => isOwnCondition(type));
  return { ...status, conditions: [...foreign, ...own] };
}

function settle(entry: Entry): void {
  for (const waiter of entry.waiters) waiter();
  entry.waiters.clear();
}

function nameOf({ metadata }: Pod): Record<string, unknown> {
  return { namespace: metadata.namespace, pod: metadata.name, uid: metadata.uid };
}
