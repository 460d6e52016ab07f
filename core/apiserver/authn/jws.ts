import { constants, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

export type Claims = Readonly<Record<string, unknown>>;

/** Those of RFC 7518 that sign with a private key: none at all, and a secret that both sides know, are no proof. */
export const signatureAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'ES256',
  'ES384',
  'ES512',
  'PS256',
  'PS384',
  'PS512',
] as const;
export type SignatureAlgorithm = (typeof signatureAlgorithms)[number];

/** A signed text in its compact form (RFC 7515), taken apart and believed in nothing. */
export interface Jws {
  /** What it says it is signed with. */
  readonly algorithm: unknown;
  readonly keyId: unknown;
  readonly claims: Claims;
  readonly signed: Buffer;
  readonly signature: Buffer;
}

const largestBytes = 16 * 1024;
const curves: Partial<Record<SignatureAlgorithm, string>> = {
  ES256: 'prime256v1',
  ES384: 'secp384r1',
  ES512: 'secp521r1',
};
const smallestModulusBits = 2048;

/** Undefined for whatever is not of the form, or wants something to be understood that nobody here does. */
export function parseJws(token: string): Jws | undefined {
  if (token.length > largestBytes) return undefined;
  const [head = '', body = '', tail = '', ...more] = token.split('.');
  if (more.length > 0 || tail === '') return undefined;
  const header = decode(head);
  const claims = decode(body);
  const signature = bytesOf(tail);
  // RFC 7515 section 4.1.11: what a token calls critical must be understood, and nothing is.
  if (header === undefined || header['crit'] !== undefined || claims === undefined || signature === undefined)
    return undefined;
  const { alg: algorithm, kid: keyId } = header;
  return { algorithm, keyId, claims, signed: Buffer.from(`${head}.${body}`), signature };
}

/** Whether the key is one for the algorithm: nobody signs with RSA's public key as if it were a secret. */
function fits(key: KeyObject, algorithm: SignatureAlgorithm): boolean {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (key.type !== 'public') return false;
  const curve = curves[algorithm];
  if (curve !== undefined) return type === 'ec' && details?.namedCurve === curve;
  return type === 'rsa' && (details?.modulusLength ?? 0) >= smallestModulusBits;
}

/** Whether the key's owner has signed it, with this algorithm. */
export function isSignedBy(
  { signed, signature }: Jws,
  key: KeyObject,
  algorithm: SignatureAlgorithm,
): boolean {
  if (!fits(key, algorithm)) return false;
  const hash = `sha${algorithm.slice(2)}`;
  if (algorithm.startsWith('ES')) return verify(hash, signed, { key, dsaEncoding: 'ieee-p1363' }, signature);
  if (algorithm.startsWith('RS')) return verify(hash, signed, key, signature);
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  return verify(hash, signed, { key, padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }, signature);
}

/** Only the one way of writing the bytes: of two tokens that look different, one is another. */
function bytesOf(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : undefined;
}

function decode(text: string): Claims | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Claims)
      : undefined;
  } catch {
    return undefined;
  }
}
