import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../../machinery/clock.ts';
import { identityOf } from './client-certificate.ts';
import { anonymous, bearerToken, publicPaths, unauthorized } from './identity.ts';
import type { Identity } from './identity.ts';
import type { TokenAuthenticator } from './token-authenticator.ts';

export interface RequestIdentityOptions {
  /** Says whose bearer token it is. */
  readonly tokens: TokenAuthenticator;
  readonly clock: Clock;
}

/**
 * Says who sends a request over TLS: a certificate first, read once a connection, then a bearer token. Whoever shows
 * nothing is anonymous, and that only where everybody may ask; whoever shows something wrong is nobody.
 */
export function createRequestIdentity({
  tokens,
  clock,
}: RequestIdentityOptions): (request: IncomingMessage) => Promise<Identity> {
  const known = new WeakMap<object, Identity>();

  function certified(request: IncomingMessage): Identity | undefined {
    // Of HTTP/2, every request has a socket object of its own; the session is the connection.
    const connection = (request as unknown as Partial<Http2ServerRequest>).stream?.session ?? request.socket;
    const before = known.get(connection);
    if (before !== undefined) {
      if (clock.now() >= (before.expiresAtMs ?? Infinity)) throw unauthorized();
      return before;
    }
    const socket = request.socket as TLSSocket;
    const certificate = socket.getPeerCertificate?.();
    if (certificate?.subject === undefined) return undefined;
    if (!socket.authorized) throw unauthorized();
    const identity = identityOf(certificate, clock.now());
    known.set(connection, identity);
    return identity;
  }

  return async (request) => {
    const identity = certified(request);
    if (identity !== undefined) return identity;
    const { authorization } = request.headers;
    if (authorization === undefined) {
      const path = (request.url ?? '').split('?', 1)[0] ?? '';
      if (publicPaths.has(path)) return anonymous;
      throw unauthorized();
    }
    const token = bearerToken(authorization);
    const found = token === undefined ? undefined : await tokens.authenticate(token, []);
    if (found === undefined) throw unauthorized();
    return found;
  };
}
