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
  if (depth > maxDepth)
    throw new FieldsV1Error(`Cannot read fieldsV1: it is nested more than ${maxDepth} levels deep`);
  const keys = Object.keys(fields);
  const children: [PathElement, FieldSet][] = [];
  for (const key of keys) {
    if (key === '.') continue;
    const element = parsePathElement(key);
    const child = fields[key];
    if (element === undefined)
      throw new FieldsV1Error(`Cannot read fieldsV1: ${JSON.stringify(key)} is no path element`);
    if (!isObject(child))
      throw new FieldsV1Error(`Cannot read fieldsV1: ${JSON.stringify(key)} is not an object`);
    // An element without children stands for itself; with children it does so only where "." says so.
    const node = readNode(child, depth + 1);
    children.push([element, Object.keys(child).length === 0 ? FieldSet.leaf : node]);
  }
  return FieldSet.node(Object.hasOwn(fields, '.'), children);
}

function writeNode(set: FieldSet): JsonObject {
  const fields: Record<string, unknown> = {};
  if (set.owned && set.children.size > 0) fields['.'] = {};
  for (const element of inUpstreamOrder(set.children.keys()))
    fields[element] = writeNode(set.children.get(element) as FieldSet);
  return fields;
}
