import { badRequest, isNotFound, StatusError } from '../../api/errors.ts';
import { pods } from '../../api/generated/resources.ts';
import { isSameResource, parseApiVersion } from '../../api/resource.ts';
import { objectSchemaOf } from '../../api/schema/schemas.ts';
import type { KindDeclaration, Scheme } from '../../api/scheme.ts';
import type { Body, CollectionTarget, Encoded, ObjectTarget, PatchType, Verbs } from '../../api/verbs.ts';
import { escapeFieldValue } from '../../machinery/field-selector.ts';
import { decodeBody, parseBody } from '../handlers/body.ts';
import type { KindToRead } from '../handlers/body.ts';
import { scaleKind } from '../handlers/subresources/scale.ts';
import { metadataOnly, tableColumns, tableRow } from './conversion.ts';
import type { IncludeObject, TableKind } from './conversion.ts';
import type { Exchange } from './exchange.ts';
import { sendList } from './lists.ts';
import { sendInFormat } from './formats.ts';
import { representationFor } from './negotiation.ts';
import type { Offers, Representation } from './negotiation.ts';
import type { DeleteOptions as GivenDeleteOptions } from '../../api/generated/meta-v1.ts';
import { deleteOptions, isTrue, listOptions, patchOptions, watchOptions, writeOptions } from './query.ts';
import type { RequestPath } from './request-info.ts';
import { sendWatch } from './watches.ts';

type ResourcePath = Extract<RequestPath, { kind: 'resource' }>;

const patchTypes: Readonly<Record<string, PatchType>> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
};

/** The kind whose objects a path is about; undefined where it names what no kind has. */
export function kindAt({ target, rest }: ResourcePath, scheme: Scheme): KindDeclaration | undefined {
  // Only a proxy has paths below it.
  return rest === '' ? scheme.byResource(target.group, target.version, target.resource) : undefined;
}

/** Answers a request about objects with the verb that its method and path mean. */
export async function serveResource(
  exchange: Exchange,
  verbs: Verbs,
  kind: KindDeclaration,
  path: ResourcePath,
): Promise<void> {
  const { target, name } = path;
  const object: ObjectTarget | undefined = name === undefined ? undefined : { ...target, name };
  if (path.watch) return watchAt(exchange, verbs, kind, path);
  switch (exchange.request.method) {
    case 'GET':
    case 'HEAD':
      return object === undefined
        ? collection(exchange, verbs, kind, path)
        : getObject(exchange, verbs, kind, object);
    case 'POST':
      return create(exchange, verbs, kind, name === undefined ? target : { ...target, name });
    case 'PUT':
      return update(exchange, verbs, kind, named(object, kind));
    case 'PATCH':
      return patch(exchange, verbs, kind, named(object, kind));
    case 'DELETE':
      return object === undefined
        ? deleteCollection(exchange, verbs, kind, target)
        : deleteObject(exchange, verbs, kind, object);
    default:
      throw methodNotAllowed();
  }
}

function named(object: ObjectTarget | undefined, kind: KindDeclaration): ObjectTarget {
  if (object !== undefined) return object;
  throw new StatusError(
    'MethodNotAllowed',
    `the server does not allow this method on the requested resource: name the ${kind.kind}`,
  );
}

/** How an answer about such objects is to look; throws NotAcceptable. */
function wanted(
  { request }: Exchange,
  kind: KindDeclaration,
  { subresource = '' }: CollectionTarget,
  offers: Offers = {},
): Representation {
  const { subresources = {} } = kind;
  const { verbs } = Object.hasOwn(subresources, subresource) ? (subresources[subresource] ?? kind) : kind;
  // What is only ever created, such as a review, is in no table (endpoints/installer.go: TableConvertor).
  const tables = verbs.some((verb) => verb !== 'create');
  return representationFor(request, { objects: true, tables, ...offers });
}

function methodNotAllowed(): StatusError {
  return new StatusError(
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
  );
}

async function collection(
  exchange: Exchange,
  verbs: Verbs,
  kind: KindDeclaration,
  { target }: ResourcePath,
): Promise<void> {
  const query = exchange.url.searchParams;
  const watching = query.get('watch');
  if (watching !== null && isTrue(watching)) {
    const streamed = wanted(exchange, kind, target, { streamed: true });
    return sendWatch(exchange, verbs, kind, target, watchOptions(query), streamed);
  }
  const representation = wanted(exchange, kind, target);
  const list = await verbs.list(exchange.call, target, listOptions(query));
  return sendList(exchange, kind, list, representation);
}

/** The deprecated "/watch/" form, of a collection or of one object (endpoints/installer.go: WATCH, WATCHLIST). */
async function watchAt(
  exchange: Exchange,
  verbs: Verbs,
  kind: KindDeclaration,
  { target, name }: ResourcePath,
): Promise<void> {
  const { method } = exchange.request;
  if (method !== 'GET' && method !== 'HEAD') throw methodNotAllowed();
  if (target.subresource !== undefined)
    throw new StatusError('NotFound', 'the server could not find the requested resource');
  const representation = wanted(exchange, kind, target, { streamed: true });
  const options = watchOptions(exchange.url.searchParams);
  return sendWatch(
    exchange,
    verbs,
    kind,
    target,
    name === undefined ? options : { ...options, fieldSelector: onlyNamed(name, options.fieldSelector) },
    representation,
  );
}

/** Upstream: endpoints/handlers/get.go. */
function onlyNamed(name: string, given: string | undefined): string {
  if (given !== undefined)
    throw badRequest('both a name and a field selector provided; please provide one or the other.');
  return `metadata.name=${escapeFieldValue(name)}`;
}

async function getObject(
  exchange: Exchange,
  verbs: Verbs,
  kind: KindDeclaration,
  object: ObjectTarget,
): Promise<void> {
  const representation = wanted(exchange, kind, object);
  const resourceVersion = exchange.url.searchParams.get('resourceVersion') || undefined;
  const found = await verbs.get(
    exchange.call,
    object,
    resourceVersion === undefined ? {} : { resourceVersion },
  );
  sendObject(exchange, 200, kind, found, representation);
}

async function create(
  exchange: Exchange,
  verbs: Verbs,
  kind: KindDeclaration,
  target: CollectionTarget & { readonly name?: string },
): Promise<void> {
  const representation = wanted(exchange, kind, target);
  const body = await requestBody(exchange);
  const created = await verbs.create(
    exchange.call,
    target,
    body,
    writeOptions(exchange.url.searchParams, 'CreateOptions'),
  );
  sendObject(exchange, 201, kind, created, representation);
}

async function update(
  exchange: Exchange,
  verbs: Verbs,
  kind: KindDeclaration,
  object: ObjectTarget,
): Promise<void> {
  const representation = wanted(exchange, kind, object);
  const body = await requestBody(exchange);
  const existed = !creates(kind, object) || (await exists(exchange, verbs, object));
  const updated = await verbs.update(
    exchange.call,
    object,
    body,
    writeOptions(exchange.url.searchParams, 'UpdateOptions'),
  );
  sendObject(exchange, existed ? 200 : 201, kind, updated, representation);
}

/** Whether a replacement may be a creation. */
function creates({ createOnUpdate }: KindDeclaration, { subresource = '' }: ObjectTarget): boolean {
  return createOnUpdate === true && subresource === '';
}

async function patch(
  exchange: Exchange,
  verbs: Verbs,
  kind: KindDeclaration,
  object: ObjectTarget,
): Promise<void> {
  const representation = wanted(exchange, kind, object);
  const contentType = (exchange.request.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '';
  const type = patchTypes[contentType];
  if (type === undefined) {
    throw new StatusError(
      'UnsupportedMediaType',
      `the body of the request was in an unknown format - accepted media types include: ${Object.keys(patchTypes).join(', ')}`,
    );
  }
  const bytes = await exchange.body();
  // Only server-side apply creates; it is told from a change by whether the object was there.
  const existed = type !== 'apply' || (await exists(exchange, verbs, object));
  const patched = await verbs.patch(
    exchange.call,
    object,
    { type, bytes },
    patchOptions(exchange.url.searchParams),
  );
  sendObject(exchange, existed ? 200 : 201, kind, patched, representation);
}

async function exists(exchange: Exchange, verbs: Verbs, object: ObjectTarget): Promise<boolean> {
  try {
    // For the process itself: who may patch need not be allowed to read.
    await verbs.get({ signal: exchange.signal }, object, { resourceVersion: '0' });
    return true;
  } catch (error) {
    // What else is wrong is told by the patch itself, to whoever may patch.
    return !isNotFound(error);
  }
}

async function deleteObject(
  exchange: Exchange,
  verbs: Verbs,
  kind: KindDeclaration,
  object: ObjectTarget,
): Promise<void> {
  const representation = wanted(exchange, kind, object);
  const options = deleteOptions(exchange.url.searchParams, await optionsBody(exchange));
  const { object: last, gone } = await verbs.delete(exchange.call, object, options);
  if (!gone || isSameResource(kind, pods)) return sendObject(exchange, 200, kind, last, representation);
  // What is gone is answered with a Status, as upstream does for most kinds.
  const status = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: {
      name: object.name,
      ...(kind.group === '' ? {} : { group: kind.group }),
      kind: kind.plural,
      uid: last.object.metadata.uid,
    },
  };
  sendInFormat(exchange, 200, JSON.stringify(status), representation);
}

async function deleteCollection(
  exchange: Exchange,
  verbs: Verbs,
  kind: KindDeclaration,
  target: CollectionTarget,
): Promise<void> {
  const representation = wanted(exchange, kind, target);
  const query = exchange.url.searchParams;
  const options = deleteOptions(query, await optionsBody(exchange));
  const deleted = await verbs.deleteCollection(exchange.call, target, listOptions(query), options);
  return sendList(exchange, kind, deleted, representation);
}

async function requestBody(exchange: Exchange): Promise<Body> {
  const contentType = exchange.request.headers['content-type'] ?? '';
  return { kind: 'bytes', contentType, bytes: await exchange.body() };
}

const deleteOptionsKind: KindToRead = {
  group: '',
  version: 'v1',
  kind: 'DeleteOptions',
  schema: objectSchemaOf('meta/v1.DeleteOptions'),
};

async function optionsBody(exchange: Exchange): Promise<GivenDeleteOptions | undefined> {
  const body = await requestBody(exchange);
  if (body.kind === 'bytes' && body.bytes.length === 0) return undefined;
  const ignore = { fieldValidation: 'Ignore' } as const;
  // The options may name any group they are sent to.
  const { apiVersion: _, ...value } = parseBody(body, ignore).value;
  return decodeBody(deleteOptionsKind, { value, duplicates: [] }, ignore);
}

function sendObject(
  exchange: Exchange,
  code: number,
  kind: KindDeclaration,
  found: Encoded,
  representation: Representation,
): void {
  sendInFormat(exchange, code, shownAs(exchange, kind, found, representation), representation);
}

function shownAs(
  { url, clock }: Exchange,
  kind: KindDeclaration,
  found: Encoded,
  { as, metaVersion }: Representation,
): Buffer | string {
  const apiVersion = `meta.k8s.io/${metaVersion}`;
  if (as === 'PartialObjectMetadata') return metadataOnly(found, apiVersion);
  const shown = as === 'Table' ? tableKindOf(found, kind) : undefined;
  if (shown === undefined) return found.bytes;
  const include = (url.searchParams.get('includeObject') ?? 'Metadata') as IncludeObject;
  const row = tableRow(shown, found, include, clock.now(), apiVersion).toString();
  const metadata = { resourceVersion: found.resourceVersion };
  const head = { kind: 'Table', apiVersion, metadata, columnDefinitions: tableColumns(shown) };
  return `${JSON.stringify(head).slice(0, -1)},"rows":[${row}]}`;
}

/** Subresources may come back as another kind: a Scale has columns of its own, whatever else comes is no row. */
function tableKindOf({ object }: Encoded, kind: KindDeclaration): TableKind | undefined {
  const { group, version } = parseApiVersion(object.apiVersion ?? '');
  const found = [kind, scaleKind].find((one) => one.kind === object.kind && one.group === group);
  return found?.version === version ? found : undefined;
}
