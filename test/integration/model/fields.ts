import type { Deployment } from '../../../core/api/generated/apps-v1.ts';

/**
 * What the steps of the game set of a Deployment: maps, an atomic map (nodeSelector), an atomic list (args), and lists
 * by keys within a list by keys (env and ports of containers).
 */
export interface Fields {
  readonly labels?: Readonly<Record<string, string>>;
  readonly replicas?: number;
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly containers?: readonly Container[];
}

export interface Container {
  readonly name: string;
  readonly image?: string;
  readonly args?: readonly string[];
  /** By name. */
  readonly env?: Readonly<Record<string, string>>;
  /** Names by port number. */
  readonly ports?: Readonly<Record<string, string>>;
}

/** Of a Deployment's status: the state of each condition by its type. */
export type Conditions = Readonly<Record<string, string>>;

/**
 * An object as one line a value: "containers/a/env/X/value" → "1". An item of a list is a line of its own
 * ("containers/a" → ""), as it is owned for itself. What is atomic is one value, as JSON.
 */
export type Values = ReadonlyMap<string, string>;

export const finalizer = 'example.com/hold';

export function valuesOfFields({
  labels,
  replicas,
  nodeSelector,
  containers = [],
}: Fields): Map<string, string> {
  const values = new Map<string, string>();
  for (const [key, value] of Object.entries(labels ?? {})) values.set(`labels/${key}`, value);
  if (replicas !== undefined) values.set('replicas', String(replicas));
  if (nodeSelector !== undefined) values.set('nodeSelector', sortedJson(nodeSelector));
  for (const { name, image, args, env, ports } of containers) {
    const at = `containers/${name}`;
    values.set(at, '');
    if (image !== undefined) values.set(`${at}/image`, image);
    if (args !== undefined) values.set(`${at}/args`, JSON.stringify(args));
    for (const [key, value] of Object.entries(env ?? {}))
      values.set(`${at}/env/${key}`, '').set(`${at}/env/${key}/value`, value);
    for (const [port, value] of Object.entries(ports ?? {}))
      values.set(`${at}/ports/${port}`, '').set(`${at}/ports/${port}/name`, value);
  }
  return values;
}

export function valuesOfConditions(conditions: Conditions): Map<string, string> {
  return new Map(
    Object.entries(conditions).flatMap(([type, status]) => [
      [`conditions/${type}`, ''],
      [`conditions/${type}/status`, status],
    ]),
  );
}

export function sortedJson(map: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(map).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** How the parts of a Deployment go over the wire. Ports leave out their protocol, which is half of their key. */
export function wireContainers(containers: readonly Container[]): readonly object[] {
  return containers.map(({ name, image, args, env, ports }) => ({
    name,
    ...(image === undefined ? {} : { image }),
    ...(args === undefined ? {} : { args }),
    ...(env === undefined ? {} : { env: Object.entries(env).map(([key, value]) => ({ name: key, value })) }),
    ...(ports === undefined
      ? {}
      : {
          ports: Object.entries(ports).map(([port, called]) => ({
            containerPort: Number(port),
            name: called,
          })),
        }),
  }));
}

export function wireConditions(conditions: Conditions): readonly object[] {
  return Object.entries(conditions).map(([type, status]) => ({ type, status }));
}

/** The whole configuration: what is fixed, and these fields. */
export function wireDeployment(name: string, fields: Fields, metadata: object = {}): object {
  const { labels, replicas, nodeSelector, containers } = fields;
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, ...metadata, ...(labels === undefined ? {} : { labels }) },
    spec: {
      ...(replicas === undefined ? {} : { replicas }),
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: {
          ...(nodeSelector === undefined ? {} : { nodeSelector }),
          ...(containers === undefined ? {} : { containers: wireContainers(containers) }),
        },
      },
    },
  };
}

/** The lines of an object that a server answered. */
export function valuesOf({ metadata, spec, status }: Deployment): Map<string, string> {
  const template = spec.template.spec;
  const values = valuesOfFields({
    ...(metadata.labels === undefined ? {} : { labels: metadata.labels }),
    ...(spec.replicas === undefined ? {} : { replicas: spec.replicas }),
    ...(template?.nodeSelector === undefined ? {} : { nodeSelector: template.nodeSelector }),
  });
  for (const { name, image, args, env = [], ports = [] } of template?.containers ?? []) {
    const at = `containers/${name}`;
    values.set(at, '');
    if (image !== undefined) values.set(`${at}/image`, image);
    if (args !== undefined) values.set(`${at}/args`, JSON.stringify(args));
    for (const item of env) {
      values.set(`${at}/env/${item.name}`, '');
      if (item.value !== undefined) values.set(`${at}/env/${item.name}/value`, item.value);
    }
    for (const item of ports) {
      values.set(`${at}/ports/${item.containerPort}`, '');
      if (item.name !== undefined) values.set(`${at}/ports/${item.containerPort}/name`, item.name);
    }
  }
  for (const each of metadata.finalizers ?? []) values.set(`finalizers/${each}`, '');
  for (const { type, status: state } of status?.conditions ?? [])
    values.set(`conditions/${type}`, '').set(`conditions/${type}/status`, state);
  return values;
}

/** A node of fieldsV1. */
type Tree = { readonly [element: string]: Tree | undefined };

/** Who owns which of the lines: "Apply kim" or, through a subresource, "Update kim status". */
export function ownersOf({ metadata }: Deployment): Map<string, Set<string>> {
  const owners = new Map<string, Set<string>>();
  for (const { manager = '', operation = '', subresource, fieldsV1 } of metadata.managedFields ?? []) {
    const lines = new Set<string>(linesOf(fieldsV1 as Tree));
    const writer = writerName(operation, manager, subresource);
    if (owners.has(writer)) throw new Error(`"${writer}" is noted twice`);
    if (lines.size > 0) owners.set(writer, lines);
  }
  return owners;
}

export function writerName(operation: string, manager: string, subresource?: string): string {
  return [operation, manager, ...(subresource === undefined ? [] : [subresource])].join(' ');
}

function* linesOf(tree: Tree): Generator<string> {
  const { 'f:metadata': metadata, 'f:spec': spec, 'f:status': status } = tree;
  for (const key of namesIn(metadata?.['f:labels'])) yield `labels/${key}`;
  for (const element of Object.keys(metadata?.['f:finalizers'] ?? {}))
    if (element.startsWith('v:')) yield `finalizers/${JSON.parse(element.slice(2)) as string}`;
  if (spec?.['f:replicas'] !== undefined) yield 'replicas';
  const template = spec?.['f:template']?.['f:spec'];
  if (template?.['f:nodeSelector'] !== undefined) yield 'nodeSelector';
  for (const [name, container] of itemsIn(template?.['f:containers'], 'name')) {
    const at = `containers/${name}`;
    yield* itemLines(at, container, ['image', 'args']);
    for (const [key, item] of itemsIn(container['f:env'], 'name'))
      yield* itemLines(`${at}/env/${key}`, item, ['value']);
    for (const [port, item] of itemsIn(container['f:ports'], 'containerPort'))
      yield* itemLines(`${at}/ports/${port}`, item, ['name']);
  }
  for (const [type, condition] of itemsIn(status?.['f:conditions'], 'type'))
    yield* itemLines(`conditions/${type}`, condition, ['status']);
}

function* itemLines(at: string, item: Tree, fields: readonly string[]): Generator<string> {
  if (item['.'] !== undefined) yield at;
  for (const field of fields) if (item[`f:${field}`] !== undefined) yield `${at}/${field}`;
}

function namesIn(tree: Tree | undefined): string[] {
  return Object.keys(tree ?? {}).flatMap((element) => (element.startsWith('f:') ? [element.slice(2)] : []));
}

function itemsIn(tree: Tree | undefined, key: string): [string, Tree][] {
  return Object.entries(tree ?? {}).flatMap(([element, item]) => {
    if (!element.startsWith('k:') || item === undefined) return [];
    const { [key]: value } = JSON.parse(element.slice(2)) as Record<string, string | number>;
    return [[String(value), item] satisfies [string, Tree]];
  });
}
