import { endOfString } from './duplicate-keys.ts';

const [minInteger64, maxInteger64] = [-(2n ** 63n), 2n ** 63n - 1n];

/** Of 64 bits, in binary. */
const mostDigits = 64;

/**
 * Whether an integer of 64 bits, which Go keeps as it is, would be written back as another number than it was read as.
 * Wider ones are floats to Go as well, so nothing is lost that others keep.
 * @param text decimal, hexadecimal, octal or binary, as `BigInt` reads it, perhaps with a sign
 */
export function isAltered(text: string): boolean {
  const digits = text.replace(/^[-+]/, '');
  // Reading very many takes long, and they are more than 64 bits in any form.
  if (digits.replace(/^0[xob]?0*/i, '').length > mostDigits) return false;
  const magnitude = BigInt(digits);
  const value = text.startsWith('-') ? -magnitude : magnitude;
  if (value < minInteger64 || value > maxInteger64) return false;
  return String(Number(value)) !== String(value);
}

/**
 * The first integer of a JSON text that a double cannot hold, undefined when there is none. Costs one search of the text
 * where nothing of it is as long as such a number.
 * @param text valid JSON: parse it first.
 */
export function alteredInteger(text: string): string | undefined {
  if (!/\d{16}/.test(text)) return undefined;
  let at = 0;
  while (at < text.length) {
    const quote = text.indexOf('"', at);
    const end = quote < 0 ? text.length : quote;
    for (const [number] of text.slice(at, end).matchAll(/[-+.\deE]{16,}/g))
      if (/^-?\d+$/.test(number) && isAltered(number)) return number;
    at = quote < 0 ? end : endOfString(text, quote);
  }
  return undefined;
}
