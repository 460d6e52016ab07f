import { gone, StatusError } from '../api/errors.ts';
import { StorageError } from '../storage/storage.ts';
import { encodeContinue } from './continue-token.ts';
import { fromStorage } from './errors.ts';
import type { ListPlan } from './list-options.ts';
import type { Selection } from './selection.ts';
import type { StoredKind } from './stored-kind.ts';
import type { StoredObject } from './stored-object.ts';

export interface StoredList {
  readonly items: readonly StoredObject[];
  readonly resourceVersion: string;
  readonly continue: string | undefined;
  readonly remainingItemCount: number | undefined;
}

/** One page of what stands below a prefix. Throws Expired where its revision is no longer known. */
export async function listPage(
  kind: StoredKind,
  prefix: string,
  plan: ListPlan,
  selection: Selection,
  signal: AbortSignal | undefined,
): Promise<StoredList> {
  try {
    await kind.waitUntil(plan.freshness, signal);
    const page = await kind.cache.list({
      prefix,
      startAfter: plan.startAfter,
      limit: plan.limit,
      labels: selection.labels,
      filter: selection.filter,
      index: selection.index,
      revision: plan.freshness.kind === 'exactly' ? plan.freshness.revision : undefined,
      signal,
    });
    const last = page.items.at(-1);
    const more = page.remaining > 0 && last !== undefined;
    return {
      items: page.items.map((item) => item.object),
      resourceVersion: String(page.revision),
      continue: more
        ? encodeContinue({ revision: page.revision, startAfter: last.key }, kind.prefix)
        : undefined,
      // How many of the rest match a selector is not known without looking at them.
      remainingItemCount:
        more && selection.filter === undefined && selection.labels === undefined ? page.remaining : undefined,
    };
  } catch (error) {
    if (error instanceof StorageError && error.reason === 'compacted') throw expired(plan, kind.prefix);
    throw fromStorage(error);
  }
}

/** The token expired: the client may start over, or go on with what is there now (apiserver/pkg/storage/etcd3/errors.go). */
function expired({ token }: ListPlan, prefix: string): StatusError {
  if (token === undefined) return gone('The provided resource version is too old.');
  const text =
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.';
  const goOn = encodeContinue({ revision: -1, startAfter: token.startAfter }, prefix);
  return new StatusError('Expired', text, { continue: goOn });
}
