import { isObject, ownMember, type JsonObject } from '../json.ts';
import type { Field, ListSchema, Schema } from '../schema.ts';
import { FieldSet, FieldSetBuilder } from './field-set.ts';
import {
  formatElements,
  keyElement,
  memberElement,
  memberName,
  valueElement,
  type PathElement,
} from './path-element.ts';

/** A value that cannot be applied: duplicate or missing keys in a list that is a map. */
export class ApplyError extends Error {
  override readonly name = 'ApplyError';
}

/** What no schema describes is an object member by member, and everything else as a whole (upstream: deduced). */
const deduced: Schema = { kind: 'object', fields: new Map(), atomic: false, preserveUnknown: true };

/**
 * How apply looks at a value: as members, as items that have an identity, or as one whole. A value that is not
 * of its schema's kind is a whole; validation refuses it elsewhere.
 */
export type View =
  | { readonly kind: 'members'; readonly members: JsonObject }
  | { readonly kind: 'items'; readonly items: readonly unknown[]; readonly schema: ListSchema }
  | { readonly kind: 'whole' };

const whole: View = { kind: 'whole' };

export function viewOf(schema: Schema, value: unknown): View {
  switch (schema.kind) {
    case 'object':
    case 'map':
      return isObject(value) && !schema.atomic ? { kind: 'members', members: value } : whole;
    case 'list':
      return Array.isArray(value) && schema.listType !== 'atomic'
        ? { kind: 'items', items: value, schema }
        : whole;
    default:
      return whole;
  }
}

export function isAbsent(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

/** The declared field of a member; undefined for the entries of maps and for what the schema does not know. */
export function fieldOf(schema: Schema, name: string): Field | undefined {
  return schema.kind === 'object' ? schema.fields.get(name) : undefined;
}

export function memberSchemaOf(schema: Schema, name: string): Schema {
  if (schema.kind === 'map') return schema.values;
  return fieldOf(schema, name)?.schema ?? deduced;
}

export function elementSchemaOf(schema: Schema, element: PathElement): Schema {
  const name = memberName(element);
  if (name !== undefined) return memberSchemaOf(schema, name);
  return schema.kind === 'list' ? schema.items : deduced;
}

/**
 * The elements that identify the items of a list; undefined when some have no identity, as may happen in objects
 * stored before the schema asked for one: such a list is a whole.
 */
export function identify(items: readonly unknown[], schema: ListSchema): PathElement[] | undefined {
  const elements: PathElement[] = [];
  for (const item of items) {
    const element = schema.listType === 'set' ? setElement(item) : mapElement(item, schema);
    if (element === undefined) return undefined;
    elements.push(element);
  }
  return elements;
}

function setElement(item: unknown): PathElement | undefined {
  return isAbsent(item) || typeof item === 'object' ? undefined : valueElement(item);
}

function mapElement(item: unknown, schema: ListSchema): PathElement | undefined {
  if (!isObject(item)) return undefined;
  const keys: Record<string, unknown> = {};
  for (const name of schema.mapKeys) {
    const value = ownMember(item, name) ?? fieldOf(schema.items, name)?.default;
    if (isAbsent(value)) return undefined;
    keys[name] = value;
  }
  return keyElement(keys);
}

/**
 * The fields an object sets, as an applier owns them (structured-merge-diff, ToFieldSet).
 * @throws ApplyError when `strict` and items of a list lack their key or share it
 */
export function toFieldSet(schema: Schema, value: unknown, { strict = false } = {}): FieldSet {
  const builder = new FieldSetBuilder();
  const path: PathElement[] = [];
  collect(schema, value);
  return builder.build();

  function collect(schema: Schema, value: unknown): void {
    const view = viewOf(schema, value);
    if (view.kind === 'members') collectMembers(schema, view.members);
    else if (view.kind === 'items') collectItems(view.items, view.schema);
    else builder.insert(path);
  }

  function collectMembers(schema: Schema, members: JsonObject): void {
    for (const name in members) {
      const member = members[name];
      if (member === undefined) continue;
      path.push(memberElement(name));
      if (member === null) builder.insert(path);
      else {
        collect(memberSchemaOf(schema, name), member);
        const empty = isObject(member) && Object.keys(member).length === 0;
        if (empty || fieldOf(schema, name) === undefined) builder.insert(path);
      }
      path.pop();
    }
  }

  function collectItems(items: readonly unknown[], schema: ListSchema): void {
    const elements = identify(items, schema);
    if (elements === undefined) {
      if (strict)
        throw new ApplyError(
          `Cannot apply ${formatElements(path)}: an item has none of its keys ${schema.mapKeys.join(', ') || 'as a value'}`,
        );
      builder.insert(path);
      return;
    }
    const repeated = repeatedElements(elements);
    const [first] = repeated;
    if (strict && first !== undefined)
      throw new ApplyError(
        `Cannot apply ${formatElements(path)}: duplicate entries for key ${formatElements([first])}`,
      );
    elements.forEach((element, index) => {
      path.push(element);
      if (!repeated.has(element)) collect(schema.items, items[index]);
      builder.insert(path);
      path.pop();
    });
  }
}

export function repeatedElements(elements: readonly PathElement[]): ReadonlySet<PathElement> {
  const seen = new Set<PathElement>();
  const repeated = new Set<PathElement>();
  for (const element of elements) (seen.has(element) ? repeated : seen).add(element);
  return repeated;
}

/**
 * The set with every declared member that has fields below it as a member too. Appliers do not list structs they
 * only write into; for comparing what is left of an object they count (upstream: EnsureNamedFieldsAreMembers).
 */
export function withNamedFields(set: FieldSet, schema: Schema, owned = set.owned): FieldSet {
  const children = [...set.children].map(([element, child]): [PathElement, FieldSet] => {
    const name = memberName(element);
    const named = name !== undefined && fieldOf(schema, name) !== undefined;
    return [element, withNamedFields(child, elementSchemaOf(schema, element), child.owned || named)];
  });
  return FieldSet.node(owned, children);
}
