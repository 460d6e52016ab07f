import { createHash, createPublicKey, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** The keys of an issuer: one signs, all verify, so that keys can be replaced while older tokens still hold. */
export interface SigningKeys {
  readonly signing: KeyObject;
  /** Public keys, the signing one's among them. P-256 or RSA. */
  readonly verifying: readonly KeyObject[];
}

export type Claims = Readonly<Record<string, unknown>>;
export type Algorithm = 'ES256' | 'RS256';

const largestTokenBytes = 16 * 1024;

/** JSON Web Tokens (RFC 7519) of one issuer: the key decides the algorithm, never the token. */
export class TokenSigner {
  readonly #signing: { readonly key: KeyObject; readonly keyId: string; readonly algorithm: Algorithm };
  readonly #verifying: ReadonlyMap<string, { readonly key: KeyObject; readonly algorithm: Algorithm }>;

  constructor({ signing, verifying }: SigningKeys) {
    const own = createPublicKey(signing);
    this.#signing = { key: signing, keyId: keyIdOf(own), algorithm: algorithmOf(own) };
    this.#verifying = new Map(
      [own, ...verifying].map((key) => [keyIdOf(key), { key, algorithm: algorithmOf(key) }]),
    );
  }

  get algorithms(): readonly Algorithm[] {
    return [...new Set([...this.#verifying.values()].map(({ algorithm }) => algorithm))];
  }

  sign(claims: Claims): string {
    const { key, keyId, algorithm } = this.#signing;
    const head = encode({ alg: algorithm, kid: keyId });
    const body = `${head}.${encode(claims)}`;
    const signature = sign('sha256', Buffer.from(body), { key, dsaEncoding: 'ieee-p1363' });
    return `${body}.${signature.toString('base64url')}`;
  }

  /** The claims, where one of the keys has signed them; times and audiences are the caller's to check. */
  verify(token: string): Claims | undefined {
    if (token.length > largestTokenBytes) return undefined;
    const [head = '', body = '', signature = '', ...more] = token.split('.');
    if (more.length > 0 || signature === '') return undefined;
    const header = decode(head);
    const { kid, alg } = header ?? {};
    const known = typeof kid === 'string' ? this.#verifying.get(kid) : undefined;
    // RFC 7515 section 4.1.11: what a token calls critical must be understood, and nothing is.
    if (known === undefined || alg !== known.algorithm || header?.['crit'] !== undefined) return undefined;
    const { key } = known;
    const bytes = Buffer.from(signature, 'base64url');
    if (bytes.toString('base64url') !== signature) return undefined;
    if (!verify('sha256', Buffer.from(`${head}.${body}`), { key, dsaEncoding: 'ieee-p1363' }, bytes))
      return undefined;
    return decode(body);
  }

  /** The public keys as RFC 7517 writes them. */
  jwks(): { readonly keys: readonly object[] } {
    const keys = [...this.#verifying].map(([kid, { key, algorithm }]) => ({
      use: 'sig',
      ...key.export({ format: 'jwk' }),
      kid,
      alg: algorithm,
    }));
    return { keys };
  }
}

function algorithmOf(key: KeyObject): Algorithm {
  if (key.asymmetricKeyType === 'rsa') return 'RS256';
  if (key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return 'ES256';
  throw new Error(`Cannot use a key of type "${key.asymmetricKeyType}" for tokens: it must be P-256 or RSA`);
}

/** As upstream names keys: the hash of their DER form (pkg/serviceaccount/jwt.go). */
function keyIdOf(key: KeyObject): string {
  const der = key.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(der).digest('base64url');
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
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
