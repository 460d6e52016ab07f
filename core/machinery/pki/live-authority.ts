import type { KeyPair } from './key-pair.ts';
import { Replaceable } from './replaceable.ts';

/** An authority, and the one that it takes the place of as long as somebody may still know only that. */
export interface AuthorityKeys {
  /** Signs what is shown to those that believe both. */
  readonly current: KeyPair;
  readonly previous: KeyPair | undefined;
}

/** An authority that may be replaced while it is used; as a pair, the one that signs now. */
export class LiveAuthority extends Replaceable<AuthorityKeys> {
  get keys(): AuthorityKeys {
    return this.value;
  }

  get cert(): Buffer {
    return this.value.current.cert;
  }

  get key(): Buffer {
    return this.value.current.key;
  }

  /** PEM: all that are believed. */
  get bundle(): Buffer {
    return bundleOf(this.value);
  }

  /** Signs what is shown to those that may know only the older one. */
  get oldest(): KeyPair {
    return this.value.previous ?? this.value.current;
  }

  /** Others are believed where the bundle is another one. */
  protected isSame(keys: AuthorityKeys): boolean {
    return bundleOf(keys).equals(this.bundle);
  }
}

function bundleOf({ current, previous }: AuthorityKeys): Buffer {
  return Buffer.concat([current.cert, ...(previous === undefined ? [] : [previous.cert])]);
}
