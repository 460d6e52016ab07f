import { CelError } from '../errors.ts';

const astral = /[\u{10000}-\u{10ffff}]/u;

/** CEL counts characters, JavaScript half of some of them. */
export function characters(text: string): string | readonly string[] {
  return astral.test(text) ? codePoints(text) : text;
}

export function slice(text: string, start: number, end: number): string {
  const parts = characters(text);
  return typeof parts === 'string' ? parts.slice(start, end) : parts.slice(start, end).join('');
}

/** An int as an offset. @throws CelError outside of 0 to `limit` */
export function offset(value: bigint, limit: number): number {
  if (value < 0n || value > BigInt(limit)) throw new CelError(`index out of range: ${value}`);
  return Number(value);
}

/** As CEL counts: one for each code point, whatever it looks like. */
export function codePoints(text: string): string[] {
  return Array.from(text);
}
