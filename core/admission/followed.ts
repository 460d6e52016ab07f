import { keyOf } from '../api/object.ts';
import type { KubernetesObject } from '../api/object.ts';
import type { Resource } from '../api/resource.ts';
import { Backoff } from '../machinery/backoff.ts';
import { sleep } from '../machinery/clock.ts';
import type { Clock } from '../machinery/clock.ts';
import { deferred } from '../machinery/deferred.ts';
import type { Random } from '../machinery/random.ts';
import type { Lookup } from './lookup.ts';

export interface FollowedOptions {
  readonly lookup: Lookup;
  readonly clock: Clock;
  readonly random: Random;
  readonly onError?: ((error: unknown) => void) | undefined;
}

/**
 * What all objects of a kind come to together, worked out anew whenever one of them changes and never when a
 * request asks. For kinds of which there are few.
 */
export class Followed<T extends KubernetesObject, V> {
  readonly #resource: Resource<T>;
  readonly #derive: (objects: readonly T[]) => V;
  readonly #options: FollowedOptions;
  readonly #synced = deferred();
  #value: V;

  /** @param derive is given the objects in the order of their names */
  constructor(resource: Resource<T>, derive: (objects: readonly T[]) => V, options: FollowedOptions) {
    this.#resource = resource;
    this.#derive = derive;
    this.#options = options;
    this.#value = derive([]);
  }

  /** Of the newest complete state that is known; as if there were none at first. */
  get value(): V {
    return this.#value;
  }

  /** Resolves with the first complete state. */
  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  /** Follows until `signal` aborts; what fails is tried again, with the last complete state standing meanwhile. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random, onError } = this.#options;
    const backoff = new Backoff({ initialMs: 50, maxMs: 2_000, jitter: 0.5, random });
    while (!signal.aborted) {
      try {
        await this.#follow(signal, () => backoff.reset());
      } catch (error) {
        if (signal.aborted) return;
        onError?.(error);
      }
      await sleep(clock, backoff.nextMs(), signal).catch(() => undefined);
    }
  }

  async #follow(signal: AbortSignal, onComplete: () => void): Promise<void> {
    const objects = new Map<string, T>();
    let complete = false;
    const watch = { sendInitialEvents: true, allowBookmarks: true, signal };
    for await (const batch of this.#options.lookup.watch(this.#resource, watch)) {
      for (const event of batch) {
        if (event.type === 'DELETED') objects.delete(keyOf(event.object));
        else if (event.type !== 'BOOKMARK') objects.set(keyOf(event.object), event.object);
        else complete ||= event.initialEventsEnd;
      }
      if (!complete) continue;
      const sorted = [...objects].toSorted(([a], [b]) => (a < b ? -1 : 1));
      this.#value = this.#derive(sorted.map(([, object]) => object));
      onComplete();
      this.#synced.resolve();
    }
  }
}
