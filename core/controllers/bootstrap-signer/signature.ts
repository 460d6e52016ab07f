import { createHmac } from 'node:crypto';

/**
 * What shows the owner of a bootstrap token that a text comes from somebody who knows the token too: a JWS in its
 * compact form without its content (RFC 7515, appendix F), HS256 with the token's secret (RFC 7518, 3.2).
 * Whoever has the token makes it anew and compares (cluster-bootstrap/token/jws).
 */
export function detachedSignature(content: string, { id, secret }: { id: string; secret: string }): string {
  const header = base64url(JSON.stringify({ alg: 'HS256', kid: id }));
  const signature = createHmac('sha256', secret)
    .update(`${header}.${base64url(content)}`)
    .digest('base64url');
  return `${header}..${signature}`;
}

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}
