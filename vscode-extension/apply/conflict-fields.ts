import type { KubernetesObject } from '../../core/api/object.ts';
import { deepEqual, isObject, type JsonObject } from '../../core/machinery/json.ts';

/** Where a field is: the map or list that holds it, and its place there. */
interface Place {
  readonly holder: Record<string, unknown> | unknown[];
  readonly step: string | number;
}

/** What an object has at a field that the server names, such as `.spec.containers[name="web"].image`. */
export function fieldValue(object: KubernetesObject, field: string): unknown {
  const place = find(object, field);
  return place === undefined ? undefined : valueAt(place);
}

/** The object without some fields, so that applying it leaves them to whoever owns them. */
export function withoutFields(object: KubernetesObject, fields: readonly string[]): KubernetesObject {
  const copy = structuredClone(object);
  for (const field of fields) {
    const place = find(copy, field);
    if (place === undefined) continue;
    if (Array.isArray(place.holder)) place.holder.splice(Number(place.step), 1);
    else delete place.holder[place.step];
  }
  return copy;
}

/**
 * The server's form has no escapes (core/machinery/apply/path-element.ts), so a label `a.b/c` looks like steps of
 * their own: what the object has decides where a step ends, the longest name first.
 */
function find(value: unknown, rest: string): Place | undefined {
  for (const [place, length] of stepsInto(value, rest)) {
    const further = rest.slice(length);
    if (further === '') return place;
    const found = find(valueAt(place), further);
    if (found !== undefined) return found;
  }
  return undefined;
}

function stepsInto(value: unknown, rest: string): (readonly [Place, length: number])[] {
  if (Array.isArray(value)) {
    const item = itemStep(rest);
    if (item === undefined) return [];
    const at = item.indexIn(value);
    return at < 0 ? [] : [[{ holder: value, step: at }, item.length]];
  }
  if (!isObject(value) || !rest.startsWith('.')) return [];
  const ends = (name: string) => ['', '.', '['].includes(rest.charAt(name.length + 1));
  return Object.keys(value)
    .filter((name) => rest.startsWith(name, 1) && ends(name))
    .sort((a, b) => b.length - a.length)
    .map((name) => [{ holder: value, step: name }, name.length + 1]);
}

interface ItemStep {
  readonly length: number;
  indexIn(items: readonly unknown[]): number;
}

const json = String.raw`(?:"(?:[^"\\]|\\.)*"|[^",\]]+)`;
const byKeys = new RegExp(String.raw`^\[((?:[\w-]+=${json},?)+)\]`);
const byValue = new RegExp(String.raw`^\[=(${json})\]`);
const byPosition = /^\[(\d+)\]/;

/** `[name="web"]`, `[="value"]` or `[0]`. */
function itemStep(rest: string): ItemStep | undefined {
  const keyed = byKeys.exec(rest);
  if (keyed !== null) {
    const keys = [...(keyed[1] ?? '').matchAll(new RegExp(`([\\w-]+)=(${json})`, 'g'))].map(
      ([, name = '', text = 'null']) => [name, JSON.parse(text)] as const,
    );
    // What is not written is a default, such as a port's protocol.
    const fits = (item: unknown) =>
      isObject(item) && keys.every(([name, key]) => item[name] === undefined || deepEqual(item[name], key));
    const anyKey = (item: unknown) => keys.some(([name]) => (item as JsonObject)[name] !== undefined);
    return {
      length: keyed[0].length,
      indexIn: (items) => items.findIndex((item) => fits(item) && anyKey(item)),
    };
  }
  const valued = byValue.exec(rest);
  if (valued !== null) {
    const wanted: unknown = JSON.parse(valued[1] ?? 'null');
    return {
      length: valued[0].length,
      indexIn: (items) => items.findIndex((item) => deepEqual(item, wanted)),
    };
  }
  const placed = byPosition.exec(rest);
  if (placed === null) return undefined;
  const at = Number(placed[1]);
  return { length: placed[0].length, indexIn: (items) => (at < items.length ? at : -1) };
}

function valueAt({ holder, step }: Place): unknown {
  return Array.isArray(holder) ? holder[Number(step)] : holder[step];
}
