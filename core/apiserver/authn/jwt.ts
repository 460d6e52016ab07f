import { createHash, createPublicKey, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { isSignedBy, parseJws } from './jws.ts';
import type { Claims } from './jws.ts';

/** The keys of an issuer: one signs, all verify, so that keys can be replaced while older tokens still hold. */
export interface SigningKeys {
  readonly signing: KeyObject;
  /** Public keys, the signing one's among them. P-256 or RSA. */
  readonly verifying: readonly KeyObject[];
}

export type { Claims };
export type Algorithm = 'ES256' | 'RS256';

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
    const jws = parseJws(token);
    const known = typeof jws?.keyId === 'string' ? this.#verifying.get(jws.keyId) : undefined;
    if (jws === undefined || known === undefined || jws.algorithm !== known.algorithm) return undefined;
    return isSignedBy(jws, known.key, known.algorithm) ? jws.claims : undefined;
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
