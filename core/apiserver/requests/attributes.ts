import { parseFieldSelector } from '../../machinery/field-selector.ts';
import type { CollectionTarget } from '../../api/verbs.ts';

/** What somebody asks for, told the same way by both front ends (upstream: endpoints/request.RequestInfo). */
export interface RequestAttributes {
  /** A verb of the API; where no resource is named, the HTTP method in lower case. */
  readonly verb: string;
  /** Without the query. Over gRPC, the path that means the same over REST. */
  readonly path: string;
  /** As the client wrote it, with the query. */
  readonly uri: string;
  readonly resource: ResourceAttributes | undefined;
  /** Watches and streams, which have no end of their own. */
  readonly longRunning: boolean;
  /** What a list or watch is narrowed to, as far as that says how much work it is. */
  readonly selection?: Selection | undefined;
}

export interface ResourceAttributes {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string | undefined;
  /** A namespace is within itself. */
  readonly namespace: string | undefined;
  readonly name: string | undefined;
}

export interface Selection {
  /** 0 for none. */
  readonly limit: number;
  /** By labels or fields: more is read than is answered. */
  readonly filtered: boolean;
  /** Absent: the newest state. */
  readonly resourceVersion: string | undefined;
}

/** A target with a name, as the attributes of a request have it. */
export function resourceAttributes(
  target: CollectionTarget & { readonly name?: string | undefined },
  fieldSelector = '',
): ResourceAttributes {
  const { group, version, resource, subresource, namespace } = target;
  const name = target.name ?? nameIn(fieldSelector);
  const itself = group === '' && resource === 'namespaces';
  return {
    group,
    version,
    resource,
    subresource: subresource === '' ? undefined : subresource,
    namespace: itself ? (name ?? namespace) : namespace,
    name,
  };
}

/** Subresources whose requests are streams. */
const streams: ReadonlySet<string | undefined> = new Set(['attach', 'exec', 'log', 'portforward', 'proxy']);

export function isLongRunning(verb: string, subresource: string | undefined): boolean {
  return verb === 'watch' || streams.has(subresource);
}

/** Who asks for one object by its name asks for that name (upstream: requestinfo.go). */
export function nameIn(fieldSelector: string): string | undefined {
  if (fieldSelector === '') return undefined;
  try {
    return parseFieldSelector(fieldSelector).exactValue('metadata.name');
  } catch {
    // What cannot be read is refused further on, to whoever may ask at all.
    return undefined;
  }
}

/** The path of the REST API that leads to a target. */
export function pathOf(target: CollectionTarget & { readonly name?: string | undefined }): string {
  const { group, version, resource, subresource = '', namespace = '', name = '' } = target;
  const parts = group === '' ? ['', 'api', version] : ['', 'apis', group, version];
  if (namespace !== '') parts.push('namespaces', namespace);
  parts.push(resource);
  if (name !== '') parts.push(name);
  if (subresource !== '') parts.push(subresource);
  return parts.map(encodeURIComponent).join('/');
}

/** A path with what else was asked, as a client of the REST API writes it; what is empty, false or 0 is left out. */
export function uriOf(
  path: string,
  asked: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>,
): string {
  const pairs = Object.entries(asked).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value])
      .filter((one) => one !== undefined && one !== '' && one !== false && one !== 0)
      .map((one): [string, string] => [name, String(one)]),
  );
  return pairs.length === 0 ? path : `${path}?${new URLSearchParams(pairs).toString()}`;
}
