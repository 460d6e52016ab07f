import { StatusError } from '../../api/errors.ts';
import type { KubernetesObject, Mutable } from '../../api/object.ts';
import { apiVersionOf } from '../../api/resource.ts';
import type { KindDeclaration } from '../../api/scheme.ts';
import { apply, trackUpdate } from '../../machinery/apply/apply.ts';
import { ApplyError } from '../../machinery/apply/typed-value.ts';
import { conflictMessage, describeManager } from '../../machinery/apply/conflict.ts';
import type { Conflict } from '../../machinery/apply/conflict.ts';
import { FieldsV1Error } from '../../machinery/apply/fields-v1.ts';
import { readManagedFields } from '../../machinery/apply/managed-fields.ts';
import type { ManagedFieldsEntry } from '../../machinery/apply/managed-fields.ts';
import type { JsonObject } from '../../machinery/json.ts';
import { timestamp } from '../../machinery/timestamp.ts';

/** Who a write counts for in metadata.managedFields. */
export interface Writer {
  readonly manager: string;
  readonly subresource: string;
  /** Paths of what cannot be written there, and so owned. */
  readonly resets: readonly (readonly string[])[];
  readonly nowMs: number;
}

/** The field manager of a call: as it says, or the first word of the program's name (upstream: managerOrUserAgent). */
export function managerOf(fieldManager: string | undefined, userAgent: string | undefined): string {
  if (fieldManager !== undefined && fieldManager !== '') return fieldManager;
  return (userAgent ?? '').split('/', 1)[0]?.slice(0, 128) ?? '';
}

/** Notes on the object who owns which field after an ordinary write. */
export function recordOwners(
  declaration: KindDeclaration,
  writer: Writer,
  object: Mutable<KubernetesObject>,
  old: KubernetesObject | undefined,
): void {
  const before = entriesBefore(writer, object, old);
  // What had no owners so far gets its first with an apply, which takes all there is for somebody else's.
  if (old !== undefined && before.length === 0) return setEntries(object, []);
  const entries = legible(() =>
    trackUpdate({
      ...writeOf(declaration, writer),
      managedFields: before,
      before: old as JsonObject | undefined,
      after: object,
    }),
  );
  // What is stored and cannot be read owns nothing.
  setEntries(object, entries ?? []);
}

/**
 * A client may write the owners themselves, except through a subresource; with one entry that has nothing in it, it
 * says "forget them all". Where it says nothing, or what cannot be read, they are those of the object (upstream:
 * managedfields/internal/fieldmanager.go, decodeLiveOrNew).
 */
function entriesBefore(
  { subresource }: Writer,
  { metadata }: Mutable<KubernetesObject>,
  old: KubernetesObject | undefined,
): readonly ManagedFieldsEntry[] {
  const live = (old?.metadata.managedFields ?? []) as readonly ManagedFieldsEntry[];
  const given = (subresource === '' ? metadata.managedFields : undefined) as typeof live | undefined;
  const [first, ...others] = given ?? [];
  if (first !== undefined && others.length === 0 && Object.keys(first).length === 0) return [];
  // A patch of something else hands on what is stored, which was checked then.
  const isStored = given?.length === live.length && given.every((entry, at) => areSame(entry, live[at]));
  const isChanged = given !== undefined && !isStored && legible(() => readManagedFields(given)) !== undefined;
  return isChanged ? given : live;
}

/** Whether every member is the very same; what a patch did not touch is. */
function areSame(one: ManagedFieldsEntry, other: ManagedFieldsEntry | undefined): boolean {
  if (other === undefined) return false;
  const names = Object.keys(one) as (keyof ManagedFieldsEntry)[];
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name]);
}

/** Undefined where owners cannot be read. */
function legible<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof FieldsV1Error || error instanceof RangeError) return undefined;
    throw error;
  }
}

/** What an apply makes of an object; throws 409 with a cause for each field that somebody else owns. */
export function applied(
  declaration: KindDeclaration,
  writer: Writer,
  configuration: JsonObject,
  live: KubernetesObject | undefined,
  force: boolean,
): { readonly object: JsonObject; readonly managedFields: readonly ManagedFieldsEntry[] } {
  const result = readable(() =>
    apply({
      ...writeOf(declaration, writer),
      managedFields: live?.metadata.managedFields as readonly ManagedFieldsEntry[] | undefined,
      live: live as JsonObject | undefined,
      applied: configuration,
      force,
    }),
  );
  if (result.kind === 'conflict') throw applyConflict(result.conflicts);
  return result;
}

export function setEntries(object: Mutable<KubernetesObject>, entries: readonly ManagedFieldsEntry[]): void {
  if (entries.length === 0) delete object.metadata.managedFields;
  else object.metadata.managedFields = entries as Mutable<KubernetesObject>['metadata']['managedFields'];
}

function writeOf(declaration: KindDeclaration, { manager, subresource, resets, nowMs }: Writer) {
  return {
    schema: declaration.schema,
    manager,
    apiVersion: apiVersionOf(declaration),
    time: timestamp(nowMs),
    // A scale is written through the object it scales.
    subresource,
    ignore: resets,
  };
}

function applyConflict(conflicts: readonly Conflict[]): StatusError {
  return new StatusError('Conflict', conflictMessage(conflicts), {
    target: {},
    causes: conflicts.map((conflict) => ({
      reason: 'FieldManagerConflict',
      message: `conflict with ${describeManager(conflict)}`,
      field: conflict.field,
    })),
  });
}

function readable<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof ApplyError || error instanceof FieldsV1Error || error instanceof RangeError)
      throw new StatusError('BadRequest', error.message, { cause: error });
    throw error;
  }
}
