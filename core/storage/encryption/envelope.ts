import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { StorageError } from '../storage.ts';
import { keyBytes } from './key-ring.ts';
import type { KeyRing } from './key-ring.ts';

/**
 * A value as it is stored: "wh:enc:v1:KEYID:" and then, in bytes, the value's own key sealed under that key, and the
 * value sealed under its own. Sealed is: nonce (12), tag (16), ciphertext, by AES-256-GCM. The place in the store is
 * authenticated with both, so a value that is put elsewhere cannot be read there.
 */
const magic = Buffer.from('wh:enc:v1:');
const idLength = 16;
const headerLength = magic.length + idLength + 1;
const nonceBytes = 12;
const tagBytes = 16;
const sealedKeyBytes = nonceBytes + tagBytes + keyBytes;
/** By how much a value grows. */
export const envelopeBytes = headerLength + sealedKeyBytes + nonceBytes + tagBytes;
const algorithm = 'aes-256-gcm';

export function isSealed(value: Buffer): boolean {
  return value.length >= magic.length && value.compare(magic, 0, magic.length, 0, magic.length) === 0;
}

/** The id of the key a value is sealed under; undefined for plain ones. */
export function keyIdOf(value: Buffer): string | undefined {
  return isSealed(value) ? value.toString('latin1', magic.length, magic.length + idLength) : undefined;
}

/** The value for `place`, under the ring's current key and a new key of its own. */
export function sealValue({ current }: KeyRing, place: string, value: Buffer): Buffer {
  const header = Buffer.from(`${magic.toString('latin1')}${current.id}:`, 'latin1');
  const key = randomBytes(keyBytes);
  const bytes = Buffer.allocUnsafeSlow(envelopeBytes + value.length);
  header.copy(bytes);
  seal(current.key, contextOf(header, place), key, bytes, headerLength);
  seal(key, contextOf(header, place), value, bytes, headerLength + sealedKeyBytes);
  key.fill(0);
  return bytes;
}

/** What `sealValue` was given. Throws "corrupt", and says neither value nor key, where that cannot be found out. */
export function openValue(ring: KeyRing, place: string, value: Buffer): Buffer {
  const id = keyIdOf(value) ?? '';
  const wrapping = ring.find(id);
  if (wrapping === undefined)
    throw corrupt(
      place,
      `it is encrypted under key "${printable(id)}", which is not among the keys of this core`,
    );
  const context = contextOf(value.subarray(0, headerLength), place);
  try {
    const at = headerLength + sealedKeyBytes;
    const key = open(wrapping.key, context, value.subarray(headerLength, at));
    const plain = open(key, context, value.subarray(at));
    key.fill(0);
    return plain;
  } catch (cause) {
    throw corrupt(place, 'its bytes were changed, cut short, or belong to another object', cause);
  }
}

function contextOf(header: Buffer, place: string): Buffer {
  return Buffer.concat([header, Buffer.from(place)]);
}

function seal(key: Buffer, context: Buffer, plain: Buffer, into: Buffer, at: number): void {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagBytes });
  cipher.setAAD(context);
  nonce.copy(into, at);
  const sealed = cipher.update(plain);
  sealed.copy(into, at + nonceBytes + tagBytes);
  // A stream cipher: nothing is left for the end.
  cipher.final();
  cipher.getAuthTag().copy(into, at + nonceBytes);
}

function open(key: Buffer, context: Buffer, sealed: Buffer): Buffer {
  if (sealed.length < nonceBytes + tagBytes) throw new Error('it is too short');
  const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  });
  decipher.setAAD(context);
  decipher.setAuthTag(sealed.subarray(nonceBytes, nonceBytes + tagBytes));
  const opened = decipher.update(sealed.subarray(nonceBytes + tagBytes));
  decipher.final();
  return opened;
}

function corrupt(place: string, why: string, cause?: unknown): StorageError {
  return new StorageError(
    'corrupt',
    `Cannot decrypt "${place}": ${why}`,
    cause === undefined ? {} : { cause },
  );
}

function printable(id: string): string {
  return id.replace(/[^0-9a-f]/g, '?');
}
