import { StatusError } from '../../../core/api/errors.ts';
import type { Status } from '../../../core/api/generated/meta-v1.ts';
import type { Body, CollectionTarget, Patch, Verbs } from '../../../core/api/verbs.ts';
import type { RestApi, RestRequest } from '../../environment/rest.ts';

/** One whole request, of a verb on a target. "apply" is a patch of its own kind. */
export interface Asked extends CollectionTarget {
  readonly verb: Verb;
  readonly name?: string | undefined;
  /** What is written. */
  readonly body?: object | undefined;
}

export const verbs = [
  'get',
  'list',
  'watch',
  'create',
  'update',
  'patch',
  'apply',
  'delete',
  'deletecollection',
] as const;
export type Verb = (typeof verbs)[number];

/**
 * What came of a request: 'done' with exactly the code that this verb has when it is, or why not. Whatever else came is
 * told as it was, and is never what a test expects.
 */
export type Answer =
  | 'done'
  | 'unauthorized'
  | 'forbidden'
  | 'not admitted'
  | 'absent'
  | 'no such resource'
  | 'method not allowed'
  | (string & {});

/** Matches nothing, so that whoever may delete everything deletes nothing. */
const labelSelector = 'nobody=has-this';
/** Nothing that is asked changes anything: every request finds what the first one found. */
const dryRun = { dryRun: true };
const fieldManager = 'matrix';

export function pathOf({
  group,
  version,
  resource,
  subresource,
  namespace,
  name,
}: Omit<Asked, 'verb' | 'subresource'> & { readonly subresource?: string | undefined }): string {
  const parts = [
    group === '' ? 'api' : `apis/${group}`,
    version,
    ...(namespace === undefined ? [] : ['namespaces', namespace]),
    resource,
    ...(name === undefined ? [] : [name]),
    ...(subresource === undefined ? [] : [subresource]),
  ];
  return `/${parts.join('/')}`;
}

const methods: Readonly<Record<Verb, string>> = {
  get: 'GET',
  list: 'GET',
  watch: 'GET',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  apply: 'PATCH',
  delete: 'DELETE',
  deletecollection: 'DELETE',
};

const contentTypes: Readonly<Partial<Record<Verb, string>>> = {
  patch: 'application/merge-patch+json',
  apply: 'application/apply-patch+yaml',
};

/** Asks over REST. `creates` says that what is done makes something new. */
export async function overRest(
  rest: RestApi,
  asked: Asked,
  as: Pick<RestRequest, 'as' | 'headers'>,
  creates: boolean,
): Promise<Answer> {
  const { verb, body } = asked;
  const reads = ['get', 'list', 'watch'].includes(verb);
  const query = new URLSearchParams({
    ...(reads ? {} : { dryRun: 'All' }),
    ...(verb === 'watch' ? { watch: 'true', timeoutSeconds: '1' } : {}),
    ...(verb === 'deletecollection' ? { labelSelector } : {}),
    ...(verb === 'apply' ? { fieldManager, force: 'true' } : {}),
  });
  const request: RestRequest = {
    ...as,
    ...(body === undefined ? {} : { body: JSON.stringify(body), contentType: contentTypes[verb] }),
  };
  const path = `${pathOf(asked)}?${query.toString()}`;
  const success = creates ? 201 : 200;
  if (verb === 'watch') {
    // One that is let in goes on.
    const message = await rest.open('GET', path, request);
    const code = message.statusCode ?? 0;
    if (code === success) {
      message.destroy();
      return 'done';
    }
    const chunks: Buffer[] = [];
    for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk);
    return refusal(statusIn(Buffer.concat(chunks).toString(), code), asked);
  }
  const { code, text } = await rest.send(methods[verb], path, request);
  return code === success ? 'done' : refusal(statusIn(text, code), asked);
}

function statusIn(text: string, code: number): Status {
  try {
    const status = JSON.parse(text) as Status;
    // The answer's code is what clients go by.
    return { ...status, code };
  } catch {
    return { code, message: text, metadata: {} };
  }
}

/** Asks over gRPC. */
export async function overGrpc(calls: Verbs, asked: Asked): Promise<Answer> {
  const { verb, name, body: object = {}, ...target } = asked;
  const one = { ...target, name: name ?? '' };
  const bytes = Buffer.from(JSON.stringify(object));
  const body: Body = { kind: 'bytes', contentType: 'application/json', bytes };
  const patch = (type: Patch['type']) =>
    calls.patch({}, one, { type, bytes }, { ...dryRun, fieldManager, force: type === 'apply' });
  const ask: Readonly<Record<Verb, () => Promise<unknown>>> = {
    get: () => calls.get({}, one),
    list: () => calls.list({}, target),
    watch: () => firstOf(calls, target),
    create: () => calls.create({}, name === undefined ? target : one, body, dryRun),
    update: () => calls.update({}, one, body, dryRun),
    patch: () => patch('merge'),
    apply: () => patch('apply'),
    delete: () => calls.delete({}, one, dryRun),
    deletecollection: () => calls.deleteCollection({}, target, { labelSelector }, dryRun),
  };
  return answerTo(ask[verb], asked);
}

/** What came of a call over gRPC. */
export async function answerTo(call: () => Promise<unknown>, asked?: Asked): Promise<Answer> {
  try {
    await call();
    return 'done';
  } catch (error) {
    return error instanceof StatusError ? refusal(error.status, asked) : String(error);
  }
}

async function firstOf(calls: Verbs, target: CollectionTarget): Promise<void> {
  const stop = new AbortController();
  const options = { sendInitialEvents: true, allowBookmarks: true, resourceVersion: '0' };
  for await (const _batch of calls.watch({ signal: stop.signal }, target, options)) {
    stop.abort();
    return;
  }
}

/** A refusal by its code, its reason and its words: a 404 of a wrong address is not one of an object. */
function refusal({ code = 0, reason, message = '', details }: Status, asked?: Asked): Answer {
  const { name, resource } = asked ?? {};
  const said = `${code} ${reason}`;
  if (said === '401 Unauthorized' && message === 'Unauthorized') return 'unauthorized';
  if (said === '403 Forbidden')
    return / cannot [a-z]+ (resource|path) /.test(message) ? 'forbidden' : 'not admitted';
  if (said === '405 MethodNotAllowed') return 'method not allowed';
  if (said === '404 NotFound' && message === 'the server could not find the requested resource')
    return 'no such resource';
  if (said === '404 NotFound' && name !== undefined && details?.name === name && details.kind === resource)
    return 'absent';
  return `${said}: ${message}`;
}
