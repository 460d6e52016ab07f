import type { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import type { ClientCertificates } from './client-certificate.ts';
import { anonymous, bearerToken, publicPaths, unauthorized } from './identity.ts';
import type { Identity } from './identity.ts';
import { linesOf } from './request-headers.ts';
import type { TokenAuthenticator } from './token-authenticator.ts';

export interface RequestIdentityOptions {
  /** Says whose bearer token it is. */
  readonly tokens: TokenAuthenticator;
  readonly certificates: ClientCertificates;
}

/**
 * Says who sends a request over TLS: a certificate first, read once a connection, then a bearer token. Whoever shows
 * nothing is anonymous, and that only where everybody may ask; whoever shows something wrong is nobody. Headers by
 * which proxies name users are gone from the request afterwards, whoever sent them.
 */
export function createRequestIdentity({
  tokens,
  certificates,
}: RequestIdentityOptions): (request: IncomingMessage, signal: AbortSignal) => Promise<Identity> {
  const shown = new WeakMap<object, X509Certificate>();

  function certificateOf(request: IncomingMessage): X509Certificate | undefined {
    // Of HTTP/2, every request has a socket object of its own; the session is the connection.
    const connection = (request as unknown as Partial<Http2ServerRequest>).stream?.session ?? request.socket;
    const before = shown.get(connection);
    if (before !== undefined) return before;
    const socket = request.socket as TLSSocket;
    const certificate = socket.getPeerX509Certificate?.();
    if (certificate === undefined) return undefined;
    if (!socket.authorized) throw unauthorized();
    shown.set(connection, certificate);
    return certificate;
  }

  function certified(request: IncomingMessage): Identity | undefined {
    const certificate = certificateOf(request);
    try {
      return certificate && certificates.identify(certificate, () => linesOf(request.rawHeaders));
    } finally {
      for (const name in request.headers)
        if (certificates.headers.identifies(name)) delete request.headers[name];
    }
  }

  return async (request, signal) => {
    const identity = certified(request);
    if (identity !== undefined) return identity;
    const { authorization } = request.headers;
    if (authorization === undefined) {
      const path = (request.url ?? '').split('?', 1)[0] ?? '';
      if (publicPaths.has(path)) return anonymous;
      throw unauthorized();
    }
    const token = bearerToken(authorization);
    const found = token === undefined ? undefined : await tokens.authenticate(token, [], signal);
    if (found === undefined) throw unauthorized();
    return found;
  };
}
