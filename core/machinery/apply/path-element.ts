import { canonicalStringify, isObject, type JsonObject } from '../json.ts';

/**
 * One step of a field path in its serialised form, which is also its identity (structured-merge-diff,
 * serialize-pe.go): `f:name` a member, `k:{"name":"x"}` an item by its keys, `v:"x"` an item by its value,
 * `i:0` an item by its position. JSON inside is canonical, so equal steps are equal strings.
 */
export type PathElement = string;

export function memberElement(name: string): PathElement {
  return `f:${name}`;
}

export function valueElement(value: unknown): PathElement {
  return `v:${canonicalStringify(value)}`;
}

export function keyElement(keys: JsonObject): PathElement {
  return `k:${canonicalStringify(keys)}`;
}

/** The canonical form of an element that somebody else wrote; undefined when it is none. */
export function parsePathElement(text: string): PathElement | undefined {
  switch (text.slice(0, 2)) {
    case 'f:':
      return text;
    case 'k:': {
      const keys = parseJson(text.slice(2));
      return isObject(keys) ? keyElement(keys) : undefined;
    }
    case 'v:': {
      const value = parseJson(text.slice(2));
      return value === undefined ? undefined : valueElement(value);
    }
    case 'i:':
      return /^i:-?\d{1,9}$/.test(text) ? text : undefined;
    default:
      return undefined;
  }
}

/** The name of a member's element; undefined for items of lists. */
export function memberName(element: PathElement): string | undefined {
  return element.startsWith('f:') ? element.slice(2) : undefined;
}

/** As upstream prints paths in conflicts: `.spec.template.spec.containers[name="x"].image`. */
export function formatElements(path: readonly PathElement[]): string {
  return path.map((element) => formatElement(element)).join('');
}

function formatElement(element: PathElement): string {
  const body = element.slice(2);
  switch (element[0]) {
    case 'f':
      return `.${body}`;
    case 'k': {
      const keys = Object.entries(JSON.parse(body) as JsonObject);
      return `[${keys.map(([name, value]) => `${name}=${canonicalStringify(value)}`).join(',')}]`;
    }
    case 'v':
      return `[=${body}]`;
    default:
      return `[${body}]`;
  }
}

const kinds = 'fkvi';

/** The order in which upstream writes elements: members, then items by key, by value, by position. */
export function compareElements(a: PathElement, b: PathElement): number {
  const byKind = kinds.indexOf(a[0] as string) - kinds.indexOf(b[0] as string);
  if (byKind !== 0) return byKind;
  switch (a[0]) {
    case 'f':
      return compareScalars(a, b);
    case 'i':
      return Number(a.slice(2)) - Number(b.slice(2));
    case 'v':
      return compareScalars(JSON.parse(a.slice(2)), JSON.parse(b.slice(2)));
    default:
      return compareKeys(JSON.parse(a.slice(2)) as JsonObject, JSON.parse(b.slice(2)) as JsonObject);
  }
}

function compareKeys(a: JsonObject, b: JsonObject): number {
  const left = Object.entries(a);
  const right = Object.entries(b);
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const [x, y] = [left[i] as [string, unknown], right[i] as [string, unknown]];
    const order = compareScalars(x[0], y[0]) || compareScalars(x[1], y[1]);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

function compareScalars(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [left, right] = [
    typeof a === 'string' ? a : canonicalStringify(a),
    typeof b === 'string' ? b : canonicalStringify(b),
  ];
  return left < right ? -1 : left > right ? 1 : 0;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
