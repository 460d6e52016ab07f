import { badRequest } from '../../api/errors.ts';
import * as wire from '../../api/generated/wheelhouse.ts';
import type {
  Body,
  CollectionTarget,
  DeleteOptions,
  Encoded,
  FieldValidation,
  ListOptions,
  ObjectTarget,
  PatchType,
  Verbs,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from '../../api/verbs.ts';
import { isLongRunning, pathOf, resourceAttributes, uriOf } from '../requests/attributes.ts';
import type { RequestAttributes } from '../requests/attributes.ts';
import { linkSignals } from '../../machinery/signals.ts';
import { RecentEncodings } from '../recent-encodings.ts';
import { encodeBookmark, encodeEvent, sendEvents, sendList } from './list-chunks.ts';
import { streamMethod, unaryMethod, type MethodContext, type ServedMethod } from './methods.ts';

/** The verbs as a gRPC service: stored bytes go out as they are. */
export function objectsService(verbs: Verbs, context: MethodContext): readonly ServedMethod[] {
  const { get, list, watch, create, update, patch, delete: remove, deleteCollection } = wire.Objects;
  const encodings = new RecentEncodings(encodeEvent);
  return [
    unaryMethod(get, context, asks('get'), async (call, { target, resourceVersion }) =>
      reply(await verbs.get(call, objectTarget(target), given({ resourceVersion }))),
    ),
    streamMethod(
      list,
      context,
      ({ target, options }) => lists('list', target, options),
      async (call, { target, options }, out) =>
        sendList(await verbs.list(call, collectionTarget(target), listOptions(options)), out),
    ),
    streamMethod(
      watch,
      context,
      (request) => lists('watch', request.target, request),
      async (call, request, out) => {
        // A watch has no end of its own, so it ends when the server does.
        using ending = linkSignals(call.signal, context.stopping);
        const { signal } = ending;
        const target = collectionTarget(request.target);
        for await (const batch of verbs.watch({ ...call, signal }, target, watchOptions(request))) {
          if (!(await sendEvents(encoded(batch, encodings), out))) return;
        }
      },
    ),
    unaryMethod(create, context, asks('create'), async (call, { target, json, options }) => {
      const where = collectionTarget(target);
      const name = target?.name ?? '';
      const to = name === '' ? where : { ...where, name };
      const created = await verbs.create(call, to, body(json), writeOptions(options));
      call.tracker?.started(201);
      return reply(created);
    }),
    unaryMethod(update, context, asks('update'), async (call, { target, json, options }) =>
      reply(await verbs.update(call, objectTarget(target), body(json), writeOptions(options))),
    ),
    unaryMethod(patch, context, asks('patch'), async (call, request) =>
      reply(
        await verbs.patch(
          call,
          objectTarget(request.target),
          { type: patchType(request.type), bytes: request.patch },
          { ...writeOptions(request.options), ...(request.force ? { force: true } : {}) },
        ),
      ),
    ),
    unaryMethod(remove, context, asks('delete'), async (call, { target, options }) => {
      const { object, gone } = await verbs.delete(call, objectTarget(target), deleteOptions(options));
      return { object: reply(object), gone };
    }),
    streamMethod(
      deleteCollection,
      context,
      asks('deletecollection'),
      async (call, { target, list, options }, out) =>
        sendList(
          await verbs.deleteCollection(
            call,
            collectionTarget(target),
            listOptions(list),
            deleteOptions(options),
          ),
          out,
        ),
    ),
  ];
}

interface Asking {
  readonly target: wire.Target | undefined;
  readonly options?: { readonly dryRun?: boolean; readonly fieldManager?: string } | undefined;
}

/** What a request is about, as far as it says. */
function asks(verb: string) {
  return ({ target, options }: Asking) => {
    const { dryRun = false, fieldManager } = options ?? {};
    return attributesOf(verb, target, { dryRun: dryRun ? 'All' : '', fieldManager });
  };
}

function lists(
  verb: string,
  target: wire.Target | undefined,
  options: Partial<
    Pick<wire.ListOptions, 'labelSelector' | 'fieldSelector' | 'limit' | 'resourceVersion'>
  > = {},
): RequestAttributes {
  const { limit = 0, labelSelector = '', fieldSelector = '', resourceVersion = '' } = options;
  return {
    ...attributesOf(verb, target, {
      watch: verb === 'watch',
      labelSelector,
      fieldSelector,
      limit,
      resourceVersion,
    }),
    selection: {
      limit,
      filtered: labelSelector !== '' || fieldSelector !== '',
      resourceVersion: resourceVersion === '' ? undefined : resourceVersion,
    },
  };
}

function attributesOf(
  verb: string,
  target: wire.Target | undefined,
  asked: { readonly fieldSelector?: string } & Parameters<typeof uriOf>[1],
): RequestAttributes {
  const { group = '', version = '', resource = '', subresource = '', namespace, name } = target ?? {};
  const where = {
    group,
    version,
    resource,
    subresource,
    ...given({ namespace: namespace ?? '', name: name ?? '' }),
  };
  const path = pathOf(where);
  return {
    verb,
    path,
    uri: uriOf(path, asked),
    resource: resourceAttributes(where, asked.fieldSelector),
    longRunning: isLongRunning(verb, subresource),
  };
}

function* encoded(batch: readonly WatchEvent[], encodings: RecentEncodings): Iterable<Buffer> {
  for (const event of batch) {
    yield event.type === 'BOOKMARK'
      ? encodeBookmark(event.resourceVersion, event.initialEventsEnd)
      : encodings.of(event.type, event.object);
  }
}

function reply({ bytes, resourceVersion }: Encoded): wire.ApiObjectInit {
  return { json: bytes, resourceVersion };
}

function body(bytes: Buffer): Body {
  return { kind: 'bytes', contentType: 'application/json', bytes };
}

function collectionTarget(target: wire.Target | undefined): CollectionTarget {
  if (target === undefined || target.version === '' || target.resource === '') {
    throw badRequest('Cannot serve the request: its target has no version or no resource');
  }
  const { group, version, resource, subresource, namespace } = target;
  return { group, version, resource, ...given({ subresource, namespace }) };
}

function objectTarget(target: wire.Target | undefined): ObjectTarget {
  const where = collectionTarget(target);
  const name = target?.name ?? '';
  if (name === '') throw badRequest(`Cannot serve the request: the target in ${where.resource} has no name`);
  return { ...where, name };
}

function listOptions(options: wire.ListOptions | undefined): ListOptions {
  if (options === undefined) return {};
  const { labelSelector, fieldSelector, limit, resourceVersion, resourceVersionMatch } = options;
  if (
    resourceVersionMatch !== '' &&
    resourceVersionMatch !== 'Exact' &&
    resourceVersionMatch !== 'NotOlderThan'
  ) {
    throw badRequest(
      `Cannot list: resourceVersionMatch "${resourceVersionMatch}" is neither "Exact" nor "NotOlderThan"`,
    );
  }
  return {
    ...given({ labelSelector, fieldSelector, continue: options.continue, resourceVersion }),
    ...(limit === 0 ? {} : { limit }),
    ...(resourceVersionMatch === '' ? {} : { resourceVersionMatch }),
  };
}

function watchOptions(request: wire.WatchRequest): WatchOptions {
  const { labelSelector, fieldSelector, resourceVersion, timeoutSeconds } = request;
  return {
    ...given({ labelSelector, fieldSelector, resourceVersion }),
    ...(request.allowBookmarks ? { allowBookmarks: true } : {}),
    ...(request.sendInitialEvents ? { sendInitialEvents: true } : {}),
    ...(timeoutSeconds === 0 ? {} : { timeoutSeconds }),
  };
}

function writeOptions(options: wire.WriteOptions | undefined): WriteOptions {
  if (options === undefined) return {};
  const { dryRun, fieldManager, fieldValidation } = options;
  if (fieldValidation !== '' && !isFieldValidation(fieldValidation)) {
    throw badRequest(
      `Cannot write: fieldValidation "${fieldValidation}" is none of "Strict", "Warn" and "Ignore"`,
    );
  }
  return {
    ...(dryRun ? { dryRun } : {}),
    ...given({ fieldManager }),
    ...(fieldValidation === '' ? {} : { fieldValidation }),
  };
}

function deleteOptions(options: wire.DeleteOptions | undefined): DeleteOptions {
  if (options === undefined) return {};
  const { dryRun, gracePeriodSeconds, propagationPolicy, uid, resourceVersion } = options;
  const { ignoreStoreReadErrorWithClusterBreakingPotential: isUnsafe } = options;
  if (propagationPolicy !== '' && !isPropagationPolicy(propagationPolicy)) {
    throw badRequest(
      `Cannot delete: propagationPolicy "${propagationPolicy}" is none of "Foreground", "Background" and "Orphan"`,
    );
  }
  const preconditions = given({ uid, resourceVersion });
  return {
    ...(dryRun ? { dryRun } : {}),
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    ...(propagationPolicy === '' ? {} : { propagationPolicy }),
    ...(Object.keys(preconditions).length === 0 ? {} : { preconditions }),
    ...(isUnsafe ? { ignoreStoreReadErrorWithClusterBreakingPotential: true } : {}),
  };
}

function patchType(type: string): PatchType {
  if (type === 'json' || type === 'merge' || type === 'strategic' || type === 'apply') return type;
  throw badRequest(`Cannot patch: "${type}" is none of "json", "merge", "strategic" and "apply"`);
}

function isFieldValidation(value: string): value is FieldValidation {
  return value === 'Strict' || value === 'Warn' || value === 'Ignore';
}

function isPropagationPolicy(value: string): value is NonNullable<DeleteOptions['propagationPolicy']> {
  return value === 'Foreground' || value === 'Background' || value === 'Orphan';
}

/** Without the strings that are empty: on the wire, empty is absent. */
function given<K extends string>(values: Readonly<Record<K, string>>): { readonly [Key in K]?: string } {
  const present: { [Key in K]?: string } = {};
  for (const key of Object.keys(values) as K[]) if (values[key] !== '') present[key] = values[key];
  return present;
}
