import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { badRequest } from '../../api/errors.ts';
import type { UserInfo } from '../../api/verbs.ts';

/** Of one connection, or for this server alone. */
const ownHeaders: ReadonlySet<string> = new Set([
  'authorization',
  'connection',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Who somebody is and acts as is said by this server, never by a client. */
const reserved = ['impersonate-', 'x-remote-', 'x-forwarded-', 'x-real-ip', ':'];

/**
 * What is handed on of a request's headers, with who asks (upstream: transport.SetAuthProxyHeaders). Throws where a
 * name cannot stand in a header.
 */
export function frontProxyHeaders(
  headers: IncomingHttpHeaders,
  user: UserInfo,
  sourceIps: readonly string[],
): OutgoingHttpHeaders {
  const passed: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || ownHeaders.has(name) || reserved.some((prefix) => name.startsWith(prefix)))
      continue;
    passed[name] = value;
  }
  const host = headers.host ?? headers[':authority'];
  return {
    ...passed,
    ...identityHeaders(user),
    ...(sourceIps.length === 0 ? {} : { 'x-forwarded-for': sourceIps.join(', ') }),
    'x-forwarded-proto': 'https',
    ...(host === undefined ? {} : { 'x-forwarded-host': host }),
  };
}

export function identityHeaders({ name, uid, groups, extra = {} }: UserInfo): OutgoingHttpHeaders {
  return {
    'x-remote-user': text(name),
    ...(uid === undefined ? {} : { 'x-remote-uid': text(uid) }),
    ...(groups.length === 0 ? {} : { 'x-remote-group': groups.map(text) }),
    ...Object.fromEntries(
      Object.entries(extra).map(([key, values]) => [
        `x-remote-extra-${encodeURIComponent(key.toLowerCase()).replace(/[!'()*]/g, escaped)}`,
        values.map(text),
      ]),
    ),
  };
}

/** Bytes of UTF-8, as other clients send them; what would end a header is refused. */
function text(value: string): string {
  if (/[\0-\x1f\x7f]/.test(value))
    throw badRequest(`the identity ${JSON.stringify(value)} cannot be handed on: it has control characters`);
  return Buffer.from(value, 'utf8').toString('latin1');
}

function escaped(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}
