import type { KeyPair } from './key-pair.ts';

/** An authority, and the one that it takes the place of as long as somebody may still know only that. */
export interface AuthorityKeys {
  /** Signs what is shown to those that believe both. */
  readonly current: KeyPair;
  readonly previous: KeyPair | undefined;
}

/** An authority that may be replaced while it is used; as a pair, the one that signs now. */
export class LiveAuthority implements KeyPair {
  #keys: AuthorityKeys;
  readonly #listeners = new Set<() => void>();

  constructor(keys: AuthorityKeys) {
    this.#keys = keys;
  }

  get keys(): AuthorityKeys {
    return this.#keys;
  }

  get cert(): Buffer {
    return this.#keys.current.cert;
  }

  get key(): Buffer {
    return this.#keys.current.key;
  }

  /** PEM: all that are believed. */
  get bundle(): Buffer {
    return bundleOf(this.#keys);
  }

  /** Signs what is shown to those that may know only the older one. */
  get oldest(): KeyPair {
    return this.#keys.previous ?? this.#keys.current;
  }

  /** For those that keep what they read. */
  onReplaced(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Returns whether others are believed now. */
  replace(keys: AuthorityKeys): boolean {
    if (bundleOf(keys).equals(this.bundle)) return false;
    this.#keys = keys;
    for (const listener of this.#listeners) listener();
    return true;
  }
}

function bundleOf({ current, previous }: AuthorityKeys): Buffer {
  return Buffer.concat([current.cert, ...(previous === undefined ? [] : [previous.cert])]);
}
