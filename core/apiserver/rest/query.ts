import { badRequest } from '../../api/errors.ts';
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
  const match = text(query, 'resourceVersionMatch');
  if (match !== undefined && match !== 'Exact' && match !== 'NotOlderThan') {
    throw badRequest(
      `resourceVersionMatch: Unsupported value: "${match}": supported values: "Exact", "NotOlderThan"`,
    );
  }
  return defined({
    labelSelector: text(query, 'labelSelector'),
    fieldSelector: text(query, 'fieldSelector'),
    limit: number(query, 'limit'),
    continue: text(query, 'continue'),
    resourceVersion: text(query, 'resourceVersion'),
    resourceVersionMatch: match,
  });
}

export function watchOptions(query: URLSearchParams): WatchOptions {
  return defined({
    labelSelector: text(query, 'labelSelector'),
    fieldSelector: text(query, 'fieldSelector'),
    resourceVersion: text(query, 'resourceVersion'),
    allowBookmarks: flag(query, 'allowWatchBookmarks'),
    sendInitialEvents: flag(query, 'sendInitialEvents'),
    timeoutSeconds: number(query, 'timeoutSeconds'),
  });
}

export function writeOptions(query: URLSearchParams): WriteOptions {
  const validation = text(query, 'fieldValidation');
  if (validation !== undefined && !['Strict', 'Warn', 'Ignore'].includes(validation)) {
    throw badRequest(
      `fieldValidation: Unsupported value: "${validation}": supported values: "Ignore", "Strict", "Warn"`,
    );
  }
  return defined({
    dryRun: dryRun(query.getAll('dryRun')),
    fieldManager: text(query, 'fieldManager'),
    fieldValidation: validation as FieldValidation | undefined,
  });
}

export function patchOptions(query: URLSearchParams): PatchOptions {
  return defined({ ...writeOptions(query), force: flag(query, 'force') });
}

/** A DeleteOptions body goes before the query, as upstream. */
export function deleteOptions(query: URLSearchParams, body: unknown): DeleteOptions {
  if (body !== undefined && (typeof body !== 'object' || body === null || Array.isArray(body))) {
    throw badRequest('DeleteOptions must be an object');
  }
  const given = (body ?? {}) as {
    gracePeriodSeconds?: number;
    propagationPolicy?: string;
    orphanDependents?: boolean;
    dryRun?: string[];
    preconditions?: { uid?: string; resourceVersion?: string };
  };
  const orphan =
    given.orphanDependents === undefined ? undefined : given.orphanDependents ? 'Orphan' : 'Background';
  const policy = given.propagationPolicy ?? text(query, 'propagationPolicy') ?? orphan;
  if (policy !== undefined && !['Foreground', 'Background', 'Orphan'].includes(policy)) {
    throw badRequest(
      `propagationPolicy: Unsupported value: "${policy}": supported values: "Foreground", "Background", "Orphan"`,
    );
  }
  return defined({
    dryRun: dryRun(given.dryRun ?? query.getAll('dryRun')),
    gracePeriodSeconds: given.gracePeriodSeconds ?? number(query, 'gracePeriodSeconds'),
    propagationPolicy: policy as DeleteOptions['propagationPolicy'],
    preconditions: given.preconditions,
  });
}

function dryRun(values: readonly string[]): boolean | undefined {
  if (values.length === 0) return undefined;
  const wrong = values.find((value) => value !== 'All');
  if (wrong !== undefined) throw badRequest(`dryRun: Unsupported value: "${wrong}": supported values: "All"`);
  return true;
}

function text(query: URLSearchParams, name: string): string | undefined {
  return query.get(name) || undefined;
}

function flag(query: URLSearchParams, name: string): boolean | undefined {
  const value = query.get(name);
  return value === null ? undefined : value !== 'false' && value !== '0';
}

function number(query: URLSearchParams, name: string): number | undefined {
  const value = text(query, name);
  if (value === undefined) return undefined;
  if (!/^\d{1,15}$/.test(value))
    throw badRequest(`${name}: Invalid value: "${value}": it must be a whole number`);
  return Number(value);
}

type Defined<T> = { [Key in keyof T]: Exclude<T[Key], undefined> };

/** Drops members without a value, which absent ones differ from. */
function defined<T extends object>(options: T): Defined<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Defined<T>;
}
