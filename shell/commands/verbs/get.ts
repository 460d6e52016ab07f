import type { KubernetesObject } from '../../../core/api/object.ts';
import { isGone, isNotFound } from '../../../core/api/errors.ts';
import { JsonPathError } from '../../../core/api/custom/json-path.ts';
import type { JsonPath } from '../../../core/api/custom/json-path.ts';
import { relaxedPath } from '../../../core/printers/custom-columns.ts';
import { printerOf } from '../../../core/printers/printers.ts';
import { UsageError } from '../command.ts';
import type { Command, Invocation } from '../command.ts';
import { completeTargets } from '../complete-targets.ts';
import { errorText } from '../errors.ts';
import { fileFlags, readManifests } from '../manifests.ts';
import { outputFlags, outputFormat } from '../output-format.ts';
import { CustomColumnsWriter, jsonPathText, listOf, objectText, serialise, TableWriter } from '../output.ts';
import type { RowWriter, TableOptions } from '../output.ts';
import { objectLabel } from '../../../core/client/resource-index.ts';
import type { ServedResource } from '../../../core/client/resource-index.ts';
import { parseTargets } from '../targets.ts';
import type { Target } from '../targets.ts';
import { findKind } from '../find-kind.ts';

/** kubectl asks for lists in pages of this size. */
const defaultChunk = 500;

export const get: Command = {
  name: 'get',
  summary: 'Show objects as a table, YAML or JSON',
  usage: '(TYPE[,TYPE...] [NAME ...] | TYPE/NAME ... | -f FILE) [flags]',
  examples: [
    { says: 'Pods of the current namespace', line: 'get pods' },
    { says: 'One Deployment as YAML', line: 'get deployment web -o yaml' },
    { says: 'The image of a Pod', line: "get pod web-1 -o jsonpath='{.spec.containers[0].image}'" },
    {
      says: 'Columns of your own',
      line: 'get pods -o custom-columns=NAME:.metadata.name,NODE:.spec.nodeName',
    },
    { says: 'Follow the Pods of an app in every namespace', line: 'get pods -A -l app=web -w' },
  ],
  flags: [
    ...outputFlags,
    ...fileFlags,
    { name: 'all-namespaces', short: 'A', type: 'boolean', help: 'Look in every namespace' },
    { name: 'selector', short: 'l', type: 'string', help: 'Only objects with these labels' },
    { name: 'field-selector', type: 'string', help: 'Only objects with these field values' },
    { name: 'watch', short: 'w', type: 'boolean', help: 'List, then show every change until Ctrl-C' },
    { name: 'watch-only', type: 'boolean', help: 'Show changes without the list' },
    { name: 'output-watch-events', type: 'boolean', help: 'Begin rows of a watch with the kind of change' },
    { name: 'no-headers', type: 'boolean', help: 'Leave the heading out' },
    { name: 'show-labels', type: 'boolean', help: 'Add a column with all labels' },
    { name: 'label-columns', short: 'L', type: 'list', help: 'Add a column for each of these labels' },
    { name: 'show-kind', type: 'boolean', help: 'Write names as type/name' },
    { name: 'sort-by', type: 'string', help: 'Sort by a field, such as .metadata.creationTimestamp' },
    { name: 'ignore-not-found', type: 'boolean', help: 'Say nothing of names that do not exist' },
    {
      name: 'chunk-size',
      type: 'integer',
      help: `Ask for lists in pages of this size (default ${defaultChunk})`,
    },
  ],
  complete: completeTargets,

  async run(invocation) {
    const { words, flags, session, io } = invocation;
    const index = await session.resources(io.signal);
    if (flags.commaList('filename').length > 0) return getFromFiles(invocation);
    if (words.length === 0) throw new UsageError('You must specify the type of resource to get');
    const targets = parseTargets(words, index);
    if (flags.boolean('watch') || flags.boolean('watch-only')) return watchTarget(invocation, targets);
    return printTargets(invocation, targets);
  },
};

async function getFromFiles(invocation: Invocation): Promise<number> {
  const index = await invocation.session.resources(invocation.io.signal);
  const manifests = await readManifests(invocation.flags, invocation.io);
  const targets = manifests.map(({ object }) => ({
    resource: findKind(index, object.kind ?? ''),
    names: [object.metadata.name ?? ''],
  }));
  return printTargets(invocation, targets);
}

interface Found {
  readonly resource: ServedResource;
  readonly objects: readonly KubernetesObject[];
}

async function printTargets(invocation: Invocation, targets: readonly Target[]): Promise<number> {
  const { flags, io } = invocation;
  const found: Found[] = [];
  let code = 0;
  for (const target of mergeSameKind(targets)) {
    const { objects, errors } = await fetchTarget(invocation, target);
    found.push({ resource: target.resource, objects: sorted(objects, flags.string('sort-by')) });
    for (const error of errors) {
      code = 1;
      await io.stderr.write(`${errorText(error)}\n`);
    }
  }
  const all = found.flatMap(({ objects }) => objects);
  const format = outputFormat(flags);
  const single = targets.length === 1 && targets[0]?.names.length === 1;
  if (format.kind === 'name') {
    const lines = found.flatMap(({ resource, objects }) =>
      objects.map((object) => objectLabel(resource, object.metadata.name ?? '')),
    );
    await io.stdout.write(lines.map((line) => `${line}\n`).join(''));
  } else if (format.kind === 'yaml' || format.kind === 'json') {
    if (!single || all.length > 0) await io.stdout.write(serialise(all, format.kind, !single));
  } else if (format.kind === 'jsonpath') {
    if (!single || all.length > 0) await io.stdout.write(jsonPathText(single ? all[0] : listOf(all), format));
  } else if (format.kind === 'custom-columns') {
    const writer = new CustomColumnsWriter(format.columns, !flags.boolean('no-headers'));
    await io.stdout.write(textOfLines(writer.lines(all)));
  } else if (all.length === 0) {
    if (code === 0 && !flags.boolean('ignore-not-found'))
      await io.stderr.write(`${nothingFound(invocation, targets)}\n`);
  } else await printTables(invocation, found, targets.length > 1);
  return code;
}

/** `get pod/a pod/b` prints one table, as kubectl does. */
function mergeSameKind(targets: readonly Target[]): readonly Target[] {
  const merged = new Map<ServedResource, string[] | undefined>();
  for (const { resource, names } of targets) {
    const before = merged.get(resource);
    merged.set(resource, [...(before ?? []), ...names]);
  }
  return [...merged].map(([resource, names]) => ({ resource, names: names ?? [] }));
}

async function fetchTarget(
  { flags, session, io }: Invocation,
  { resource, names }: Target,
): Promise<{ objects: readonly KubernetesObject[]; errors: readonly unknown[] }> {
  const { client } = session.cluster;
  const everywhere = flags.boolean('all-namespaces');
  const namespace = resource.namespaced && !everywhere ? session.namespace : undefined;
  if (names.length > 0) {
    if (everywhere) throw new UsageError('a resource cannot be retrieved by name across all namespaces');
    const results = await Promise.allSettled(
      names.map((name) => client.get(resource, { namespace, name }, { signal: io.signal })),
    );
    const refused = results
      .filter((result) => result.status === 'rejected')
      .map(({ reason }) => reason as unknown);
    return {
      objects: results.filter((result) => result.status === 'fulfilled').map(({ value }) => value),
      errors: refused.filter((error) => !(isNotFound(error) && flags.boolean('ignore-not-found'))),
    };
  }
  const objects: KubernetesObject[] = [];
  let next: string | undefined;
  do {
    const page = await client.list(resource, {
      namespace,
      limit: flags.integer('chunk-size') ?? defaultChunk,
      signal: io.signal,
      ...selectors(flags.string('selector'), flags.string('field-selector')),
      ...(next === undefined ? {} : { continue: next }),
    });
    objects.push(...page.items);
    next = page.continue;
  } while (next !== undefined && next !== '');
  return { objects, errors: [] };
}

function selectors(labels: string | undefined, fields: string | undefined) {
  return {
    ...(labels === undefined ? {} : { labelSelector: labels }),
    ...(fields === undefined ? {} : { fieldSelector: fields }),
  };
}

async function printTables(
  invocation: Invocation,
  found: readonly Found[],
  severalKinds: boolean,
): Promise<void> {
  const { io } = invocation;
  const shown = found.filter(({ objects }) => objects.length > 0);
  for (const [index, { resource, objects }] of shown.entries()) {
    const writer = new TableWriter(
      resource,
      printerOf(resource),
      tableOptions(invocation, resource, severalKinds),
    );
    if (index > 0) await io.stdout.write('\n');
    await io.stdout.write(textOfLines(writer.lines(objects, Date.now())));
  }
}

function tableOptions({ flags }: Invocation, resource: ServedResource, severalKinds: boolean): TableOptions {
  return {
    wide: flags.string('output') === 'wide',
    withNamespace: flags.boolean('all-namespaces') && resource.namespaced,
    withKind: severalKinds || flags.boolean('show-kind'),
    headers: !flags.boolean('no-headers'),
    labelColumns: flags.commaList('label-columns'),
    showLabels: flags.boolean('show-labels'),
  };
}

function nothingFound({ flags, session }: Invocation, targets: readonly Target[]): string {
  const namespaced = targets.some(({ resource }) => resource.namespaced);
  return namespaced && !flags.boolean('all-namespaces')
    ? `No resources found in ${session.namespace} namespace.`
    : 'No resources found';
}

/** Lists, then follows changes until the command is cancelled; a watch that fell behind starts over silently. */
async function watchTarget(invocation: Invocation, targets: readonly Target[]): Promise<number> {
  const { flags, session, io } = invocation;
  const [target] = targets;
  if (target === undefined || targets.length > 1 || target.names.length > 1) {
    throw new UsageError('you may only specify a single resource type, or a single name, with --watch');
  }
  const { resource, names } = target;
  const format = outputFormat(flags);
  const writer = watchWriter(invocation, resource);
  const namespace = resource.namespaced && !flags.boolean('all-namespaces') ? session.namespace : undefined;
  const fields = [
    flags.string('field-selector'),
    names[0] === undefined ? undefined : `metadata.name=${names[0]}`,
  ];
  const options = selectors(flags.string('selector'), fields.filter(Boolean).join(',') || undefined);
  const seen = new Map<string, string | undefined>();
  let quiet = flags.boolean('watch-only');

  const show = async (objects: readonly { type: string; object: KubernetesObject }[]) => {
    if (objects.length === 0) return;
    if (format.kind !== 'table' && format.kind !== 'custom-columns') {
      await io.stdout.write(objects.map(({ object }) => objectText(resource, object, format)).join(''));
      return;
    }
    const lines = writer.lines(
      objects.map(({ object }) => object),
      Date.now(),
    );
    const typed = flags.boolean('output-watch-events');
    const offset = lines.length - objects.length;
    const text = lines.map((line, at) =>
      typed ? `${(objects[at - offset]?.type ?? 'EVENT').padEnd(10)}${line}` : line,
    );
    await io.stdout.write(textOfLines(text));
  };

  while (!io.signal.aborted) {
    const list = await session.cluster.client.list(resource, { namespace, signal: io.signal, ...options });
    // After a restart of the watch only what changed meanwhile is news.
    const news = list.items.filter(
      (item) => seen.get(item.metadata.uid ?? '') !== item.metadata.resourceVersion,
    );
    for (const item of list.items) seen.set(item.metadata.uid ?? '', item.metadata.resourceVersion);
    if (!quiet) await show(news.map((object) => ({ type: 'ADDED', object })));
    quiet = false;
    try {
      const events = session.cluster.client.watch(resource, {
        namespace,
        signal: io.signal,
        resourceVersion: list.resourceVersion,
        ...options,
      });
      for await (const batch of events) {
        const changes = batch.filter((event) => event.type !== 'BOOKMARK');
        for (const { type, object } of changes) {
          if (type === 'DELETED') seen.delete(object.metadata.uid ?? '');
          else seen.set(object.metadata.uid ?? '', object.metadata.resourceVersion);
        }
        await show(changes);
      }
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }
  return 0;
}

function watchWriter(invocation: Invocation, resource: ServedResource): RowWriter {
  const { flags } = invocation;
  const format = outputFormat(flags);
  if (format.kind === 'custom-columns')
    return new CustomColumnsWriter(format.columns, !flags.boolean('no-headers'));
  return new TableWriter(resource, printerOf(resource), tableOptions(invocation, resource, false));
}

function textOfLines(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}

/** Sorts by a JSON path such as `.metadata.name` or `{.status.startTime}`; numbers as numbers, the rest as text. */
function sorted(objects: readonly KubernetesObject[], path: string | undefined): readonly KubernetesObject[] {
  if (path === undefined) return objects;
  const steps = sortPath(path);
  return objects.toSorted((a, b) => {
    const [[left], [right]] = [steps.find(a), steps.find(b)];
    if (typeof left === 'number' && typeof right === 'number') return left - right;
    return textOf(left).localeCompare(textOf(right), 'en', { numeric: true });
  });
}

function sortPath(text: string): JsonPath {
  try {
    return relaxedPath(text);
  } catch (cause) {
    if (cause instanceof JsonPathError) throw new UsageError(cause.message, { cause });
    throw cause;
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? '');
}
