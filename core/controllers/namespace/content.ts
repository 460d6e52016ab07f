import { isNotFound } from '../../api/errors.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { qualifiedResource, type Resource } from '../../api/resource.ts';
import type { Client } from '../../client/client.ts';
import type { Remains } from './conditions.ts';

const pageSize = 500;

export class Findings implements Remains {
  readonly counts = new Map<string, number>();
  readonly finalizers = new Map<string, number>();
  readonly failures: string[] = [];
  readonly unknown: string[] = [];
}

type Verbs = readonly string[];

/** Deletes what a namespace has of a kind, and adds what is left of it to the findings. Rejects only when aborted. */
export function emptying(
  client: Client,
  namespace: string,
  findings: Findings,
  signal: AbortSignal,
): <T extends KubernetesObject>(resource: Resource<T>, verbs?: Verbs) => Promise<void> {
  return async (resource, verbs) => {
    try {
      await (verbs === undefined || verbs.includes('deletecollection')
        ? deleteAll(client, resource, namespace, signal)
        : deleteEach(client, resource, namespace, signal));
      // Nobody can tell what is left of what cannot be listed.
      if (verbs?.includes('list') === false) return;
      const { items, remainingItemCount = 0 } = await client.list(resource, {
        namespace,
        limit: pageSize,
        signal,
      });
      if (items.length === 0) return;
      findings.counts.set(`${resource.plural}.${resource.group}`, items.length + remainingItemCount);
      for (const name of items.flatMap(({ metadata }) => metadata.finalizers ?? []))
        findings.finalizers.set(name, (findings.finalizers.get(name) ?? 0) + 1);
    } catch (error) {
      signal.throwIfAborted();
      findings.failures.push(
        `${qualifiedResource(resource)}: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  };
}

const background = { propagationPolicy: 'Background' } as const;

async function deleteAll<T extends KubernetesObject>(
  client: Client,
  resource: Resource<T>,
  namespace: string,
  signal: AbortSignal,
): Promise<void> {
  await eachPage((place) =>
    client.deleteCollection(resource, { namespace, ...place }, { ...background, signal }),
  );
}

/** For users' API servers that know no collections. */
async function deleteEach<T extends KubernetesObject>(
  client: Client,
  resource: Resource<T>,
  namespace: string,
  signal: AbortSignal,
): Promise<void> {
  await eachPage(async (place) => {
    const page = await client.list(resource, { namespace, ...place, signal });
    for (const { metadata } of page.items) {
      if (metadata.deletionTimestamp !== undefined) continue;
      const name = { namespace, name: metadata.name ?? '' };
      await client.delete(resource, name, { ...background, signal }).catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
    }
    return page;
  });
}

interface Place {
  readonly limit: number;
  readonly continue?: string;
}

/** A page at a time: neither a list nor a burst of deletes ever holds a whole large namespace. */
async function eachPage(
  take: (place: Place) => Promise<{ readonly continue?: string | undefined }>,
): Promise<void> {
  let next: string | undefined;
  do {
    const page = await take({ limit: pageSize, ...(next === undefined ? {} : { continue: next }) });
    next = page.continue;
  } while (next !== undefined && next !== '');
}
