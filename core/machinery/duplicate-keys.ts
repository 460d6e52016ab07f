/**
 * The paths of members that appear more than once in their object, which JSON.parse hides by keeping the last: of the
 * first hundred, and none that is deeper than what is kept can be.
 * @param text valid JSON: parse it first.
 */
export function duplicateKeys(text: string): (string | number)[][] {
  const duplicates: (string | number)[][] = [];
  /** The open objects and lists, outermost first. */
  const open: Level[] = [];
  let level: Level | undefined;
  let at = 0;
  while (at < text.length) {
    switch (text.charCodeAt(at)) {
      case openBrace:
        open.push((level = { keys: [], step: '', expectsKey: true }));
        break;
      case openBracket:
        open.push((level = { keys: undefined, step: 0, expectsKey: false }));
        break;
      case closeBrace:
      case closeBracket:
        open.pop();
        level = open.at(-1);
        break;
      case comma:
        if (level?.keys !== undefined) level.expectsKey = true;
        else if (level !== undefined) level.step = (level.step as number) + 1;
        break;
      case quote: {
        const end = endOfString(text, at);
        if (level?.expectsKey === true) {
          const key = keyAt(text, at, end);
          level.expectsKey = false;
          level.step = key;
          if (!addKey(level, key) && open.length <= deepest) duplicates.push(open.map(({ step }) => step));
          if (duplicates.length === mostDuplicates) return duplicates;
        }
        at = end;
        continue;
      }
    }
    at++;
  }
  return duplicates;
}

const mostDuplicates = 100;
/** In an object that another one of its name takes the place of there may be more levels than are accepted. */
const deepest = 512;

const [openBrace, closeBrace, openBracket, closeBracket, comma, quote, backslash] = [
  0x7b, 0x7d, 0x5b, 0x5d, 0x2c, 0x22, 0x5c,
];

/** A list counts its items; an object collects its keys, in a set once they are many. */
interface Level {
  keys: string[] | Set<string> | undefined;
  step: string | number;
  expectsKey: boolean;
}

/** Up to here, looking at each is faster than hashing. */
const fewKeys = 16;

/** False when the object has the key already. */
function addKey(level: Level, key: string): boolean {
  const { keys } = level;
  if (keys instanceof Set) return keys.size < keys.add(key).size;
  if (keys === undefined || keys.includes(key)) return false;
  if (keys.push(key) > fewKeys) level.keys = new Set(keys);
  return true;
}

function keyAt(text: string, start: number, end: number): string {
  const key = text.slice(start + 1, end - 1);
  return key.includes('\\') ? (JSON.parse(text.slice(start, end)) as string) : key;
}

/** The index after the closing quote of the string that opens at `start`. */
export function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end >= 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end < 0 ? text.length : end + 1;
}

/** Whether an odd number of backslashes stands before. */
function isEscaped(text: string, at: number): boolean {
  let first = at;
  while (text.charCodeAt(first - 1) === backslash) first--;
  return (at - first) % 2 === 1;
}
