import type { KeyPair } from './key-pair.ts';
import { Replaceable } from './replaceable.ts';

/** A pair that is renewed while it is used: whoever reads it for each connection always has the newest. */
export class LivePair extends Replaceable<KeyPair> {
  get cert(): Buffer {
    return this.value.cert;
  }

  get key(): Buffer {
    return this.value.key;
  }

  protected isSame({ cert, key }: KeyPair): boolean {
    return cert.equals(this.cert) && key.equals(this.key);
  }
}
