import { deepEqual, isObject, ownMember, type JsonObject } from '../json.ts';
import type { Schema } from '../schema.ts';
import { compareValues, type Comparison } from './compare-values.ts';
import { conflictsOf, type Conflict } from './conflict.ts';
import { FieldSet } from './field-set.ts';
import {
  capUpdaters,
  identityOf,
  storedManagedFields,
  writeManagedFields,
  type ManagedFieldsEntry,
  type ManagerOperation,
  type Owners,
  type Ownership,
} from './managed-fields.ts';
import { mergeValues, removeFields } from './merge-values.ts';
import { memberElement } from './path-element.ts';
import { toFieldSet, withNamedFields } from './typed-value.ts';

interface Write {
  readonly schema: Schema;
  /** What metadata.managedFields says so far. */
  readonly managedFields: readonly ManagedFieldsEntry[] | undefined;
  /** The field manager; "unknown" when empty. */
  readonly manager: string;
  /** Of the request, such as "apps/v1". */
  readonly apiVersion: string;
  /** RFC 3339, for entries that change. */
  readonly time: string;
  readonly subresource?: string;
  /** Fields that a write through this endpoint cannot set, as member names: [["status"]] for the main resource. */
  readonly ignore?: readonly (readonly string[])[];
}

export interface ApplyRequest extends Write {
  /** The stored object; undefined when the apply creates it. */
  readonly live: JsonObject | undefined;
  /** The applied configuration. */
  readonly applied: JsonObject;
  /** Takes fields from their owners in place of reporting conflicts. */
  readonly force?: boolean;
}

export type ApplyResult =
  | {
      readonly kind: 'applied';
      /** Without metadata.managedFields. The live object itself (less those) when nothing changed. */
      readonly object: JsonObject;
      readonly managedFields: readonly ManagedFieldsEntry[];
    }
  | { readonly kind: 'conflict'; readonly conflicts: readonly Conflict[] };

export interface UpdateRequest extends Write {
  /** The object before the write; undefined when the write creates it. */
  readonly before: JsonObject | undefined;
  readonly after: JsonObject;
}

/** Fields that belong to the system and to no manager (upstream: stripmeta.go). */
const systemFields = FieldSet.of(
  [
    ['apiVersion'],
    ['kind'],
    ['metadata'],
    ...[
      'name',
      'namespace',
      'creationTimestamp',
      'selfLink',
      'uid',
      'generation',
      'managedFields',
      'resourceVersion',
    ].map((name) => ['metadata', name]),
  ].map((path) => path.map(memberElement)),
);

const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * Server-side apply (structured-merge-diff, merge/update.go). The configuration is laid over the live object,
 * fields the manager applied before and no longer lists go away unless somebody else owns them, and fields
 * that others own with another value are conflicts. Pure.
 * @throws ApplyError when the configuration's lists lack keys or repeat them; FieldsV1Error on unreadable owners
 */
export function apply(request: ApplyRequest): ApplyResult {
  const first = tryApply(request);
  if (first.kind === 'applied' || request.manager !== 'kubectl') return first;
  // Objects that were applied client-side move over without conflicts (upstream: lastappliedmanager.go).
  const own = lastAppliedFields(request);
  const foreign = first.conflicting.difference(own);
  return own.isEmpty || !foreign.isEmpty ? first : tryApply({ ...request, force: true });
}

type Attempt = ApplyResult & { readonly conflicting: FieldSet };

function tryApply(request: ApplyRequest): Attempt {
  const { schema, force = false, time } = request;
  const live = withoutManagedFields(request.live ?? {});
  const applied = withoutManagedFields(request.applied);
  const ignored = ignoredFields(request);
  const owners = request.live === undefined ? new Map<string, Ownership>() : liveOwners(request, live);
  const self = selfOf(request, 'Apply');
  const identity = identityOf(self);
  const mentioned = toFieldSet(schema, applied, { strict: true }).withoutSubtrees(ignored);
  const set = mentioned.difference(systemFields);
  const last = owners.get(identity);
  const claimed = new Map(owners).set(identity, { ...self, set, time });
  const merged = mergeValues(schema, live, applied) as JsonObject;
  const object = prune(schema, merged, claimed, mentioned, last?.set ?? FieldSet.empty);
  const change = compareValues(schema, live, object);
  const changed = exclude(change, ignored);
  const conflicting = conflictingOwners(claimed, identity, changed);
  if (conflicting.length > 0 && !force) {
    return {
      kind: 'conflict',
      conflicts: conflicting.flatMap(([owner, fields]) => conflictsOf(owner, fields)),
      conflicting: conflicting.reduce((all, [, fields]) => all.union(fields), FieldSet.empty),
    };
  }
  const yielded = new Map(yieldFields(claimed, identity, changed));
  const same = last !== undefined && last.set.equals(set) && deepEqual(live, object);
  if (set.isEmpty) yielded.delete(identity);
  else if (same) yielded.set(identity, { ...(yielded.get(identity) as Ownership), time: last.time });
  return { kind: 'applied', object, managedFields: writeManagedFields(yielded), conflicting: FieldSet.empty };
}

/**
 * The owners after an ordinary write (create, update, patch): the writer owns what it changed, others lose what
 * was changed or removed. The very entries given when nothing changed. Pure.
 * @throws FieldsV1Error on unreadable owners
 */
export function trackUpdate(request: UpdateRequest): readonly ManagedFieldsEntry[] {
  const before = withoutManagedFields(request.before ?? {});
  const after = withoutManagedFields(request.after);
  const changed = exclude(compareValues(request.schema, before, after), ignoredFields(request));
  const nothing = changed.added.isEmpty && changed.modified.isEmpty && changed.removed.isEmpty;
  if (nothing && request.managedFields !== undefined) return request.managedFields;
  return writeManagedFields(ownersAfterUpdate(request, storedManagedFields(request.managedFields), changed));
}

function ownersAfterUpdate(write: Write, owners: Owners, changed: Comparison): Owners {
  const self = selfOf(write, 'Update');
  const identity = identityOf(self);
  const taken = changed.added.union(changed.modified).difference(systemFields);
  const yielded = new Map(yieldFields(owners, undefined, changed));
  if (!taken.isEmpty) {
    const previous = owners.get(identity);
    const set = (yielded.get(identity)?.set ?? FieldSet.empty).union(taken);
    const time = previous?.set.equals(set) ? previous.time : write.time;
    yielded.set(identity, { ...self, set, time });
  }
  return capUpdaters(yielded);
}

/** Everybody but `self` gives up what was changed or removed; who has nothing left is gone. */
function* yieldFields(
  owners: Owners,
  self: string | undefined,
  changed: Comparison,
): Generator<[string, Ownership]> {
  if (owners.size === 0) return;
  const taken = changed.added.union(changed.modified).union(changed.removed);
  for (const [identity, owner] of owners) {
    const set = identity === self ? owner.set : owner.set.difference(taken);
    // A set that stays is given on as it is, with the JSON it was read from.
    if (!set.isEmpty) yield [identity, set.equals(owner.set) ? owner : { ...owner, set }];
  }
}

function conflictingOwners(owners: Owners, self: string, changed: Comparison): [Ownership, FieldSet][] {
  const taken = changed.added.union(changed.modified);
  const conflicts: [Ownership, FieldSet][] = [];
  for (const [identity, owner] of owners) {
    if (identity === self) continue;
    const fields = owner.set.intersection(taken);
    if (!fields.isEmpty) conflicts.push([owner, fields]);
  }
  return conflicts;
}

/**
 * Removes what the manager applied last time, not this time, and nobody else owns (upstream: prune,
 * addBackOwnedItems, addBackDanglingItems).
 */
function prune(
  schema: Schema,
  merged: JsonObject,
  owners: Owners,
  mentioned: FieldSet,
  lastSet: FieldSet,
): JsonObject {
  const last = withNamedFields(lastSet, schema);
  let managed = mentioned;
  for (const { set } of owners.values()) managed = managed.union(set);
  managed = withNamedFields(managed, schema);
  if (last.difference(managed).isEmpty) return merged;
  const fieldsOf = (value: unknown) => withNamedFields(toFieldSet(schema, value), schema);
  const all = fieldsOf(merged);
  const pruned = removeFields(schema, merged, last) ?? {};
  const withOwned = removeFields(schema, merged, all.difference(fieldsOf(pruned).union(managed))) ?? {};
  const dangling = all.difference(fieldsOf(withOwned)).intersection(last).difference(systemFields);
  return (removeFields(schema, merged, dangling) ?? {}) as JsonObject;
}

/** An object that nobody applied or tracked so far belongs to "before-first-apply". */
function liveOwners(request: ApplyRequest, live: JsonObject): Owners {
  const owners = storedManagedFields(request.managedFields);
  if (owners.size > 0) return owners;
  const changed = exclude(compareValues(request.schema, {}, live), ignoredFields(request));
  return ownersAfterUpdate({ ...request, manager: 'before-first-apply' }, owners, changed);
}

/** What the annotation of a client-side apply says was applied, as far as the live object still has it so. */
function lastAppliedFields({ live, schema, apiVersion }: ApplyRequest): FieldSet {
  const metadata = live?.['metadata'];
  const annotations = isObject(metadata) ? metadata['annotations'] : undefined;
  const text = isObject(annotations) ? ownMember(annotations, lastAppliedAnnotation) : undefined;
  if (typeof text !== 'string' || text === '') return FieldSet.empty;
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch {
    return FieldSet.empty;
  }
  if (!isObject(config) || config['apiVersion'] !== apiVersion) return FieldSet.empty;
  const { added, modified, removed } = compareValues(schema, config, live);
  return toFieldSet(schema, config).difference(modified).difference(added).difference(removed);
}

function selfOf({ manager, apiVersion, subresource = '' }: Write, operation: ManagerOperation) {
  return { manager: manager === '' ? 'unknown' : manager, operation, apiVersion, subresource };
}

function ignoredFields({ ignore = [] }: Write): FieldSet {
  return FieldSet.of(ignore.map((path) => path.map(memberElement)));
}

function exclude(change: Comparison, ignored: FieldSet): Comparison {
  if (ignored.isEmpty) return change;
  return {
    added: change.added.withoutSubtrees(ignored),
    modified: change.modified.withoutSubtrees(ignored),
    removed: change.removed.withoutSubtrees(ignored),
  };
}

/** The object less metadata.managedFields, which nobody owns and no comparison shall see. */
function withoutManagedFields(object: JsonObject): JsonObject {
  const { metadata } = object;
  if (!isObject(metadata) || !Object.hasOwn(metadata, 'managedFields')) return object;
  const { managedFields: _, ...rest } = metadata;
  return { ...object, metadata: rest };
}
