import { traversal } from '../cost.ts';
import { CelError } from '../errors.ts';
import { overload } from '../functions.ts';
import type { Overload } from '../functions.ts';
import { Items } from '../values.ts';
import type { CelList, Value } from '../values.ts';
import { format } from './format-string.ts';
import { characters, codePoints, offset, slice } from './text.ts';

const walk = (text: string) => traversal(text.length);
const search = (text: string, part: string) => traversal(text.length) * Math.max(1, traversal(part.length));
const prefix = (_: string, part: string) => traversal(part.length);

/** The language's own functions of strings, and cel-go's ext/strings. */
export const stringFunctions: readonly Overload[] = [
  overload('string.contains(string): bool', (text: string, part: string) => text.includes(part), search),
  overload('string.startsWith(string): bool', (text: string, part: string) => text.startsWith(part), prefix),
  overload('string.endsWith(string): bool', (text: string, part: string) => text.endsWith(part), prefix),
  overload(
    'string.charAt(int): string',
    (text: string, index: bigint) => {
      const at = offset(index, characters(text).length);
      return slice(text, at, at + 1);
    },
    walk,
  ),
  overload('string.indexOf(string): int', (text: string, part: string) => indexOf(text, part, 0n), search),
  overload('string.indexOf(string, int): int', indexOf, search),
  overload(
    'string.lastIndexOf(string): int',
    (text: string, part: string) => lastIndexOf(text, part),
    search,
  ),
  overload('string.lastIndexOf(string, int): int', lastIndexOf, search),
  overload(
    'string.lowerAscii(): string',
    (text: string) => text.replaceAll(/[A-Z]+/g, (part) => part.toLowerCase()),
    walk,
  ),
  overload(
    'string.upperAscii(): string',
    (text: string) => text.replaceAll(/[a-z]+/g, (part) => part.toUpperCase()),
    walk,
  ),
  overload('string.trim(): string', (text: string) => text.trim(), walk),
  overload('string.reverse(): string', (text: string) => codePoints(text).toReversed().join(''), walk),
  overload('string.substring(int): string', (text: string, start: bigint) => substring(text, start), walk),
  overload('string.substring(int, int): string', substring, walk),
  overload(
    'string.split(string): list<string>',
    (text: string, by: string) => split(text, by, -1n),
    (text: string) => 1 + text.length,
  ),
  overload('string.split(string, int): list<string>', split, (text: string) => 1 + text.length),
  overload(
    'string.replace(string, string): string',
    (text: string, from: string, to: string) => replace(text, from, to, -1n),
    replaceCost,
  ),
  overload('string.replace(string, string, int): string', replace, replaceCost),
  overload('list<string>.join(): string', (list: CelList) => join(list, ''), joinCost),
  overload('list<string>.join(string): string', join, joinCost),
  overload('strings.quote(string): string', quote, (text: string) => 2 * traversal(text.length)),
  overload('string.format(list<A>): string', format.call, format.cost),
];

function indexOf(text: string, part: string, from: bigint): bigint {
  const parts = characters(text);
  const start = offset(from, parts.length);
  if (typeof parts === 'string') return BigInt(parts.indexOf(part, start));
  const found = text.indexOf(part, parts.slice(0, start).join('').length);
  return found < 0 ? -1n : BigInt(codePoints(text.slice(0, found)).length);
}

function lastIndexOf(text: string, part: string, from?: bigint): bigint {
  const parts = characters(text);
  const start = from === undefined ? parts.length : offset(from, parts.length);
  if (typeof parts === 'string') return BigInt(parts.lastIndexOf(part, start));
  const found = text.lastIndexOf(part, parts.slice(0, start).join('').length);
  return found < 0 ? -1n : BigInt(codePoints(text.slice(0, found)).length);
}

function substring(text: string, start: bigint, end?: bigint): string {
  const { length } = characters(text);
  const [from, to] = [offset(start, length), end === undefined ? length : offset(end, length)];
  if (from > to) throw new CelError(`invalid substring range. start: ${from}, end: ${to}`);
  return slice(text, from, to);
}

function split(text: string, by: string, limit: bigint): Items {
  if (limit === 0n) return new Items([]);
  const parts: string[] = by === '' ? codePoints(text) : text.split(by);
  if (limit < 0n || BigInt(parts.length) <= limit) return new Items(parts);
  const kept = parts.slice(0, Number(limit) - 1);
  return new Items([...kept, parts.slice(Number(limit) - 1).join(by)]);
}

function replace(text: string, from: string, to: string, limit: bigint): string {
  if (limit < 0n)
    return from === ''
      ? [to, ...codePoints(text).flatMap((char) => [char, to])].join('')
      : text.replaceAll(from, () => to);
  let left = limit;
  const again = from === '' ? '' : from;
  return again === ''
    ? replaceBetween(text, to, Number(limit))
    : text.replaceAll(again, (part) => (left-- > 0n ? to : part));
}

/** Nothing stands before every character, and at the end. */
function replaceBetween(text: string, to: string, limit: number): string {
  const chars = codePoints(text);
  const before = chars.map((char, index) => (index < limit ? `${to}${char}` : char)).join('');
  return chars.length < limit ? `${before}${to}` : before;
}

/** What comes out may be far longer than what goes in. */
function replaceCost(text: string, from: string, to: string): number {
  const places = from === '' ? text.length + 1 : Math.floor(text.length / from.length);
  const longest = text.length + places * Math.max(0, to.length - from.length);
  // Only where that much could come out is it worth to count.
  if (longest <= 4 * text.length + 1000) return traversal(longest);
  const found = from === '' ? places : text.split(from, places + 1).length - 1;
  return traversal(text.length * 2 + found * to.length);
}

function join(list: CelList, separator: string): string {
  const texts: string[] = [];
  for (const text of list.toArray()) {
    if (typeof text !== 'string') throw new CelError('join: elements must be strings');
    texts.push(text);
  }
  return texts.join(separator);
}

function joinCost(list: CelList, separator = ''): number {
  let size = 0;
  for (let index = 0; index < list.length; index++) {
    const text: Value = list.at(index);
    size += separator.length + (typeof text === 'string' ? text.length : 0);
  }
  return list.length + traversal(size);
}

const quoted: Readonly<Record<string, string>> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
};

function quote(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return `"${text.replaceAll(/[\u0007-\r\\"]/g, (char) => quoted[char] ?? char)}"`;
}
