import { canonicalStringify, isObject } from '../../machinery/json.ts';
import type { Errors } from '../validation/common.ts';
import { duplicate } from '../validation/field-errors.ts';
import type { FieldPath } from '../validation/field-path.ts';
import type { JSONSchemaProps } from './schema.ts';
import { itemsOf, memberSchemaOf, propertyOf } from './schema.ts';

/** Lists that are sets or maps hold nothing twice (apiextensions-apiserver/pkg/apiserver/schema/listtype). */
export function validateLists(schema: JSONSchemaProps, value: unknown, path: FieldPath): Errors {
  const errors: Errors = [];
  check(schema, value, path, errors);
  return errors;
}

/** As many as an answer can bear. */
const maxErrors = 200;

function check(schema: JSONSchemaProps, value: unknown, path: FieldPath, errors: Errors): void {
  if (errors.length >= maxErrors || typeof value !== 'object' || value === null) return;
  if (isObject(value)) {
    for (const name in value) {
      const member = memberSchemaOf(schema, name);
      if (member !== undefined) check(member, value[name], path.child(name), errors);
    }
    return;
  }
  const list = value as readonly unknown[];
  const items = itemsOf(schema);
  const type = schema['x-kubernetes-list-type'];
  if (type === 'set' || type === 'map') {
    const keys = schema['x-kubernetes-list-map-keys'] ?? [];
    const identify = type === 'set' ? (item: unknown) => item : (item: unknown) => keysOf(items, item, keys);
    checkUnique(list.map(identify), path, errors);
  }
  if (items !== undefined) list.forEach((item, index) => check(items, item, path.index(index), errors));
}

function checkUnique(identities: readonly unknown[], path: FieldPath, errors: Errors): void {
  const seen = new Set<string>();
  const reported = new Set<string>();
  identities.forEach((identity, index) => {
    if (identity === undefined) return;
    const text = canonicalStringify(identity);
    if (!seen.has(text)) seen.add(text);
    // What is there ten times is told of once.
    else if (!reported.has(text)) {
      reported.add(text);
      errors.push(duplicate(path.index(index), identity));
    }
  });
}

/** The members that identify an item of a map; undefined for what is no object, which is reported elsewhere. */
function keysOf(items: JSONSchemaProps | undefined, item: unknown, keys: readonly string[]): unknown {
  if (!isObject(item)) return undefined;
  return Object.fromEntries(
    keys.flatMap((key) => {
      const fallback = items === undefined ? undefined : propertyOf(items, key)?.default;
      const value = Object.hasOwn(item, key) ? item[key] : fallback;
      return value === undefined ? [] : [[key, value]];
    }),
  );
}
