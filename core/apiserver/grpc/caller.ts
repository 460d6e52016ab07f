import { X509Certificate } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Metadata } from '@grpc/grpc-js';
import type { ClientCertificates } from '../authn/client-certificate.ts';
import { bearerToken, unauthorized } from '../authn/identity.ts';
import type { Identity } from '../authn/identity.ts';
import { linesOfMetadata } from '../authn/request-headers.ts';
import type { TokenAuthenticator } from '../authn/token-authenticator.ts';

/** What is known of who calls before they are known. */
export interface Caller {
  /** An IP address; "unknown" on a Unix socket, and on a connection that is already gone. */
  readonly address: string;
  /** The first value of a header, in lower case. */
  header(name: string): string | undefined;
  /** Those headers that ask to act as somebody else, where there are any. */
  impersonation(): IncomingHttpHeaders | undefined;
  /** All of them. */
  metadata(): Readonly<Record<string, readonly (string | Buffer)[]>>;
  /** The one the client showed, where an authority signed it that TLS trusts; the same object for a connection. */
  certificate(): X509Certificate | undefined;
}

/** Says who calls; rejects with Unauthorized, and when the signal aborts. Runs for every call. */
export type Identify = (caller: Caller, signal: AbortSignal) => Identity | Promise<Identity>;

export interface PeerCall {
  readonly metadata: Metadata;
  getPeer(): string;
  getAuthContext(): { readonly sslPeerCertificate?: { readonly raw: Buffer } } | null;
}

export function callerOf(call: PeerCall): Caller {
  return {
    address: addressOf(call.getPeer()),
    header: (name) => call.metadata.get(name)[0]?.toString(),
    impersonation() {
      const asking = Object.entries(call.metadata.toJSON()).filter(([name]) =>
        name.startsWith('impersonate-'),
      );
      return asking.length === 0 ? undefined : (Object.fromEntries(asking) as Record<string, string[]>);
    },
    metadata: () => call.metadata.toJSON(),
    certificate: () => certificateOf(call),
  };
}

/** By connection. It does not change, and to read it anew would be a quarter of a small call's work. */
const certificates = new WeakMap<object, X509Certificate>();

function certificateOf(call: PeerCall): X509Certificate | undefined {
  const connection = connectionOf(call);
  const known = connection === undefined ? undefined : certificates.get(connection);
  if (known !== undefined) return known;
  const shown = call.getAuthContext()?.sslPeerCertificate;
  const certificate = shown && new X509Certificate(shown.raw);
  if (connection !== undefined && certificate !== undefined) certificates.set(connection, certificate);
  return certificate;
}

/** The HTTP/2 session, which grpc-js keeps to itself; undefined where it keeps it elsewhere. */
function connectionOf(call: object): object | undefined {
  const { call: inner } = call as { readonly call?: { readonly stream?: { readonly session?: unknown } } };
  const session = inner?.stream?.session;
  return typeof session === 'object' && session !== null ? session : undefined;
}

export interface CallIdentityOptions {
  /** Says whose bearer token it is. */
  readonly tokens: TokenAuthenticator;
  readonly certificates: ClientCertificates;
}

/** For a server with TLS: as over REST, a client certificate first, then a bearer token, and nobody without. */
export function createCallIdentity({ tokens, certificates }: CallIdentityOptions): Identify {
  return async (caller, signal) => {
    const certificate = caller.certificate();
    const certified =
      certificate &&
      certificates.identify(certificate, () => linesOfMetadata(caller.metadata(), certificates.headers));
    if (certified !== undefined) return certified;
    const token = bearerToken(caller.header('authorization'));
    const found = token === undefined ? undefined : await tokens.authenticate(token, [], signal);
    if (found === undefined) throw unauthorized();
    return found;
  };
}

/** grpc-js says "127.0.0.1:40000", "::1:40000" or "unknown". */
function addressOf(peer: string): string {
  return peer.includes(':') ? peer.slice(0, peer.lastIndexOf(':')) : peer;
}
