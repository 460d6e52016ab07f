import { array, assert, asyncProperty, boolean, constantFrom, dictionary, oneof, record } from 'fast-check';
import type { Arbitrary } from 'fast-check';
import { expect, test } from 'vitest';
import { StatusError } from '../../core/api/errors.ts';
import type { ConfigMap } from '../../core/api/generated/core-v1.ts';
import { configmaps } from '../../core/api/generated/resources.ts';
import type { TestApi } from '../environment/api.ts';
import { createTestApi } from '../environment/api.ts';

/** Few keys, values and managers, so that they meet. */
const data = dictionary(constantFrom('a', 'b', 'c', 'd'), constantFrom('1', '2', '3'), {
  minKeys: 1,
  maxKeys: 4,
});
const manager = constantFrom('kim', 'robin', 'sam');
type Data = Readonly<Record<string, string>>;

type Step =
  | {
      readonly kind: 'create' | 'update' | 'stale update' | 'merge';
      readonly manager: string;
      readonly data: Data;
    }
  | { readonly kind: 'apply'; readonly manager: string; readonly data: Data; readonly force: boolean }
  | { readonly kind: 'remove'; readonly manager: string; readonly key: string }
  | { readonly kind: 'delete' | 'hold' | 'release' };

const step: Arbitrary<Step> = oneof(
  { weight: 1, arbitrary: record({ kind: constantFrom('create'), manager, data }) },
  { weight: 3, arbitrary: record({ kind: constantFrom('update', 'stale update', 'merge'), manager, data }) },
  { weight: 5, arbitrary: record({ kind: constantFrom('apply'), manager, data, force: boolean() }) },
  {
    weight: 2,
    arbitrary: record({ kind: constantFrom('remove'), manager, key: constantFrom('a', 'b', 'c', 'd') }),
  },
  { weight: 1, arbitrary: record({ kind: constantFrom('delete', 'hold', 'release') }) },
) as Arbitrary<Step>;

/**
 * What a ConfigMap with these writers must be: values, and who owns each. A writer that applies and a writer that
 * updates are two owners, even under one name (KEP-555).
 */
class Model {
  values: Record<string, string> | undefined;
  owners = new Map<string, Set<string>>();
  held = false;
  deleting = false;
  /** Whether anything of it has an owner: a value, the map of values, or what holds its deletion. */
  isOwned = false;

  /** Makes the step and says how it must end. */
  take(step: Step): string {
    if (step.kind === 'create') {
      if (this.values !== undefined) return 'AlreadyExists';
      this.#begin();
      this.#write(step.data, `Update ${step.manager}`);
      return 'ok';
    }
    if (step.kind === 'apply') return this.#apply(step.data, `Apply ${step.manager}`, step.force);
    if (this.values === undefined) return 'NotFound';
    switch (step.kind) {
      case 'update':
        this.#write(step.data, `Update ${step.manager}`);
        return 'ok';
      case 'stale update':
        return 'Conflict';
      case 'merge':
        this.#write({ ...this.values, ...step.data }, `Update ${step.manager}`);
        return 'ok';
      case 'remove': {
        if (this.values[step.key] === undefined) return 'Invalid';
        const { [step.key]: _, ...rest } = this.values;
        this.#write(rest, `Update ${step.manager}`);
        return 'ok';
      }
      case 'hold':
        if (this.deleting) return this.held ? 'ok' : 'Invalid';
        this.held = true;
        return 'ok';
      case 'release':
        this.held = false;
        if (this.deleting) this.#end();
        return 'ok';
      case 'delete':
        if (this.held) this.deleting = true;
        else this.#end();
        return 'ok';
    }
  }

  #begin(): void {
    this.values = {};
    this.owners = new Map();
    this.isOwned = true;
    this.held = this.deleting = false;
  }

  #end(): void {
    this.values = undefined;
  }

  /**
   * Whoever changes a value is its only owner; what is removed has none. Where nothing has an owner nobody becomes one
   * by that (upstream: managedfields/internal/skipnonapplied.go).
   */
  #write(wanted: Data, writer: string): void {
    const values = this.values ?? {};
    for (const key of Object.keys(values)) if (wanted[key] === undefined) this.owners.delete(key);
    for (const [key, value] of Object.entries(wanted))
      if (this.isOwned && values[key] !== value) this.owners.set(key, new Set([writer]));
    this.values = { ...wanted };
  }

  #apply(wanted: Data, writer: string, force: boolean): string {
    if (this.values === undefined) this.#begin();
    const values = this.values ?? {};
    const all = this.isOwned ? this.owners : ownedBefore(values);
    const ownersOf = (key: string) => all.get(key) ?? new Set<string>();
    const disputed = Object.entries(wanted).filter(
      ([key, value]) =>
        values[key] !== undefined &&
        values[key] !== value &&
        [...ownersOf(key)].some((owner) => owner !== writer),
    );
    if (disputed.length > 0 && !force) return 'Conflict';
    this.owners = all;
    for (const [key, value] of Object.entries(wanted)) {
      this.owners.set(key, values[key] === value ? ownersOf(key).add(writer) : new Set([writer]));
      values[key] = value;
    }
    for (const [key, owners] of this.owners) {
      if (wanted[key] !== undefined || !owners.delete(writer) || owners.size > 0) continue;
      delete values[key];
      this.owners.delete(key);
    }
    return 'ok';
  }
}

/** What was there before anybody owned something belongs to all who wrote it, by one name. */
function ownedBefore(values: Data): Map<string, Set<string>> {
  return new Map(Object.keys(values).map((key) => [key, new Set(['Update before-first-apply'])]));
}

const settings = { namespace: 'default', name: 'settings' };

async function take({ client }: TestApi, step: Step): Promise<void> {
  switch (step.kind) {
    case 'create':
      await client.create(
        configmaps,
        { metadata: settings, data: step.data },
        { fieldManager: step.manager },
      );
      return;
    case 'update':
    case 'stale update': {
      const live = await client.get(configmaps, settings);
      const resourceVersion = step.kind === 'update' ? live.metadata.resourceVersion : '1';
      const metadata = { ...live.metadata, resourceVersion };
      await client.update(
        configmaps,
        { ...live, metadata, data: step.data },
        {
          fieldManager: step.manager,
        },
      );
      return;
    }
    case 'merge':
      await client.patch(configmaps, settings, 'merge', { data: step.data }, { fieldManager: step.manager });
      return;
    case 'remove': {
      const patch = [{ op: 'remove', path: `/data/${step.key}` }];
      await client.patch(configmaps, settings, 'json', patch, { fieldManager: step.manager });
      return;
    }
    case 'apply': {
      const configuration = { apiVersion: 'v1', kind: 'ConfigMap', metadata: settings, data: step.data };
      const { manager: fieldManager, force } = step;
      await client.patch(configmaps, settings, 'apply', configuration, { fieldManager, force });
      return;
    }
    case 'delete':
      await client.delete(configmaps, settings);
      return;
    case 'hold':
    case 'release': {
      const finalizers = step.kind === 'hold' ? ['example.com/hold'] : null;
      await client.patch(
        configmaps,
        settings,
        'merge',
        { metadata: { finalizers } },
        { fieldManager: 'holder' },
      );
    }
  }
}

/** The owners of each key as managedFields tells them. */
function ownersOf({ metadata }: ConfigMap): Record<string, string[]> {
  const owners: Record<string, string[]> = {};
  for (const { manager = '', operation = '', fieldsV1 } of metadata.managedFields ?? []) {
    const fields = (fieldsV1 as { 'f:data'?: Record<string, unknown> } | undefined)?.['f:data'] ?? {};
    for (const field of Object.keys(fields)) {
      if (field !== '.') (owners[field.slice(2)] ??= []).push(`${operation} ${manager}`);
    }
  }
  return sorted(owners);
}

function sorted(owners: Readonly<Record<string, readonly string[]>>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(owners).map(([key, writers]) => [key, writers.toSorted()]));
}

/** A counterexample is a fault, however rare: no second try with another seed. */
test(
  'whatever is written, patched and applied, values and owners are as the rules say',
  { retry: 0 },
  async () => {
    await assert(
      asyncProperty(array(step, { minLength: 1, maxLength: 30 }), async (steps) => {
        await using api = await createTestApi();
        const model = new Model();
        for (const next of steps) {
          const expected = model.take(next);
          const reason = await take(api, next).then(
            () => 'ok',
            (error: unknown) => (error instanceof StatusError ? error.reason : String(error)),
          );
          expect(reason).toBe(expected);
          const live = await api.client.get(configmaps, settings).catch(() => undefined);
          expect(live?.data ?? (live && {})).toEqual(model.values);
          if (live === undefined) continue;
          model.isOwned = live.metadata.managedFields !== undefined;
          expect(ownersOf(live)).toEqual(
            sorted(Object.fromEntries([...model.owners].map(([key, writers]) => [key, [...writers]]))),
          );
          expect(live.metadata.deletionTimestamp !== undefined).toBe(model.deleting);
        }
      }),
      { numRuns: 200 },
    );
  },
);
