import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { StatusError } from '../../api/errors.ts';
import type { UserInfo } from '../../api/verbs.ts';

const authenticated = 'system:authenticated';

/**
 * Who a client certificate stands for: its common name is the user, its organisations are the groups (upstream:
 * authentication/request/x509). Only certificates that the server's client CA signed are believed; without one,
 * nobody is let in.
 */
export function identifyCertificate(request: IncomingMessage): UserInfo {
  const socket = request.socket as TLSSocket;
  const certificate = socket.getPeerCertificate?.();
  if (!socket.authorized || certificate?.subject === undefined) {
    throw new StatusError('Unauthorized', 'Unauthorized');
  }
  const { CN: name, O: organisations } = certificate.subject as {
    CN?: string | string[];
    O?: string | string[];
  };
  if (typeof name !== 'string' || name === '') throw new StatusError('Unauthorized', 'Unauthorized');
  const groups = organisations === undefined ? [] : [organisations].flat();
  return { name, groups: groups.includes(authenticated) ? groups : [...groups, authenticated] };
}
