import type { PeerCertificate } from 'node:tls';
import { unauthorized } from './identity.ts';
import type { Identity } from './identity.ts';

const authenticated = 'system:authenticated';

/**
 * Who a client certificate stands for: its common name is the user, its organisations are the groups (upstream:
 * authentication/request/x509). The caller has seen to it that the client CA signed it. Throws Unauthorized when it
 * names nobody, or has ended.
 */
export function identityOf(
  certificate: Pick<PeerCertificate, 'subject' | 'valid_to'>,
  nowMs: number,
): Identity {
  const { CN: name, O: organisations } = certificate.subject as {
    CN?: string | string[];
    O?: string | string[];
  };
  const expiresAtMs = Date.parse(certificate.valid_to);
  if (typeof name !== 'string' || name === '' || !(expiresAtMs > nowMs)) throw unauthorized();
  const groups = organisations === undefined ? [] : [organisations].flat();
  const user = { name, groups: groups.includes(authenticated) ? groups : [...groups, authenticated] };
  return { user, expiresAtMs };
}
