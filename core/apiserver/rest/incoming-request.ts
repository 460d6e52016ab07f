import type { IncomingMessage, ServerResponse } from 'node:http';
import { isLongRunning, resourceAttributes } from '../requests/attributes.ts';
import type { RequestAttributes, Selection } from '../requests/attributes.ts';
import { isTrue } from './query.ts';
import type { RequestPath } from './request-info.ts';
import { auditIdHeader } from '../requests/pipeline.ts';
import type { IncomingRequest, RequestPipeline } from '../requests/pipeline.ts';
import { sourceIps } from '../requests/source-ips.ts';
import type { RestServerOptions } from './server.ts';

/** A request over REST, as the pipeline takes it. */
export function incomingRequest(
  request: IncomingMessage,
  response: Pick<ServerResponse, 'setHeader'> | undefined,
  url: URL,
  path: RequestPath | undefined,
  { identify, pipeline }: Pick<RestServerOptions, 'identify'> & { readonly pipeline: RequestPipeline },
  end: IncomingRequest['end'],
): IncomingRequest {
  const { headers } = request;
  const one = (name: string) => [headers[name] ?? []].flat()[0];
  return {
    attributes: restAttributes(request.method ?? '', url, path),
    auditId: pipeline.auditIdFor(one(auditIdHeader)),
    userAgent: headers['user-agent'],
    timeout: url.search === '' ? undefined : (url.searchParams.get('timeout') ?? undefined),
    sourceIps: () => sourceIps(one('x-forwarded-for'), one('x-real-ip'), request.socket.remoteAddress),
    identify: (signal) => identify(request, signal),
    classified({ schemaUid, levelUid }) {
      if (schemaUid !== undefined) response?.setHeader('x-kubernetes-pf-flowschema-uid', schemaUid);
      if (levelUid !== undefined) response?.setHeader('x-kubernetes-pf-prioritylevel-uid', levelUid);
    },
    end,
    impersonation() {
      for (const name in headers) if (name.startsWith('impersonate-')) return headers;
      return undefined;
    },
  };
}

/** What it asks for. */
function restAttributes(method: string, url: URL, path: RequestPath | undefined): RequestAttributes {
  const uri = url.search === '' ? url.pathname : `${url.pathname}${url.search}`;
  if (path?.kind !== 'resource') {
    const verb = method.toLowerCase();
    return { verb, path: url.pathname, uri, resource: undefined, longRunning: false };
  }
  const query = url.search === '' ? undefined : url.searchParams;
  const one = path.name !== undefined;
  // One object is read whatever the query says: its path has no other form.
  const verb = verbOf(method, one, path.watch || (!one && isSet(query?.get('watch'))));
  const selector = one ? undefined : (query?.get('fieldSelector') ?? undefined);
  const resource = resourceAttributes({ ...path.target, name: path.name }, selector);
  return {
    verb,
    path: url.pathname,
    uri,
    resource,
    longRunning: isLongRunning(verb, resource.subresource),
    ...(verb === 'list' || verb === 'watch' ? { selection: selectionOf(query) } : {}),
  };
}

/** Upstream: requestinfo.go. */
function verbOf(method: string, one: boolean, watch: boolean): string {
  switch (method) {
    case 'GET':
    case 'HEAD':
      return watch ? 'watch' : one ? 'get' : 'list';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return one ? 'delete' : 'deletecollection';
    default:
      return method.toLowerCase();
  }
}

function isSet(value: string | null | undefined): boolean {
  return value !== undefined && value !== null && isTrue(value);
}

function selectionOf(query: URLSearchParams | undefined): Selection {
  if (query === undefined) return { limit: 0, filtered: false, resourceVersion: undefined };
  return {
    limit: Number(query.get('limit') ?? 0) || 0,
    filtered: query.has('labelSelector') || query.has('fieldSelector'),
    resourceVersion: query.get('resourceVersion') || undefined,
  };
}
