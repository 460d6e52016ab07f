import type { IncomingHttpHeaders } from 'node:http';
import type { PeerCertificate } from 'node:tls';
import type { Metadata } from '@grpc/grpc-js';
import { StatusError } from '../../api/errors.ts';
import type { UserInfo } from '../../api/verbs.ts';
import type { Clock } from '../../machinery/clock.ts';
import { identityOf } from '../authn/client-certificate.ts';
import { bearerToken, unauthorized } from '../authn/identity.ts';
import type { Identity } from '../authn/identity.ts';
import type { TokenAuthenticator } from '../authn/token-authenticator.ts';

/** What is known of who calls before they are known. */
export interface Caller {
  /** An IP address; "unknown" on a Unix socket, and on a connection that is already gone. */
  readonly address: string;
  /** The first value of a header, in lower case. */
  header(name: string): string | undefined;
  /** All headers, where one of them asks to act as somebody else. */
  impersonation(): IncomingHttpHeaders | undefined;
  /** The one the client showed, where the server's client CA signed it. */
  certificate(): PeerCertificate | undefined;
}

/** Says who calls; rejects with Unauthorized. Runs for every call. */
export type Identify = (caller: Caller) => Identity | Promise<Identity>;

const localAdmin: UserInfo = { name: 'system:admin', groups: ['system:masters', 'system:authenticated'] };

/** Whoever is on this machine may do everything; nobody else gets in. */
export function identifyLoopback({ address }: Pick<Caller, 'address'>): Identity {
  if (isLoopback(address)) return { user: localAdmin, expiresAtMs: undefined };
  throw new StatusError('Unauthorized', `Cannot identify a caller from ${address}: only loopback is let in`);
}

export interface PeerCall {
  readonly metadata: Metadata;
  getPeer(): string;
  getAuthContext(): { readonly sslPeerCertificate?: PeerCertificate } | null;
}

export function callerOf(call: PeerCall): Caller {
  return {
    address: addressOf(call.getPeer()),
    header: (name) => call.metadata.get(name)[0]?.toString(),
    impersonation() {
      const headers = call.metadata.toJSON() as Record<string, string[]>;
      return Object.keys(headers).some((name) => name.startsWith('impersonate-')) ? headers : undefined;
    },
    certificate: () => certificateOf(call),
  };
}

/** By connection. It does not change, and to read it anew would be a quarter of a small call's work. */
const certificates = new WeakMap<object, PeerCertificate>();

function certificateOf(call: PeerCall): PeerCertificate | undefined {
  const connection = connectionOf(call);
  const known = connection === undefined ? undefined : certificates.get(connection);
  if (known !== undefined) return known;
  const certificate = call.getAuthContext()?.sslPeerCertificate;
  if (connection !== undefined && certificate !== undefined) certificates.set(connection, certificate);
  return certificate;
}

/** The HTTP/2 session, which grpc-js keeps to itself; undefined where it keeps it elsewhere. */
function connectionOf(call: object): object | undefined {
  const { call: inner } = call as { readonly call?: { readonly stream?: { readonly session?: unknown } } };
  const session = inner?.stream?.session;
  return typeof session === 'object' && session !== null ? session : undefined;
}

/** For a server on a Unix socket: who may open it is the file system's decision. */
export function identifyUnixPeer(): Identity {
  return { user: localAdmin, expiresAtMs: undefined };
}

export interface CallIdentityOptions {
  /** Says whose bearer token it is. */
  readonly tokens: TokenAuthenticator;
  readonly clock: Clock;
}

/** For a server with TLS: as over REST, a client certificate first, then a bearer token, and nobody without. */
export function createCallIdentity({ tokens, clock }: CallIdentityOptions): Identify {
  return async (caller) => {
    const certificate = caller.certificate();
    if (certificate !== undefined) return identityOf(certificate, clock.now());
    const token = bearerToken(caller.header('authorization'));
    const found = token === undefined ? undefined : await tokens.authenticate(token, []);
    if (found === undefined) throw unauthorized();
    return found;
  };
}

function isLoopback(address: string): boolean {
  const ipv4 = address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
  return address === '::1' || /^127\.\d+\.\d+\.\d+$/.test(ipv4);
}

/** grpc-js says "127.0.0.1:40000", "::1:40000" or "unknown". */
function addressOf(peer: string): string {
  return peer.includes(':') ? peer.slice(0, peer.lastIndexOf(':')) : peer;
}
