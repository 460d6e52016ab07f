import { canonicalStringify } from './json.ts';
import { safeEncodeString } from './random.ts';

const utf8 = new TextEncoder();

/** FNV-1a, 32 bits, as an unsigned number. Pass an earlier result as `seed` to go on hashing. */
export function fnv1a32(data: string | Uint8Array, seed = 0x811c9dc5): number {
  const bytes = typeof data === 'string' ? utf8.encode(data) : data;
  let hash = seed;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193);
  return hash >>> 0;
}

/**
 * The hash of a Pod template that goes into names and into the label pod-template-hash. It depends on the
 * template's content alone, not on the order of its keys; upstream's values differ, being hashes of Go structs.
 * A count of collisions met so far makes a new one (upstream: controller.ComputeHash).
 */
export function templateHash(template: unknown, collisionCount?: number): string {
  let hash = fnv1a32(canonicalStringify(template));
  if (collisionCount !== undefined) {
    const count = new Uint8Array(8);
    new DataView(count.buffer).setUint32(0, collisionCount, true);
    hash = fnv1a32(count, hash);
  }
  return safeEncodeString(String(hash));
}
