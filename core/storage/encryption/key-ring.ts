import { createHash, randomBytes } from 'node:crypto';

export const keyBytes = 32;

/** A key that encrypts the keys of values. */
export interface KeyEncryptionKey {
  /** Stands in front of every value, so that the right key is found again. Not secret. */
  readonly id: string;
  readonly key: Buffer;
}

/** The keys there are. The first is used to write, all of them to read. */
export class KeyRing {
  readonly keys: readonly KeyEncryptionKey[];
  readonly #byId: ReadonlyMap<string, KeyEncryptionKey>;

  constructor(keys: readonly KeyEncryptionKey[]) {
    if (keys.length === 0) throw new Error('Cannot use a ring of encryption keys without a key');
    for (const { id, key } of keys)
      if (key.length !== keyBytes || !/^[0-9a-f]{16}$/.test(id))
        throw new Error(`Cannot use the encryption key "${id}": it is not ${keyBytes} bytes under 16 digits`);
    this.keys = keys;
    this.#byId = new Map(keys.map((key) => [key.id, key]));
  }

  get current(): KeyEncryptionKey {
    return this.keys[0] as KeyEncryptionKey;
  }

  find(id: string): KeyEncryptionKey | undefined {
    return this.#byId.get(id);
  }

  /** With a new key for writing; what the others wrote can still be read. */
  rotated(): KeyRing {
    return new KeyRing([newKey(), ...this.keys]);
  }
}

export function newKey(): KeyEncryptionKey {
  return keyFrom(randomBytes(keyBytes));
}

/** The id says nothing of the key, and the same key always has the same. */
export function keyFrom(key: Buffer): KeyEncryptionKey {
  const id = createHash('sha256').update('wheelhouse key id\0').update(key).digest('hex').slice(0, 16);
  return { id, key };
}
