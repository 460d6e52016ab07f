import { deepEqual, ownMember, type JsonObject } from '../json.ts';
import type { Field, ListSchema, Schema } from '../schema.ts';
import { FieldSet, FieldSetBuilder } from './field-set.ts';
import { memberElement, type PathElement } from './path-element.ts';
import { fieldOf, identify, isAbsent, memberSchemaOf, viewOf } from './typed-value.ts';

/** What changed between two objects, field by field. */
export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

const noChange: Comparison = { added: FieldSet.empty, modified: FieldSet.empty, removed: FieldSet.empty };

/** Compares two objects of one schema (structured-merge-diff, typed.Compare). Null counts as absent. */
export function compareValues(schema: Schema, before: unknown, after: unknown): Comparison {
  if (before === after) return noChange;
  const walk = new CompareWalk();
  walk.compare(schema, before, after, false);
  return { added: walk.added.build(), modified: walk.modified.build(), removed: walk.removed.build() };
}

/** On which sides an object exists, written or not. */
interface Exists {
  readonly before: boolean;
  readonly after: boolean;
}

class CompareWalk {
  readonly added = new FieldSetBuilder();
  readonly modified = new FieldSetBuilder();
  readonly removed = new FieldSetBuilder();
  readonly #path: PathElement[] = [];

  /** @param implicit the value is there even when it is not written, so it is itself neither added nor removed */
  compare(schema: Schema, before: unknown, after: unknown, implicit: boolean): void {
    if (before === after || (isAbsent(before) && isAbsent(after))) return;
    const left = viewOf(schema, before);
    const right = viewOf(schema, after);
    const sample = isAbsent(after) ? left : right;
    const sameKind = isAbsent(before) || isAbsent(after) || left.kind === right.kind;
    if (sample.kind === 'whole' || !sameKind) return this.#compareWhole(before, after);
    if (sample.kind === 'members') {
      const [from, to] = [before ?? {}, after ?? {}] as [JsonObject, JsonObject];
      if (isEmpty(from) && isEmpty(to)) return this.#compareWhole(before, after);
      const exists = { before: implicit || !isAbsent(before), after: implicit || !isAbsent(after) };
      this.#compareMembers(schema, from, to, exists);
    } else {
      const [from, to] = [before ?? [], after ?? []] as [readonly unknown[], readonly unknown[]];
      if (from.length === 0 && to.length === 0) return this.#compareWhole(before, after);
      if (!this.#compareItems(sample.schema, from, to)) return this.#compareWhole(before, after);
    }
    if (implicit) return;
    if (isAbsent(before)) this.added.insert(this.#path);
    else if (isAbsent(after)) this.removed.insert(this.#path);
  }

  #compareWhole(before: unknown, after: unknown): void {
    if (isAbsent(before)) this.added.insert(this.#path);
    else if (isAbsent(after)) this.removed.insert(this.#path);
    else if (!deepEqual(before, after)) this.modified.insert(this.#path);
  }

  #compareMembers(schema: Schema, before: JsonObject, after: JsonObject, exists: Exists): void {
    for (const name in after) this.#compareMember(schema, name, ownMember(before, name), after[name], exists);
    for (const name in before)
      if (!Object.hasOwn(after, name)) this.#compareMember(schema, name, before[name], undefined, exists);
  }

  #compareMember(schema: Schema, name: string, before: unknown, after: unknown, exists: Exists): void {
    if (before === after) return;
    // Objects parsed anew share nothing; most of what they hold is equal, and equality is quick to see. Near the
    // root only, or each level of a deep object would be walked again.
    if (this.#path.length < 4 && typeof before === typeof after && deepEqual(before, after)) return;
    this.#path.push(memberElement(name));
    const parentExists = isAbsent(before) ? exists.before : exists.after;
    const implicit = parentExists && isImplicit(schema, fieldOf(schema, name));
    this.compare(memberSchemaOf(schema, name), before, after, implicit);
    this.#path.pop();
  }

  /** False when the items have no identity. */
  #compareItems(schema: ListSchema, before: readonly unknown[], after: readonly unknown[]): boolean {
    const from = group(before, schema);
    const to = group(after, schema);
    if (from === undefined || to === undefined) return false;
    for (const element of new Set([...to.keys(), ...from.keys()])) {
      const [left = [], right = []] = [from.get(element), to.get(element)];
      this.#path.push(element);
      // Items that share their key are compared as a whole.
      if (left.length > 1 || right.length > 1) this.#compareWhole(orAbsent(left), orAbsent(right));
      else this.compare(schema.items, left[0], right[0], false);
      this.#path.pop();
    }
    return true;
  }
}

/**
 * In objects of declared types, a struct that is not a pointer exists whenever its parent does, and so does a
 * list that is written even when empty: only what is in them can be added. Objects of anonymous types have just what is written.
 */
function isImplicit(parent: Schema, field: Field | undefined): boolean {
  if (field === undefined || parent.kind !== 'object' || parent.name === undefined) return false;
  return field.schema.kind === 'object' ? !field.pointer : field.keepEmpty;
}

function group(items: readonly unknown[], schema: ListSchema): Map<PathElement, unknown[]> | undefined {
  const elements = identify(items, schema);
  if (elements === undefined) return undefined;
  const groups = new Map<PathElement, unknown[]>();
  for (const [index, element] of elements.entries()) {
    const same = groups.get(element);
    if (same === undefined) groups.set(element, [items[index]]);
    else same.push(items[index]);
  }
  return groups;
}

function orAbsent(items: readonly unknown[]): readonly unknown[] | undefined {
  return items.length === 0 ? undefined : items;
}

function isEmpty(object: JsonObject): boolean {
  for (const key in object) if (!isAbsent(object[key])) return false;
  return true;
}
