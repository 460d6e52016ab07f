import { isObject, type JsonObject } from '../json.ts';
import { FieldSet } from './field-set.ts';
import { inUpstreamOrder, parsePathElement, type PathElement } from './path-element.ts';

/** A set that cannot be read from its JSON form. */
export class FieldsV1Error extends Error {
  override readonly name = 'FieldsV1Error';
}

const maxDepth = 512;

/** Reads metav1.FieldsV1, all of it. @throws FieldsV1Error */
export function readFieldsV1(fields: unknown): FieldSet {
  const set = storedFieldsV1(fields);
  readThrough(set);
  return set;
}

function readThrough({ children }: FieldSet): void {
  for (const child of children.values()) readThrough(child);
}

/**
 * As `readFieldsV1`, of what was checked when it was stored: each level is read when somebody looks at it. A write
 * changes few fields, and of the hundred of a Pod's owners looks at those alone.
 * @throws FieldsV1Error, then or when somebody looks
 */
export function storedFieldsV1(fields: unknown): FieldSet {
  if (!isObject(fields)) throw new FieldsV1Error('Cannot read fieldsV1: it is not an object');
  return storedNode(fields, 0);
}

function storedNode(fields: JsonObject, depth: number): FieldSet {
  const owned = Object.hasOwn(fields, '.');
  if (Object.keys(fields).length === (owned ? 1 : 0)) return owned ? FieldSet.leaf : FieldSet.empty;
  return FieldSet.unread(owned, fields, () => membersOf(fields, depth));
}

/** Writes metav1.FieldsV1, in upstream's order; what was read is given back as it is. */
export function writeFieldsV1(set: FieldSet): JsonObject {
  if (set.source !== undefined) return set.source;
  const fields: Record<string, unknown> = {};
  if (set.owned && set.children.size > 0) fields['.'] = {};
  for (const element of inUpstreamOrder(set.children.keys()))
    fields[element] = writeFieldsV1(set.children.get(element) as FieldSet);
  return fields;
}

function membersOf(fields: JsonObject, depth: number): ReadonlyMap<PathElement, FieldSet> {
  if (depth > maxDepth)
    throw new FieldsV1Error(`Cannot read fieldsV1: it is nested more than ${maxDepth} levels deep`);
  const members = new Map<PathElement, FieldSet>();
  for (const [key, child] of Object.entries(fields)) {
    if (key === '.') continue;
    const element = parsePathElement(key);
    if (element === undefined)
      throw new FieldsV1Error(`Cannot read fieldsV1: ${JSON.stringify(key)} is no path element`);
    if (!isObject(child))
      throw new FieldsV1Error(`Cannot read fieldsV1: ${JSON.stringify(key)} is not an object`);
    // An element without children stands for itself; with children it does so only where "." says so.
    members.set(element, Object.keys(child).length === 0 ? FieldSet.leaf : storedNode(child, depth + 1));
  }
  return members;
}
