import { isObject, type JsonObject } from '../json.ts';
import { FieldSet } from './field-set.ts';
import { inUpstreamOrder, parsePathElement, type PathElement } from './path-element.ts';

/** A set that cannot be read from its JSON form. */
export class FieldsV1Error extends Error {
  override readonly name = 'FieldsV1Error';
}

const maxDepth = 512;

/**
 * Parsed values are shared and read-only, so the set of a fieldsV1 object is made once, and the object of a set
 * that was read is given back as it is.
 */
const setOfFields = new WeakMap<object, FieldSet>();
const fieldsOfSet = new WeakMap<FieldSet, JsonObject>();

/** Reads metav1.FieldsV1. @throws FieldsV1Error */
export function readFieldsV1(fields: unknown): FieldSet {
  if (!isObject(fields)) throw new FieldsV1Error('Cannot read fieldsV1: it is not an object');
  const known = setOfFields.get(fields);
  if (known !== undefined) return known;
  const set = readNode(fields, 0);
  setOfFields.set(fields, set);
  if (!fieldsOfSet.has(set)) fieldsOfSet.set(set, fields);
  return set;
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
  return FieldSet.unread(
    owned,
    fields,
    () =>
      new Map(
        membersOf(fields, depth).map(([element, child]) => [
          element,
          memberNode(child, () => storedNode(child, depth + 1)),
        ]),
      ),
  );
}

/** Writes metav1.FieldsV1, in upstream's order. */
export function writeFieldsV1(set: FieldSet): JsonObject {
  const known = fieldsOfSet.get(set);
  if (known !== undefined) return known;
  const fields = writeNode(set);
  fieldsOfSet.set(set, fields);
  setOfFields.set(fields, set);
  return fields;
}

function readNode(fields: JsonObject, depth: number): FieldSet {
  const children = membersOf(fields, depth).map(([element, child]): [PathElement, FieldSet] => {
    // Read even where it says nothing, so that what is wrong below is found.
    const node = readNode(child, depth + 1);
    return [element, memberNode(child, () => node)];
  });
  return FieldSet.node(Object.hasOwn(fields, '.'), children);
}

/** An element without children stands for itself; with children it does so only where "." says so. */
function memberNode(child: JsonObject, read: () => FieldSet): FieldSet {
  return Object.keys(child).length === 0 ? FieldSet.leaf : read();
}

function membersOf(fields: JsonObject, depth: number): [PathElement, JsonObject][] {
  if (depth > maxDepth)
    throw new FieldsV1Error(`Cannot read fieldsV1: it is nested more than ${maxDepth} levels deep`);
  const members: [PathElement, JsonObject][] = [];
  for (const [key, child] of Object.entries(fields)) {
    if (key === '.') continue;
    const element = parsePathElement(key);
    if (element === undefined)
      throw new FieldsV1Error(`Cannot read fieldsV1: ${JSON.stringify(key)} is no path element`);
    if (!isObject(child))
      throw new FieldsV1Error(`Cannot read fieldsV1: ${JSON.stringify(key)} is not an object`);
    members.push([element, child]);
  }
  return members;
}

function writeNode(set: FieldSet): JsonObject {
  if (set.source !== undefined) return set.source;
  const fields: Record<string, unknown> = {};
  if (set.owned && set.children.size > 0) fields['.'] = {};
  for (const element of inUpstreamOrder(set.children.keys()))
    fields[element] = writeNode(set.children.get(element) as FieldSet);
  return fields;
}
