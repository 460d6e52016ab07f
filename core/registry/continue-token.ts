import { badRequest } from '../api/errors.ts';

/** Where a list goes on. Opaque to clients; upstream's form (apiserver/pkg/storage/continue.go). */
export interface ContinueToken {
  /** The revision of the first page; -1 after it was compacted: go on with what there is now. */
  readonly revision: number;
  /** The key of the last item delivered. */
  readonly startAfter: string;
}

const version = 'meta.k8s.io/v1';

/** `prefix` is left out of the token: it says nothing, and a token must not reach beyond it. */
export function encodeContinue({ revision, startAfter }: ContinueToken, prefix: string): string {
  if (!startAfter.startsWith(prefix))
    throw new Error(`Cannot continue a list of "${prefix}" after "${startAfter}": it is not in it`);
  // Upstream names the key to start from, not the one to start after: the same key and a zero byte.
  const start = `${startAfter.slice(prefix.length)}\u0000`;
  return Buffer.from(JSON.stringify({ v: version, rv: revision, start })).toString('base64url');
}

export function decodeContinue(token: string, prefix: string): ContinueToken {
  const { v, rv, start } = parsed(token);
  if (v !== version || typeof rv !== 'number' || !Number.isSafeInteger(rv) || rv < -1 || rv === 0)
    throw invalidToken(token);
  if (typeof start !== 'string' || start === '' || start.length > 2_000) throw invalidToken(token);
  const startAfter = start.endsWith('\u0000') ? start.slice(0, -1) : start;
  if (startAfter.startsWith('/') || startAfter.split('/').includes('..')) throw invalidToken(token);
  return { revision: rv, startAfter: prefix + startAfter };
}

function parsed(token: string): { v?: unknown; rv?: unknown; start?: unknown } {
  if (token.length > 8_000) throw invalidToken(`${token.slice(0, 40)}…`);
  try {
    const value: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Said below.
  }
  throw invalidToken(token);
}

function invalidToken(token: string) {
  return badRequest(`continue key is not valid: ${JSON.stringify(token.slice(0, 200))}`);
}
