import type { Metadata } from '@grpc/grpc-js';
import { StatusError } from '../../api/errors.ts';
import type { UserInfo } from '../../api/verbs.ts';

/** What is known of who calls before they are known. */
export interface Caller {
  /** An IP address; "unknown" on a Unix socket, and on a connection that is already gone. */
  readonly address: string;
  /** The first value of a header, in lower case. */
  header(name: string): string | undefined;
}

/** Says who calls; rejects with Unauthorized. Runs for every call. */
export type Identify = (caller: Caller) => UserInfo | Promise<UserInfo>;

const localAdmin: UserInfo = { name: 'system:admin', groups: ['system:masters', 'system:authenticated'] };

/** Whoever is on this machine may do everything; nobody else gets in. */
export function identifyLoopback({ address }: Caller): UserInfo {
  if (isLoopback(address)) return localAdmin;
  throw new StatusError('Unauthorized', `Cannot identify a caller from ${address}: only loopback is let in`);
}

export function callerOf(call: { readonly metadata: Metadata; getPeer(): string }): Caller {
  return {
    address: addressOf(call.getPeer()),
    header: (name) => call.metadata.get(name)[0]?.toString(),
  };
}

/** For a server on a Unix socket: who may open it is the file system's decision. */
export function identifyUnixPeer(): UserInfo {
  return localAdmin;
}

function isLoopback(address: string): boolean {
  const ipv4 = address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
  return address === '::1' || /^127\.\d+\.\d+\.\d+$/.test(ipv4);
}

/** grpc-js says "127.0.0.1:40000", "::1:40000" or "unknown". */
function addressOf(peer: string): string {
  return peer.includes(':') ? peer.slice(0, peer.lastIndexOf(':')) : peer;
}
