import { withCondition } from '../api/custom/conditions.ts';
import type { ConditionChange } from '../api/custom/conditions.ts';
import { isNotFound } from '../api/errors.ts';
import type { CustomResourceDefinition } from '../api/generated/apiextensions-v1.ts';
import { keyOf } from '../api/object.ts';
import type { Mutable } from '../api/object.ts';
import type { Clock } from '../machinery/clock.ts';
import { timestamp } from '../machinery/timestamp.ts';
import { cleanupFinalizer } from '../registry/custom-resource-definition/strategy.ts';
import type { ResourceStore } from '../registry/resource-store.ts';
import { watchStore } from '../registry/watching.ts';

const pageSize = 500;
const deletionsAtOnce = 16;

/** What is left of a kind after its objects were asked to go. */
export interface Leftovers {
  readonly count: number;
}

/**
 * Deletes the objects of a kind, as far as their finalizers let them go, below authorization and admission
 * (apiextensions-apiserver/pkg/controller/finalizer/crd_finalizer.go).
 */
export async function deleteInstances(store: ResourceStore, signal: AbortSignal): Promise<Leftovers> {
  let next: string | undefined;
  do {
    const page = await store.list(
      undefined,
      { limit: pageSize, ...(next === undefined ? {} : { continue: next }) },
      signal,
    );
    const waiting = page.items.values();
    const worker = async () => {
      for (const { object } of waiting) {
        signal.throwIfAborted();
        const { namespace, name = '' } = object.metadata;
        await store.delete(namespace, name, {}, { signal }).catch((error: unknown) => {
          if (!isNotFound(error)) throw error;
        });
      }
    };
    await Promise.all(Array.from({ length: deletionsAtOnce }, worker));
    next = page.continue;
  } while (next !== undefined);
  const { items, remainingItemCount = 0 } = await store.list(undefined, { limit: 1 }, signal);
  return { count: items.length + remainingItemCount };
}

/** Resolves when the last object has gone. */
export async function untilEmpty(store: ResourceStore, clock: Clock, signal: AbortSignal): Promise<void> {
  const { group, version, plural } = store.declaration;
  const left = new Set<string>();
  const watch = watchStore(
    store,
    { signal },
    { group, version, resource: plural },
    { sendInitialEvents: true, allowBookmarks: true },
    clock,
  );
  let complete = false;
  for await (const events of watch) {
    for (const event of events) {
      if (event.type === 'BOOKMARK') complete ||= event.initialEventsEnd;
      else if (event.type === 'DELETED') left.delete(keyOf(event.object.object));
      else left.add(keyOf(event.object.object));
    }
    if (complete && left.size === 0) return;
  }
  // What was not seen to be empty is not.
  signal.throwIfAborted();
  throw new Error(`Cannot wait for the last of "${plural}": the watch ended`);
}

/** The definition, saying how the deletion of its objects goes on. */
export function withTerminating(
  definition: CustomResourceDefinition,
  condition: Omit<ConditionChange, 'type'>,
  clock: Clock,
): CustomResourceDefinition {
  const { status } = definition;
  const before = status.conditions ?? [];
  const conditions = withCondition(before, { type: 'Terminating', ...condition }, timestamp(clock.now()));
  return conditions === before ? definition : { ...definition, status: { ...status, conditions } };
}

/** The definition, free to go. */
export function withoutFinalizer(definition: CustomResourceDefinition): Mutable<CustomResourceDefinition> {
  const { metadata } = definition;
  const finalizers = (metadata.finalizers ?? []).filter((name) => name !== cleanupFinalizer);
  return { ...definition, metadata: { ...metadata, finalizers } } as Mutable<CustomResourceDefinition>;
}
