import type { KubernetesObject } from '../api/object.ts';
import type { Resource } from '../api/resource.ts';
import type { Clock } from '../machinery/clock.ts';
import { deferred } from '../machinery/deferred.ts';
import type { Random } from '../machinery/random.ts';
import { follow } from './follow.ts';
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
  run(signal: AbortSignal): Promise<void> {
    const { lookup, ...options } = this.#options;
    return follow({ ...options, client: lookup }, this.#resource, signal, (objects) => {
      const sorted = [...objects].toSorted(([a], [b]) => (a < b ? -1 : 1));
      this.#value = this.#derive(sorted.map(([, object]) => object));
      this.#synced.resolve();
    });
  }
}
