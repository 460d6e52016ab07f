import type {
  Call,
  CollectionTarget,
  DeleteOptions,
  Encoded,
  PatchType,
  Verbs,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from '../../api/verbs.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { StatusError } from '../../api/errors.ts';
import { checkAccess } from '../handlers/authorize.ts';
import type { Authorizer } from '../handlers/authorize.ts';
import { PlainObject } from '../handlers/plain-object.ts';
import { resourceAttributes } from '../requests/attributes.ts';
import type { Aggregator } from './aggregator.ts';
import { plainPath } from './plain-path.ts';
import { RemoteCalls } from './remote-calls.ts';

type Target = CollectionTarget & { readonly name?: string };

interface RemoteList {
  readonly kind?: string;
  readonly apiVersion?: string;
  readonly metadata?: {
    readonly resourceVersion?: string;
    readonly continue?: string;
    readonly remainingItemCount?: number;
  };
  readonly items?: readonly KubernetesObject[];
}

const patchTypes: Readonly<Record<PatchType, string>> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};

/**
 * The verbs, with what users' API servers serve handed on to them: for front ends whose requests are not HTTP. It is
 * authorized as everything else is.
 */
export function withRemotes(
  local: Verbs,
  aggregator: Pick<Aggregator, 'remoteOf'>,
  authorizer: Authorizer,
): Verbs {
  /** Undefined for what is served here. */
  const enter = async (call: Call, target: Target, verb: string, fieldSelector?: string) => {
    const remote = aggregator.remoteOf(target.group, target.version);
    if (remote === undefined) return undefined;
    const attributes = resourceAttributes(target, fieldSelector);
    await checkAccess(authorizer, { ...attributes, user: call.user, verb }, call.tracker);
    if (!remote.available) throw new StatusError('ServiceUnavailable', 'service unavailable');
    return new RemoteCalls(remote.upstream, call);
  };
  return {
    async get(call, target, options = {}) {
      const remote = await enter(call, target, 'get');
      if (remote === undefined) return local.get(call, target, options);
      return encoded(await remote.json('GET', uri(target, query(options))));
    },
    async list(call, target, options = {}) {
      const remote = await enter(call, target, 'list', options.fieldSelector);
      if (remote === undefined) return local.list(call, target, options);
      return listed((await remote.json('GET', uri(target, query(options)))) as RemoteList);
    },
    watch(call, target, options) {
      if (aggregator.remoteOf(target.group, target.version) === undefined)
        return local.watch(call, target, options);
      return watched(() => enter(call, target, 'watch', options.fieldSelector), target, options);
    },
    async create(call, target, body, options = {}) {
      const remote = await enter(call, target, 'create');
      if (remote === undefined) return local.create(call, target, body, options);
      return encoded(await remote.json('POST', uri(target, writing(options)), remote.bodyOf(body)));
    },
    async update(call, target, body, options = {}) {
      const remote = await enter(call, target, 'update');
      if (remote === undefined) return local.update(call, target, body, options);
      return encoded(await remote.json('PUT', uri(target, writing(options)), remote.bodyOf(body)));
    },
    async patch(call, target, patch, options = {}) {
      const remote = await enter(call, target, 'patch');
      if (remote === undefined) return local.patch(call, target, patch, options);
      const asked = { ...writing(options), ...(options.force === true ? { force: 'true' } : {}) };
      const body = { contentType: patchTypes[patch.type], bytes: patch.bytes };
      return encoded(await remote.json('PATCH', uri(target, asked), body));
    },
    async delete(call, target, options = {}) {
      const remote = await enter(call, target, 'delete');
      if (remote === undefined) return local.delete(call, target, options);
      const answer = await remote.json('DELETE', uri(target), deletion(options));
      // A Status says that it is gone; the object itself, that something keeps it.
      const gone = answer.kind === 'Status';
      const { name, namespace } = target;
      const metadata = { name, ...(namespace === undefined ? {} : { namespace }) };
      return { object: encoded(gone ? { metadata } : answer), gone };
    },
    async deleteCollection(call, target, list = {}, options = {}) {
      const remote = await enter(call, target, 'deletecollection');
      if (remote === undefined) return local.deleteCollection(call, target, list, options);
      return listed((await remote.json('DELETE', uri(target, query(list)), deletion(options))) as RemoteList);
    },
  };
}

async function* watched(
  enter: () => Promise<RemoteCalls | undefined>,
  target: Target,
  options: WatchOptions,
): AsyncGenerator<readonly WatchEvent[], void, undefined> {
  const remote = await enter();
  if (remote === undefined) return;
  const { labelSelector, fieldSelector, sendInitialEvents = false, timeoutSeconds } = options;
  const selectors = { labelSelector, fieldSelector };
  let { resourceVersion = '0' } = options;
  // Not every server can begin a watch with the state; every one can list.
  if (sendInitialEvents || resourceVersion === '0') {
    const list = (await remote.json('GET', uri(target, query(selectors)))) as RemoteList;
    const found = listed(list);
    resourceVersion = found.resourceVersion;
    const initial = found.items.map((object): WatchEvent => ({ type: 'ADDED', object }));
    const end: WatchEvent = { type: 'BOOKMARK', resourceVersion, initialEventsEnd: true };
    yield sendInitialEvents ? [...initial, end] : initial;
  }
  const asked = query({
    ...selectors,
    resourceVersion,
    watch: true,
    allowWatchBookmarks: options.allowBookmarks,
    timeoutSeconds,
  });
  for await (const { type, object } of remote.events(uri(target, asked))) {
    if (type === 'BOOKMARK') {
      const { resourceVersion: at = '' } = object.metadata ?? {};
      yield [{ type, resourceVersion: at, initialEventsEnd: false }];
    } else yield [{ type, object: encoded(object) }];
  }
}

function encoded(object: KubernetesObject): Encoded {
  return new PlainObject({ ...object, metadata: object.metadata ?? {} });
}

function listed({ kind = 'List', apiVersion = '', metadata = {}, items = [] }: RemoteList) {
  const { resourceVersion = '', continue: more = '', remainingItemCount } = metadata;
  // Items of a list need not say what they are.
  const type = { apiVersion, kind: kind.replace(/List$/, '') };
  return {
    items: items.map((item) => encoded({ ...type, ...item })),
    resourceVersion,
    ...(more === '' ? {} : { continue: more }),
    ...(remainingItemCount === undefined ? {} : { remainingItemCount }),
  };
}

/** What is not given is left out. */
function query(options: object): Record<string, string> {
  return Object.fromEntries(
    Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  );
}

function writing({ dryRun, fieldManager, fieldValidation }: WriteOptions): Record<string, string> {
  return {
    ...(dryRun === true ? { dryRun: 'All' } : {}),
    ...(fieldManager === undefined ? {} : { fieldManager }),
    ...(fieldValidation === undefined ? {} : { fieldValidation }),
  };
}

function deletion({ dryRun, ...options }: DeleteOptions) {
  const body = {
    kind: 'DeleteOptions',
    apiVersion: 'v1',
    ...options,
    ...(dryRun === true ? { dryRun: ['All'] } : {}),
  };
  return { contentType: 'application/json', bytes: Buffer.from(JSON.stringify(body)) };
}

function uri(target: Target, asked: Record<string, string> = {}): string {
  const { group, version, resource, subresource = '', namespace = '', name = '' } = target;
  const scope = namespace === '' ? [] : ['namespaces', namespace];
  const object = name === '' ? [] : subresource === '' ? [name] : [name, subresource];
  const path = plainPath(['apis', group, version, ...scope, resource, ...object]);
  const search = new URLSearchParams(asked).toString();
  return search === '' ? path : `${path}?${search}`;
}
