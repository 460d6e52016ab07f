/**
 * The paths of members that appear more than once in their object, which JSON.parse hides by keeping the last.
 * @param text valid JSON: parse it first.
 */
export function duplicateKeys(text: string): (string | number)[][] {
  const duplicates: (string | number)[][] = [];
  /** The open objects and lists, outermost first. A list counts its items, an object collects its keys. */
  const open: Level[] = [];
  let at = 0;
  while (at < text.length) {
    const level = open.at(-1);
    switch (text[at]) {
      case '{':
        open.push({ keys: new Set(), step: '', expectsKey: true });
        break;
      case '[':
        open.push({ keys: undefined, step: 0, expectsKey: false });
        break;
      case '}':
      case ']':
        open.pop();
        break;
      case ',':
        if (level?.keys !== undefined) level.expectsKey = true;
        else if (level !== undefined) level.step = (level.step as number) + 1;
        break;
      case '"': {
        const end = endOfString(text, at);
        if (level?.keys !== undefined && level.expectsKey) {
          const key = JSON.parse(text.slice(at, end)) as string;
          level.expectsKey = false;
          level.step = key;
          if (level.keys.has(key)) duplicates.push(open.map(({ step }) => step));
          level.keys.add(key);
        }
        at = end;
        continue;
      }
    }
    at++;
  }
  return duplicates;
}

interface Level {
  readonly keys: Set<string> | undefined;
  step: string | number;
  expectsKey: boolean;
}

/** The index after the closing quote of the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  for (;;) {
    const char = text[at];
    if (char === '"' || char === undefined) return at + 1;
    at += char === '\\' ? 2 : 1;
  }
}
