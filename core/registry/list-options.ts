import { badRequest, invalid } from '../api/errors.ts';
import type { ListOptions } from '../api/verbs.ts';
import { forbiddenField, notSupported } from '../api/validation/field-errors.ts';
import { FieldPath } from '../api/validation/field-path.ts';
import type { ContinueToken } from './continue-token.ts';
import { decodeContinue } from './continue-token.ts';

/** How old what is read may be. */
export type Freshness =
  /** Everything acknowledged before the request. */
  | { readonly kind: 'latest' }
  /** Whatever is at hand. */
  | { readonly kind: 'any' }
  | { readonly kind: 'at-least'; readonly revision: number }
  | { readonly kind: 'exactly'; readonly revision: number };

export interface ListPlan {
  readonly freshness: Freshness;
  readonly startAfter: string | undefined;
  readonly limit: number | undefined;
  readonly token: ContinueToken | undefined;
}

/** What a list's options mean, by upstream's table (apimachinery/pkg/apis/meta/internalversion/validation). */
export function planList(options: ListOptions, prefix: string): ListPlan {
  validateListOptions(options);
  const limit = options.limit === undefined || options.limit <= 0 ? undefined : options.limit;
  if (isSet(options.continue)) {
    if (isSet(options.resourceVersion) && options.resourceVersion !== '0')
      throw badRequest('specifying resource version is not allowed when using continue');
    const token = decodeContinue(options.continue, prefix);
    const freshness: Freshness =
      token.revision === -1 ? { kind: 'latest' } : { kind: 'exactly', revision: token.revision };
    return { freshness, startAfter: token.startAfter, limit, token };
  }
  return { freshness: listFreshness(options, limit), startAfter: undefined, limit, token: undefined };
}

function listFreshness(
  { resourceVersion, resourceVersionMatch }: ListOptions,
  limit: number | undefined,
): Freshness {
  if (!isSet(resourceVersion)) return { kind: 'latest' };
  const revision = parseRevision(resourceVersion);
  if (revision === 0) return { kind: 'any' };
  // Without a match, a limited list has always meant that very revision.
  const exact =
    resourceVersionMatch === 'Exact' || (resourceVersionMatch === undefined && limit !== undefined);
  return exact ? { kind: 'exactly', revision } : { kind: 'at-least', revision };
}

/** A get from a resourceVersion: never older than it. */
export function getFreshness(resourceVersion: string | undefined): Freshness {
  if (!isSet(resourceVersion)) return { kind: 'latest' };
  const revision = parseRevision(resourceVersion);
  return revision === 0 ? { kind: 'any' } : { kind: 'at-least', revision };
}

export function parseRevision(resourceVersion: string): number {
  const revision = /^\d{1,16}$/.test(resourceVersion) ? Number(resourceVersion) : NaN;
  if (!Number.isSafeInteger(revision))
    throw badRequest(
      `resourceVersion: Invalid value: ${JSON.stringify(resourceVersion)}: must be a resourceVersion of this server`,
    );
  return revision;
}

function validateListOptions(options: ListOptions): void {
  const { resourceVersion, resourceVersionMatch: match } = options;
  if (match === undefined) return;
  const path = FieldPath.root.child('resourceVersionMatch');
  const refuse = (error: ReturnType<typeof forbiddenField>) =>
    invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', [error]);
  if (!isSet(resourceVersion))
    throw refuse(
      forbiddenField(path, 'resourceVersionMatch is forbidden unless resourceVersion is provided'),
    );
  if (isSet(options.continue))
    throw refuse(forbiddenField(path, 'resourceVersionMatch is forbidden when continue is provided'));
  if (match !== 'Exact' && match !== 'NotOlderThan')
    throw refuse(notSupported(path, match, ['Exact', 'NotOlderThan', '']));
  if (match === 'Exact' && resourceVersion === '0')
    throw refuse(forbiddenField(path, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
}

function isSet(text: string | undefined): text is string {
  return text !== undefined && text !== '';
}
