import { deepEqual, isObject, ownMember, type JsonObject } from '../json.ts';
import type { ListSchema, Schema } from '../schema.ts';
import type { FieldSet } from './field-set.ts';
import { memberElement, type PathElement } from './path-element.ts';
import { elementSchemaOf, identify, memberSchemaOf, repeatedElements, viewOf } from './typed-value.ts';

/**
 * The live object with the applied configuration laid over it (structured-merge-diff, typed.Merge): what the
 * configuration says counts, what it does not mention stays. Pure; unchanged parts are shared.
 */
export function mergeValues(schema: Schema, live: unknown, applied: unknown): unknown {
  if (applied === undefined) return live;
  if (live === undefined || live === null) return withoutNulls(applied);
  const left = viewOf(schema, live);
  const right = viewOf(schema, applied);
  if (left.kind === 'members' && right.kind === 'members')
    return mergeMembers(schema, left.members, right.members);
  if (left.kind === 'items' && right.kind === 'items')
    return mergeItems(left.schema, left.items, right.items);
  return deepEqual(live, applied) ? live : applied;
}

function mergeMembers(schema: Schema, live: JsonObject, applied: JsonObject): JsonObject {
  let result: Record<string, unknown> | undefined;
  for (const name in applied) {
    if (applied[name] === undefined) continue;
    const before = ownMember(live, name);
    // A null in the configuration takes the field away and owns its absence.
    const after =
      applied[name] === null ? undefined : mergeValues(memberSchemaOf(schema, name), before, applied[name]);
    if (after === before) continue;
    result ??= { ...live };
    if (after === undefined) delete result[name];
    else result[name] = after;
  }
  return result ?? live;
}

/**
 * Merges items by identity. The applied order holds among applied items; live ones that are not applied keep
 * their place between them.
 */
function mergeItems(
  schema: ListSchema,
  live: readonly unknown[],
  applied: readonly unknown[],
): readonly unknown[] {
  const liveElements = identify(live, schema);
  const appliedElements = identify(applied, schema);
  if (liveElements === undefined || appliedElements === undefined) return applied;
  const repeated = repeatedElements(liveElements);
  const liveByElement = new Map(liveElements.map((element, index) => [element, live[index]]));
  const appliedSet = new Set(appliedElements);
  const shared = appliedElements.filter((element) => liveByElement.has(element));
  const merged = new Set<PathElement>();
  const result: unknown[] = [];
  let nextShared = 0;
  const takeApplied = (index: number) => {
    const element = appliedElements[index] as PathElement;
    const counterpart = repeated.has(element) ? undefined : liveByElement.get(element);
    result.push(mergeValues(schema.items, counterpart, applied[index]));
    merged.add(element);
    if (shared[nextShared] === element) nextShared++;
  };
  let [left, right] = [0, 0];
  while (left < live.length || right < applied.length) {
    const element = liveElements[left];
    if (element !== undefined && !appliedSet.has(element)) {
      result.push(live[left++]);
    } else if (element !== undefined && nextShared < shared.length && element !== shared[nextShared]) {
      // It is applied too, but stands elsewhere in the applied order.
      left++;
    } else {
      if (element !== undefined && (element === appliedElements[right] || merged.has(element))) left++;
      if (right < applied.length) takeApplied(right++);
    }
  }
  const unchanged = result.length === live.length && result.every((item, index) => item === live[index]);
  return unchanged ? live : result;
}

/** What a configuration sets where nothing is yet. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutNulls(item));
  if (!isObject(value)) return value;
  const kept = Object.entries(value).filter(([, member]) => member !== null && member !== undefined);
  return Object.fromEntries(kept.map(([name, member]) => [name, withoutNulls(member)]));
}

/**
 * The value without the fields of the set; undefined when nothing is left of it. Pure; shares what stays.
 */
export function removeFields(schema: Schema, value: unknown, fields: FieldSet): unknown {
  if (fields.isEmpty) return value;
  const view = viewOf(schema, value);
  if (view.kind === 'members') return removeMembers(schema, view.members, fields);
  if (view.kind === 'items') return removeItems(view.schema, view.items, fields);
  return value;
}

function removeMembers(schema: Schema, members: JsonObject, fields: FieldSet): JsonObject | undefined {
  let result: Record<string, unknown> | undefined;
  for (const name in members) {
    const element = memberElement(name);
    const below = fields.children.get(element);
    if (below === undefined) continue;
    const rest = below.owned
      ? undefined
      : removeFields(elementSchemaOf(schema, element), members[name], below);
    if (rest === members[name]) continue;
    result ??= { ...members };
    if (rest === undefined) delete result[name];
    else result[name] = rest;
  }
  if (result === undefined) return members;
  return Object.keys(result).length === 0 ? undefined : result;
}

function removeItems(
  schema: ListSchema,
  items: readonly unknown[],
  fields: FieldSet,
): readonly unknown[] | undefined {
  const elements = identify(items, schema);
  if (elements === undefined) return items;
  const result: unknown[] = [];
  elements.forEach((element, index) => {
    const below = fields.children.get(element);
    if (below?.owned) return;
    const rest = below === undefined ? items[index] : removeFields(schema.items, items[index], below);
    if (rest !== undefined) result.push(rest);
  });
  if (result.length === items.length && result.every((item, index) => item === items[index])) return items;
  return result.length === 0 ? undefined : result;
}
