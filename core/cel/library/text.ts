import { CelError } from '../errors.ts';

const surrogate = /[\ud800-\udbff]/;

/** How many characters CEL counts in a text: JavaScript takes half of some for one. */
export function lengthOf(text: string): number {
  if (!surrogate.test(text)) return text.length;
  let length = 0;
  for (let at = 0; at < text.length; at = next(text, at)) length++;
  return length;
}

/** Where the character of this number begins. @throws CelError outside of 0 to the text's length */
export function placeOf(text: string, index: bigint): number {
  let left = Number(index);
  if (index < 0n || left > text.length) throw outOfRange(index);
  if (!surrogate.test(text)) return left;
  let at = 0;
  for (; left > 0 && at < text.length; left--) at = next(text, at);
  if (left > 0) throw outOfRange(index);
  return at;
}

/** Where the character after the one at `at` begins. */
export function next(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code < 0xd800 || code > 0xdbff) return at + 1;
  const low = text.charCodeAt(at + 1);
  return low >= 0xdc00 && low <= 0xdfff ? at + 2 : at + 1;
}

function outOfRange(index: bigint): CelError {
  return new CelError(`index out of range: ${index}`);
}

/** As CEL counts: one for each code point, whatever it looks like. */
export function codePoints(text: string): string[] {
  return surrogate.test(text) ? Array.from(text) : text.split('');
}

/** With the ASCII letters from `first` to `last` in the other case. */
export function changeCase(text: string, first: 'A' | 'a', last: 'Z' | 'z'): string {
  // oxlint-disable-next-line no-control-regex
  if (/^[\u0000-\u007f]*$/.test(text)) return first === 'A' ? text.toLowerCase() : text.toUpperCase();
  const units = Buffer.from(text, 'utf16le');
  const [low, high] = [first.charCodeAt(0), last.charCodeAt(0)];
  for (let at = 0; at < units.length; at += 2) {
    const code = units[at] as number;
    if (code >= low && code <= high && units[at + 1] === 0) units[at] = code ^ 0x20;
  }
  return units.toString('utf16le');
}
