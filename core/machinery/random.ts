import { randomFillSync } from 'node:crypto';

/** Randomness as a dependency, so that a control plane can be replayed from a seed. */
export interface Random {
  /** An integer spread evenly over [0, 2^32). */
  uint32(): number;
}

/** Letters and digits that spell no words and are not mistaken for each other (apimachinery/pkg/util/rand). */
const safeAlphabet = 'bcdfghjklmnpqrstvwxz2456789';

/** Draws from the operating system's generator, a pool at a time. Good for names and uids; mint secrets with node:crypto. */
export const systemRandom: Random = pooledRandom();

/** The same sequence for the same seed (mulberry32). For tests and simulations only. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return {
    uint32() {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return (mixed ^ (mixed >>> 14)) >>> 0;
    },
  };
}

/** A number in [0, 1). */
export function randomFraction(random: Random): number {
  return random.uint32() / 2 ** 32;
}

/** An integer in [0, bound); bound is at most 2^32. Without bias: draws from the uneven tail are repeated. */
export function randomBelow(random: Random, bound: number): number {
  const even = 2 ** 32 - (2 ** 32 % bound);
  let drawn = random.uint32();
  while (drawn >= even) drawn = random.uint32();
  return drawn % bound;
}

/** A version 4 UUID in lower case (RFC 9562). */
export function uuid(random: Random): string {
  const a = hex32(random.uint32());
  const b = hex32((random.uint32() & 0xffff0fff) | 0x4000);
  const c = hex32((random.uint32() & 0x3fffffff) | 0x80000000);
  const d = hex32(random.uint32());
  return `${a}-${b.slice(0, 4)}-${b.slice(4)}-${c.slice(0, 4)}-${c.slice(4)}${d}`;
}

/** The suffix that turns a generateName into a name: five characters upstream. */
export function nameSuffix(random: Random, length = 5): string {
  let suffix = '';
  while (suffix.length < length) suffix += safeAlphabet[randomBelow(random, safeAlphabet.length)];
  return suffix;
}

/** Maps each character into the safe alphabet, as upstream does to make a hash fit for a name (rand.SafeEncodeString). */
export function safeEncodeString(text: string): string {
  let encoded = '';
  for (let i = 0; i < text.length; i++) encoded += safeAlphabet[text.charCodeAt(i) % safeAlphabet.length];
  return encoded;
}

function hex32(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}

function pooledRandom(): Random {
  const pool = new Uint32Array(256);
  let next = pool.length;
  return {
    uint32() {
      if (next === pool.length) {
        randomFillSync(pool);
        next = 0;
      }
      return pool[next++] as number;
    },
  };
}
