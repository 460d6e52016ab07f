import type { KeyPair } from './key-pair.ts';

/** Something to sign or to be known by that may be replaced while it is used: who reads it each time has the newest. */
export abstract class Replaceable<T> implements KeyPair {
  #value: T;
  readonly #listeners = new Set<() => void>();

  constructor(value: T) {
    this.#value = value;
  }

  /** What is used now. */
  protected get value(): T {
    return this.#value;
  }

  abstract get cert(): Buffer;
  abstract get key(): Buffer;
  /** Whether nobody would notice the difference. */
  protected abstract isSame(value: T): boolean;

  /** For those that keep what they read. */
  onReplaced(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Returns whether it is another one. */
  replace(value: T): boolean {
    if (this.isSame(value)) return false;
    this.#value = value;
    for (const listener of this.#listeners) listener();
    return true;
  }
}
