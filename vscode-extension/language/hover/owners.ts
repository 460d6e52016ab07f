import { isObject, type JsonObject } from '../../../core/machinery/json.ts';
import type { FieldSet } from '../../../core/machinery/apply/field-set.ts';
import { readManagedFields, type ManagedFieldsEntry } from '../../../core/machinery/apply/managed-fields.ts';
import { keyElement, memberElement, valueElement } from '../../../core/machinery/apply/path-element.ts';
import type { ListSchema, ObjectSchema, Schema } from '../../../core/machinery/schema.ts';
import type { Path } from '../syntax/paths.ts';

/** Who set a field of a live object. */
export interface FieldOwner {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  /** "" for the object itself. */
  readonly subresource: string;
  /** RFC 3339; undefined where the entry does not say. */
  readonly time: string | undefined;
}

/** A field as the cluster has it. */
export interface LiveField {
  /** Undefined where the cluster has none. */
  readonly value: unknown;
  readonly owners: readonly FieldOwner[];
}

/** What the cluster has where the manifest has a field: items of lists are the same by their keys, not their places. */
export function liveField(
  live: JsonObject,
  manifest: JsonObject,
  schema: ObjectSchema,
  path: Path,
): LiveField {
  const walk = new Walk(live, manifest, schema);
  for (const step of path) walk.enter(step);
  return { value: walk.live, owners: ownersAt(live, walk.elements) };
}

class Walk {
  live: unknown;
  /** The way to the field in the form that managedFields has it; ends where a value is owned as one. */
  readonly elements: string[] = [];
  #manifest: unknown;
  #schema: Schema | undefined;
  #atomic = false;

  constructor(live: JsonObject, manifest: JsonObject, schema: ObjectSchema) {
    this.live = live;
    this.#manifest = manifest;
    this.#schema = schema;
  }

  enter(step: string | number): void {
    const schema = this.#schema;
    if (typeof step === 'number') this.#enterItem(step, schema?.kind === 'list' ? schema : undefined);
    else this.#enterMember(step, schema);
  }

  #enterMember(name: string, schema: Schema | undefined): void {
    this.live = isObject(this.live) ? this.live[name] : undefined;
    this.#manifest = isObject(this.#manifest) ? this.#manifest[name] : undefined;
    const atomic = (schema?.kind === 'object' || schema?.kind === 'map') && schema.atomic;
    this.#extend(memberElement(name), atomic);
    this.#schema = memberSchema(schema, name);
  }

  #enterItem(index: number, list: ListSchema | undefined): void {
    const item = Array.isArray(this.#manifest) ? (this.#manifest[index] as unknown) : undefined;
    const items = Array.isArray(this.live) ? (this.live as unknown[]) : [];
    if (list?.listType === 'map') {
      const keys = keysOf(item, list);
      this.live = items.find((other) => keyElement(keysOf(other, list)) === keyElement(keys));
      this.#extend(keyElement(keys), false);
    } else if (list?.listType === 'set') {
      this.live = items.includes(item) ? item : undefined;
      this.#extend(valueElement(item), false);
    } else {
      this.live = items[index];
      this.#atomic = true;
    }
    this.#manifest = item;
    this.#schema = list?.items;
  }

  #extend(element: string, atomic: boolean): void {
    this.#atomic ||= atomic;
    if (!this.#atomic) this.elements.push(element);
  }
}

function memberSchema(schema: Schema | undefined, name: string): Schema | undefined {
  if (schema?.kind === 'object') return schema.fields.get(name)?.schema;
  return schema?.kind === 'map' ? schema.values : undefined;
}

/** The members that identify an item, defaults filled in. */
function keysOf(item: unknown, { items, mapKeys }: ListSchema): JsonObject {
  const keys: Record<string, unknown> = {};
  for (const key of mapKeys) {
    const given = isObject(item) ? item[key] : undefined;
    const value = given ?? (items.kind === 'object' ? items.fields.get(key)?.default : undefined);
    if (value !== undefined && value !== null) keys[key] = value;
  }
  return keys;
}

function ownersAt(live: JsonObject, elements: readonly string[]): FieldOwner[] {
  const metadata = isObject(live['metadata']) ? live['metadata'] : {};
  try {
    const entries = metadata['managedFields'] as readonly ManagedFieldsEntry[] | undefined;
    return [...readManagedFields(entries).values()]
      .filter(({ set }) => owns(set, elements))
      .map(({ manager, operation, subresource, time }) => ({ manager, operation, subresource, time }));
  } catch {
    // Entries that cannot be read say nothing; the server would refuse them.
    return [];
  }
}

function owns(set: FieldSet, elements: readonly string[]): boolean {
  return !set.at(elements).isEmpty;
}
