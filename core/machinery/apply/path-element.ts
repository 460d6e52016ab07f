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

/**
 * In the order in which upstream writes elements: members, then items by key, by value, by position. Members among
 * themselves are in the order of their names, which costs no comparisons of ours.
 */
export function inUpstreamOrder(elements: Iterable<PathElement>): PathElement[] {
  const all = [...elements];
  if (all.every((element) => memberName(element) !== undefined)) return all.sort();
  return all
    .map((element) => ({ element, kind: kinds.indexOf(element[0] as string), sortedBy: sortedBy(element) }))
    .sort((a, b) => a.kind - b.kind || compareLists(a.sortedBy, b.sortedBy))
    .map(({ element }) => element);
}

const kinds = 'fkvi';

/** Read once: a sort asks for it again and again. */
function sortedBy(element: PathElement): readonly unknown[] {
  const body = element.slice(2);
  switch (element[0]) {
    case 'f':
      return [body];
    case 'i':
      return [Number(body)];
    case 'v':
      return [JSON.parse(body)];
    default:
      return Object.entries(JSON.parse(body) as JsonObject).flat();
  }
}

function compareLists(a: readonly unknown[], b: readonly unknown[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = compareScalars(a[i], b[i]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
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
