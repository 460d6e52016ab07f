import { createHash } from 'node:crypto';

/** 64 bits of what tells flows apart. */
export function flowHash(schema: string, distinguisher: string): bigint {
  return createHash('sha256').update(`${schema}\0${distinguisher}`).digest().readBigUInt64LE();
}

/**
 * The queues that a flow may wait in: a hand of different cards from a deck, the same for the same flow. Two flows
 * seldom have the same hand, so a flow that fills all of its queues leaves others some of theirs (KEP-1040).
 */
export function hand(hash: bigint, deckSize: number, handSize: number): readonly number[] {
  const dealt: number[] = [];
  let rest = hash;
  for (let taken = 0; taken < Math.min(handSize, deckSize); taken++) {
    const left = BigInt(deckSize - taken);
    let card = Number(rest % left);
    rest /= left;
    // The card'th of those that are left: every one dealt before it moves it on.
    for (const before of dealt.toSorted((a, b) => a - b)) if (card >= before) card++;
    dealt.push(card);
  }
  return dealt;
}
