import type { KeyPair } from './key-pair.ts';

/** A pair that is renewed while it is used: whoever reads it for each connection always has the newest. */
export class LivePair implements KeyPair {
  #current: KeyPair;
  readonly #listeners = new Set<() => void>();

  constructor(pair: KeyPair) {
    this.#current = pair;
  }

  get cert(): Buffer {
    return this.#current.cert;
  }

  get key(): Buffer {
    return this.#current.key;
  }

  /** For those that keep what they read. */
  onReplaced(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Returns whether it is another one. */
  replace(pair: KeyPair): boolean {
    if (pair.cert.equals(this.cert) && pair.key.equals(this.key)) return false;
    this.#current = pair;
    for (const listener of this.#listeners) listener();
    return true;
  }
}
