import type { JsonObject } from '../json.ts';
import { FieldSet } from './field-set.ts';
import { readFieldsV1, storedFieldsV1, writeFieldsV1 } from './fields-v1.ts';

export type ManagerOperation = 'Apply' | 'Update';

/** An entry of metadata.managedFields, as the API has it. */
export interface ManagedFieldsEntry {
  readonly manager?: string;
  readonly operation?: string;
  readonly apiVersion?: string;
  readonly time?: string;
  readonly fieldsType?: string;
  readonly fieldsV1?: JsonObject;
  readonly subresource?: string;
}

/** Who writes: what identifies an entry. Appliers are one across API versions, updaters are not. */
export interface Manager {
  readonly manager: string;
  readonly operation: ManagerOperation;
  readonly apiVersion: string;
  readonly subresource: string;
}

/** An entry with its fields as a set. */
export interface Ownership extends Manager {
  readonly set: FieldSet;
  readonly time: string | undefined;
}

/** Owners by their identity; immutable between the steps of a write. */
export type Owners = ReadonlyMap<string, Ownership>;

const defaultMaxUpdaters = 10;
const ancientChanges = 'ancient-changes';

export function identityOf({ manager, operation, apiVersion, subresource }: Manager): string {
  return JSON.stringify([manager, operation, operation === 'Apply' ? '' : apiVersion, subresource]);
}

/** Reads metadata.managedFields. @throws FieldsV1Error, RangeError on entries that are none */
export function readManagedFields(entries: readonly ManagedFieldsEntry[] | undefined): Owners {
  return readEntries(entries, readFieldsV1);
}

/** As `readManagedFields`, of what is stored. @throws RangeError; FieldsV1Error also later, see `storedFieldsV1` */
export function storedManagedFields(entries: readonly ManagedFieldsEntry[] | undefined): Owners {
  return readEntries(entries, storedFieldsV1);
}

function readEntries(
  entries: readonly ManagedFieldsEntry[] | undefined,
  read: (fields: unknown) => FieldSet,
): Owners {
  const owners = new Map<string, Ownership>();
  for (const {
    manager = '',
    operation,
    apiVersion = '',
    time,
    fieldsType,
    fieldsV1,
    subresource = '',
  } of entries ?? []) {
    if (operation !== 'Apply' && operation !== 'Update') {
      throw new RangeError(
        `Cannot read managedFields: operation ${JSON.stringify(operation)} is neither "Apply" nor "Update"`,
      );
    }
    if (fieldsType !== undefined && fieldsType !== 'FieldsV1') {
      throw new RangeError(
        `Cannot read managedFields: fieldsType ${JSON.stringify(fieldsType)} is not "FieldsV1"`,
      );
    }
    const owner: Manager = { manager, operation, apiVersion, subresource };
    owners.set(identityOf(owner), { ...owner, time, set: read(fieldsV1 ?? {}) });
  }
  return owners;
}

/** Writes metadata.managedFields: appliers first, then by time, as upstream sorts them. */
export function writeManagedFields(owners: Owners): ManagedFieldsEntry[] {
  return [...owners.values()]
    .sort(compareOwners)
    .map(({ manager, operation, apiVersion, time, set, subresource }) => ({
      manager,
      operation,
      apiVersion,
      ...(time === undefined ? {} : { time }),
      fieldsType: 'FieldsV1',
      fieldsV1: writeFieldsV1(set),
      ...(subresource === '' ? {} : { subresource }),
    }));
}

/**
 * Bounds the entries of updaters: the oldest of each API version are merged into one called "ancient-changes"
 * (upstream: capmanagers.go).
 */
export function capUpdaters(owners: Owners, maxUpdaters = defaultMaxUpdaters): Owners {
  const updaters = [...owners].filter(([, { operation }]) => operation === 'Update');
  if (updaters.length <= maxUpdaters) return owners;
  updaters.sort(([a, x], [b, y]) => timeOf(x) - timeOf(y) || compareText(a, b));
  const capped = new Map(owners);
  /** The entry of each version that later ones are merged into: the first stays as it is while it is alone. */
  const first = new Map<string, string>();
  let surplus = updaters.length - maxUpdaters;
  for (const [identity, owner] of updaters) {
    if (surplus === 0) break;
    const oldest = first.get(owner.apiVersion);
    if (oldest === undefined) {
      first.set(owner.apiVersion, identity);
      continue;
    }
    const bucket = {
      manager: ancientChanges,
      operation: 'Update' as const,
      apiVersion: owner.apiVersion,
      subresource: '',
    };
    const bucketIdentity = identityOf(bucket);
    const merged =
      capped.get(bucketIdentity)?.set.union(owner.set) ??
      (capped.get(oldest) as Ownership).set.union(owner.set);
    capped.delete(oldest);
    capped.delete(identity);
    capped.set(bucketIdentity, { ...bucket, set: merged, time: owner.time });
    surplus--;
  }
  return capped;
}

function compareOwners(a: Ownership, b: Ownership): number {
  return (
    compareText(a.operation, b.operation) ||
    timeOf(a) - timeOf(b) ||
    compareText(a.manager, b.manager) ||
    compareText(a.apiVersion, b.apiVersion) ||
    compareText(a.subresource, b.subresource)
  );
}

function timeOf({ time }: Ownership): number {
  return time === undefined ? 0 : Date.parse(time) || 0;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
