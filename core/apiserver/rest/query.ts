import { badRequest, invalid } from '../../api/errors.ts';
import type { FieldError, StatusError } from '../../api/errors.ts';
import { forbiddenField, invalidValue, notSupported, tooLong } from '../../api/validation/field-errors.ts';
import { FieldPath } from '../../api/validation/field-path.ts';
import type { DeleteOptions as GivenDeleteOptions } from '../../api/generated/meta-v1.ts';
import type {
  DeleteOptions,
  FieldValidation,
  ListOptions,
  PatchOptions,
  WatchOptions,
  WriteOptions,
} from '../../api/verbs.ts';

/** The query parameters of lists (meta/v1 ListOptions). Empty values count as absent. */
export function listOptions(query: URLSearchParams): ListOptions {
  if (query.has('sendInitialEvents'))
    throw refusal(
      'ListOptions',
      forbiddenField(FieldPath.root.child('sendInitialEvents'), 'sendInitialEvents is forbidden for list'),
    );
  // The list itself says what else fits together.
  const match = text(query, 'resourceVersionMatch') as ListOptions['resourceVersionMatch'];
  return defined({
    labelSelector: text(query, 'labelSelector'),
    fieldSelector: text(query, 'fieldSelector'),
    // Upstream takes one below nothing for none.
    limit: number(query, 'limit', { signed: true }),
    continue: text(query, 'continue'),
    resourceVersion: text(query, 'resourceVersion'),
    resourceVersionMatch: match,
  });
}

export function watchOptions(query: URLSearchParams): WatchOptions {
  const errors = [...watchMistakes(query)];
  if (errors.length > 0) throw refusal('ListOptions', ...errors);
  return defined({
    labelSelector: text(query, 'labelSelector'),
    fieldSelector: text(query, 'fieldSelector'),
    resourceVersion: text(query, 'resourceVersion'),
    allowBookmarks: flag(query, 'allowWatchBookmarks'),
    sendInitialEvents: flag(query, 'sendInitialEvents'),
    timeoutSeconds: number(query, 'timeoutSeconds'),
  });
}

/** What is asked of how a watch begins, and does not fit together (internalversion/validation: validateWatchOptions). */
function* watchMistakes(query: URLSearchParams): Generator<FieldError, void, undefined> {
  const path = FieldPath.root.child('resourceVersionMatch');
  const match = text(query, 'resourceVersionMatch');
  const initialEvents = query.has('sendInitialEvents');
  if (initialEvents && match !== onlyMatch)
    yield forbiddenField(path, `sendInitialEvents requires setting resourceVersionMatch to ${onlyMatch}`);
  if (match === undefined) return;
  if (!initialEvents)
    yield forbiddenField(
      path,
      'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
    );
  if (match !== onlyMatch) yield notSupported(path, match, [onlyMatch]);
  if (text(query, 'continue') !== undefined)
    yield forbiddenField(path, 'resourceVersionMatch is forbidden when continue is provided');
}

/** What watches may be said to begin with. */
const onlyMatch = 'NotOlderThan';

/** `kind` is what upstream calls the options of the verb, such as "CreateOptions". */
export function writeOptions(query: URLSearchParams, kind: string): WriteOptions {
  const fieldManager = text(query, 'fieldManager');
  const fieldValidation = oneOf(kind, 'fieldValidation', text(query, 'fieldValidation'), fieldValidations);
  if (fieldManager !== undefined) checkFieldManager(kind, fieldManager);
  return defined({ dryRun: dryRun(kind, query.getAll('dryRun')), fieldManager, fieldValidation });
}

export function patchOptions(query: URLSearchParams): PatchOptions {
  return defined({ ...writeOptions(query, 'PatchOptions'), force: flag(query, 'force') });
}

/** Where there is a DeleteOptions body nothing in the query counts (endpoints/handlers/delete.go). */
export function deleteOptions(
  query: URLSearchParams,
  given: GivenDeleteOptions = queriedDeleteOptions(query),
): DeleteOptions {
  const { orphanDependents, propagationPolicy, gracePeriodSeconds } = given;
  if (orphanDependents !== undefined && propagationPolicy !== undefined)
    throw refusal(
      'DeleteOptions',
      invalidValue(
        FieldPath.root.child('propagationPolicy'),
        propagationPolicy,
        'orphanDependents and deletionPropagation cannot be both set',
      ),
    );
  const orphan = orphanDependents === undefined ? undefined : orphanDependents ? 'Orphan' : 'Background';
  const asked = propagationPolicy ?? orphan;
  return defined({
    dryRun: dryRun('DeleteOptions', given.dryRun ?? []),
    gracePeriodSeconds,
    propagationPolicy: oneOf('DeleteOptions', 'propagationPolicy', asked, propagationPolicies),
    preconditions: given.preconditions && defined(given.preconditions),
    ignoreStoreReadErrorWithClusterBreakingPotential: given.ignoreStoreReadErrorWithClusterBreakingPotential,
  });
}

function queriedDeleteOptions(query: URLSearchParams): GivenDeleteOptions {
  return defined({
    dryRun: query.getAll('dryRun'),
    gracePeriodSeconds: number(query, 'gracePeriodSeconds', { signed: true }),
    orphanDependents: flag(query, 'orphanDependents'),
    propagationPolicy: text(query, 'propagationPolicy'),
    ignoreStoreReadErrorWithClusterBreakingPotential: flag(
      query,
      'ignoreStoreReadErrorWithClusterBreakingPotential',
    ),
  });
}

function dryRun(kind: string, values: readonly string[]): boolean | undefined {
  if (values.length === 0) return undefined;
  for (const value of values) oneOf(kind, 'dryRun', value, ['All']);
  return true;
}

const fieldValidations = ['Ignore', 'Strict', 'Warn'] as const satisfies readonly FieldValidation[];
const propagationPolicies = ['Foreground', 'Background', 'Orphan'] as const;

function oneOf<T extends string>(
  kind: string,
  name: string,
  value: string | undefined,
  allowed: readonly T[],
): T | undefined {
  if (value === undefined) return undefined;
  const found = allowed.find((each) => each === value);
  if (found === undefined) throw refusal(kind, notSupported(FieldPath.root.child(name), value, allowed));
  return found;
}

/** Upstream: metav1/validation ValidateFieldManager. */
function checkFieldManager(kind: string, manager: string): void {
  const path = FieldPath.root.child('fieldManager');
  if (Buffer.byteLength(manager) > longestFieldManager)
    throw refusal(kind, tooLong(path, longestFieldManager));
  if (/\p{C}/u.test(manager))
    throw refusal(kind, invalidValue(path, manager, 'should only contain printable characters'));
}

const longestFieldManager = 128;

function refusal(kind: string, ...errors: readonly FieldError[]): StatusError {
  return invalid({ group: 'meta.k8s.io', kind }, '', errors);
}

function text(query: URLSearchParams, name: string): string | undefined {
  return query.get(name) || undefined;
}

function flag(query: URLSearchParams, name: string): boolean | undefined {
  const value = query.get(name);
  return value === null ? undefined : isTrue(value);
}

/** Whatever is there and does not say no (apimachinery/pkg/runtime: Convert_Slice_string_To_bool). */
export function isTrue(value: string): boolean {
  return value !== '0' && value.toLowerCase() !== 'false';
}

function number(query: URLSearchParams, name: string, { signed = false } = {}): number | undefined {
  const value = text(query, name);
  if (value === undefined) return undefined;
  if (!(signed ? /^-?\d{1,15}$/ : /^\d{1,15}$/).test(value))
    throw badRequest(`${name}: Invalid value: "${value}": it must be a whole number`);
  return Number(value);
}

type Defined<T> = { [Key in keyof T]: Exclude<T[Key], undefined> };

/** Drops members without a value, which absent ones differ from. */
function defined<T extends object>(options: T): Defined<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Defined<T>;
}
