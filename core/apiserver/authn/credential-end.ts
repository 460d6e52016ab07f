import type { Lookup } from '../../admission/lookup.ts';
import { isNotFound } from '../../api/errors.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { Backoff } from '../../machinery/backoff.ts';
import { sleep } from '../../machinery/clock.ts';
import type { Clock } from '../../machinery/clock.ts';
import type { Random } from '../../machinery/random.ts';
import { linkSignals } from '../../machinery/signals.ts';
import { parseTimestamp } from '../../machinery/timestamp.ts';
import type { BoundTo, Identity } from './identity.ts';

/** What is being deleted keeps its identity this long for its last words (pkg/serviceaccount/claims.go). */
export const lastWordsMs = 60_000;

export interface CredentialEndsOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly client: Pick<Lookup, 'get' | 'watch'>;
}

/** One object that credentials are bound to, and who wants to know when it has gone. */
interface Followed {
  readonly waiting: Set<() => void>;
  readonly stop: AbortController;
}

/** Says when what somebody showed for themselves holds no longer: by time, or because what it is bound to has gone. */
export class CredentialEnds {
  readonly #options: CredentialEndsOptions;
  readonly #followed = new Map<string, Followed>();

  constructor(options: CredentialEndsOptions) {
    this.#options = options;
  }

  /** Calls `end` once, unless it is disposed of before. Credentials that are shown often are followed only once. */
  until({ expiresAtMs, boundTo = [], revoked }: Identity, end: () => void): Disposable {
    const parts: (() => void)[] = [];
    const dispose = () => {
      for (const part of parts.splice(0)) part();
    };
    const once = () => {
      dispose();
      end();
    };
    for (const bound of boundTo) parts.push(this.#follow(bound, once));
    if (expiresAtMs !== undefined) parts.push(this.#at(expiresAtMs, once));
    if (revoked !== undefined) parts.push(onAbort(revoked, once));
    return { [Symbol.dispose]: dispose };
  }

  #at(timeMs: number, callback: () => void): () => void {
    const { clock } = this.#options;
    // A timer may come early where the time is further away than timers reach.
    const arm = (): (() => void) =>
      clock.after(Math.max(0, timeMs - clock.now()), () => {
        if (clock.now() >= timeMs) callback();
        else cancel = arm();
      });
    let cancel = arm();
    return () => cancel();
  }

  #follow(bound: BoundTo, gone: () => void): () => void {
    const { resource, namespace = '', name, uid } = bound;
    const key = JSON.stringify([resource.group, resource.plural, namespace, name, uid]);
    const known = this.#followed.get(key) ?? { waiting: new Set(), stop: new AbortController() };
    // Each has a place of its own, whoever else hands in the same function.
    const wake = () => gone();
    known.waiting.add(wake);
    if (!this.#followed.has(key)) {
      this.#followed.set(key, known);
      void this.#run(bound, known.stop.signal).then(() => {
        if (known.stop.signal.aborted) return;
        this.#followed.delete(key);
        for (const callback of known.waiting) callback();
      });
    }
    return () => {
      known.waiting.delete(wake);
      if (known.waiting.size > 0 || this.#followed.get(key) !== known) return;
      this.#followed.delete(key);
      known.stop.abort();
    };
  }

  /** Resolves when the object has gone, or the signal aborts. What fails is tried again. */
  async #run(bound: BoundTo, signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options;
    const backoff = new Backoff({ initialMs: 100, maxMs: 10_000, jitter: 0.2, random });
    while (!signal.aborted) {
      try {
        if (await this.#hasGone(bound, signal)) return;
      } catch {
        if (signal.aborted) return;
      }
      await sleep(clock, backoff.nextMs(), signal).catch(() => undefined);
    }
  }

  /** Resolves to true when it has; to false when the watch ended before. */
  async #hasGone({ resource, namespace, name, uid }: BoundTo, signal: AbortSignal): Promise<boolean> {
    const { client, clock } = this.#options;
    const spoken = new AbortController();
    let cancel = () => {};
    const goes = ({ metadata }: KubernetesObject): boolean => {
      if (metadata.uid !== uid) return true;
      const leavesAtMs = parseTimestamp(metadata.deletionTimestamp);
      if (leavesAtMs === undefined) return false;
      const leftMs = leavesAtMs + lastWordsMs - clock.now();
      cancel();
      cancel = clock.after(Math.max(0, leftMs), () => spoken.abort());
      return leftMs <= 0;
    };
    using over = linkSignals(signal, spoken.signal);
    try {
      const where = namespace === undefined ? { name } : { namespace, name };
      const found = await client.get(resource, where, { signal });
      if (goes(found)) return true;
      const { resourceVersion = '' } = found.metadata;
      const watch = { fieldSelector: `metadata.name=${name}`, resourceVersion, signal: over.signal };
      for await (const batch of client.watch(
        resource,
        namespace === undefined ? watch : { ...watch, namespace },
      )) {
        for (const event of batch)
          if (event.type === 'DELETED' || (event.type !== 'BOOKMARK' && goes(event.object))) return true;
      }
      return spoken.signal.aborted;
    } catch (error) {
      if (isNotFound(error) || spoken.signal.aborted) return true;
      throw error;
    } finally {
      cancel();
    }
  }
}

function onAbort(signal: AbortSignal, callback: () => void): () => void {
  if (signal.aborted) queueMicrotask(callback);
  signal.addEventListener('abort', callback, { once: true });
  return () => signal.removeEventListener('abort', callback);
}
