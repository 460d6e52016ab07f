/**
 * What was worked out last, by what it was worked out from. All of it together is kept up to a size; beyond that the
 * oldest is forgotten, but never the newest. For what is asked for again within moments: unlike in a WeakMap nothing
 * stays because its key is needed elsewhere for long.
 */
export class RecentMap<K, V> {
  readonly #room: number;
  /** The oldest first. */
  readonly #kept = new Map<K, { readonly value: V; readonly size: number }>();
  #size = 0;

  /** `room` is in whatever unit the sizes are in. */
  constructor(room: number) {
    this.#room = room;
  }

  get(key: K): V | undefined {
    return this.#kept.get(key)?.value;
  }

  /** `size` is that of all that stays because of it, the key included. */
  set(key: K, value: V, size: number): void {
    this.delete(key);
    this.#kept.set(key, { value, size });
    this.#size += size;
    for (const oldest of this.#kept.keys()) {
      if (this.#size <= this.#room || this.#kept.size === 1) return;
      this.delete(oldest);
    }
  }

  delete(key: K): void {
    this.#size -= this.#kept.get(key)?.size ?? 0;
    this.#kept.delete(key);
  }
}
