import { stepCosts, traversal } from '../cost.ts';
import { CelError } from '../errors.ts';
import { overload } from '../functions.ts';
import type { Overload } from '../functions.ts';
import { Items } from '../values.ts';
import type { CelList, Value } from '../values.ts';
import { format } from './format-string.ts';
import { changeCase, codePoints, lengthOf, next, placeOf } from './text.ts';

const walk = (text: string) => 1 + traversal(text.length);
const walkTwice = (text: string) => 2 + 2 * traversal(text.length);
/** Of handling every character for itself. */
const takeApart = (text: string) => 10 + 2 * text.length;
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
      const at = placeOf(text, index);
      return text.slice(at, next(text, at));
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
  overload('string.lowerAscii(): string', (text: string) => changeCase(text, 'A', 'Z'), walkTwice),
  overload('string.upperAscii(): string', (text: string) => changeCase(text, 'a', 'z'), walkTwice),
  overload('string.trim(): string', (text: string) => text.trim(), walkTwice),
  overload('string.reverse(): string', (text: string) => codePoints(text).toReversed().join(''), takeApart),
  overload('string.substring(int): string', (text: string, start: bigint) => substring(text, start), walk),
  overload('string.substring(int, int): string', substring, walk),
  overload(
    'string.split(string): list<string>',
    (text: string, by: string) => split(text, by, -1n),
    takeApart,
  ),
  overload('string.split(string, int): list<string>', split, takeApart),
  overload(
    'string.replace(string, string): string',
    (text: string, from: string, to: string) => replace(text, from, to, -1n),
    replaceCost,
  ),
  overload('string.replace(string, string, int): string', replace, replaceCost),
  overload('list<string>.join(): string', (list: CelList) => join(list, ''), joinCost),
  overload('list<string>.join(string): string', join, joinCost),
  overload('strings.quote(string): string', quote, takeApart),
  overload('string.format(list<A>): string', format.call, format.cost),
];

function indexOf(text: string, part: string, from: bigint): bigint {
  const found = text.indexOf(part, placeOf(text, from));
  return found < 0 ? -1n : BigInt(lengthOf(text.slice(0, found)));
}

function lastIndexOf(text: string, part: string, from?: bigint): bigint {
  const found = text.lastIndexOf(part, from === undefined ? text.length : placeOf(text, from));
  return found < 0 ? -1n : BigInt(lengthOf(text.slice(0, found)));
}

function substring(text: string, start: bigint, end?: bigint): string {
  const [from, to] = [placeOf(text, start), end === undefined ? text.length : placeOf(text, end)];
  if (from > to) throw new CelError(`invalid substring range. start: ${start}, end: ${end}`);
  return text.slice(from, to);
}

function split(text: string, by: string, limit: bigint): Items {
  if (limit === 0n) return new Items([]);
  const parts: string[] = by === '' ? codePoints(text) : text.split(by);
  if (limit < 0n || BigInt(parts.length) <= limit) return new Items(parts);
  const kept = parts.slice(0, Number(limit) - 1);
  return new Items([...kept, parts.slice(Number(limit) - 1).join(by)]);
}

function replace(text: string, from: string, to: string, limit: bigint): string {
  if (limit < 0n) return from === '' ? replaceBetween(text, to, Infinity) : text.split(from).join(to);
  if (from === '') return replaceBetween(text, to, Number(limit));
  const parts = text.split(from);
  const most = Number(limit);
  const changed = parts.slice(0, most + 1).join(to);
  return parts.length <= most + 1 ? changed : [changed, ...parts.slice(most + 1)].join(from);
}

/** Nothing stands before every character, and at the end. */
function replaceBetween(text: string, to: string, limit: number): string {
  const chars = codePoints(text);
  if (chars.length < limit) return `${to}${chars.join(to)}${chars.length === 0 ? '' : to}`;
  const changed = chars.slice(0, limit);
  return `${limit > 0 ? to : ''}${changed.join(to)}${chars.slice(limit).join('')}`;
}

/** What comes out may be far longer than what goes in. */
function replaceCost(text: string, from: string, to: string): number {
  const places = from === '' ? text.length + 1 : Math.floor(text.length / from.length);
  const handling = 3 * places;
  const longest = text.length + places * Math.max(0, to.length - from.length);
  // Only where that much could come out is it worth to count.
  if (longest <= 4 * text.length + 1000) return handling + traversal(longest);
  const found = from === '' ? places : text.split(from, places + 1).length - 1;
  return handling + traversal(text.length * 2 + found * to.length);
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
  return stepCosts.element * list.length + traversal(size);
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
