import { constants, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../../core/machinery/clock.ts';
import type { KeyPair } from '../../core/machinery/pki/key-pair.ts';
import { makePair } from '../../core/machinery/pki/make-certificate.ts';

/** An authority, and what its issuers on this machine answer with. */
export async function issuerPairs(): Promise<{ readonly ca: KeyPair; readonly tls: KeyPair }> {
  const ca = await makePair({ name: 'ca', subject: 'CN=ca', use: 'ca' }, systemClock);
  const server = { name: 'issuer', subject: 'CN=issuer', use: 'server', signer: ca } as const;
  return { ca, tls: await makePair({ ...server, addresses: ['localhost'] }, systemClock) };
}

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export interface IssuerKey {
  readonly keyId: string;
  readonly privateKey: KeyObject;
}

/** A server on loopback that publishes keys as OpenID Connect Discovery says, and signs with them. */
export class OidcIssuer implements AsyncDisposable {
  /** What it publishes; may be changed while it runs. */
  keys: readonly (IssuerKey & { readonly extra?: object })[];
  /** By path: answers in place of the proper one. */
  readonly instead = new Map<string, Answer>();
  /** Paths in the order they were asked for. */
  readonly asked: string[] = [];
  readonly url: string;
  readonly #server: ReturnType<typeof createServer>;

  private constructor(server: ReturnType<typeof createServer>, keys: readonly IssuerKey[]) {
    this.#server = server;
    this.keys = keys;
    this.url = `https://localhost:${(server.address() as AddressInfo).port}`;
    server.on('request', (request, response) => this.#answer(request, response));
  }

  static async start(tls: KeyPair, keys: readonly IssuerKey[]): Promise<OidcIssuer> {
    const server = createServer({ cert: tls.cert, key: tls.key });
    await new Promise<void>((resolve) => {
      server.listen(0, 'localhost', resolve);
    });
    return new OidcIssuer(server, keys);
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '';
    this.asked.push(path);
    const other = this.instead.get(path);
    if (other !== undefined) return other(request, response);
    const send = (value: object) => response.end(JSON.stringify(value));
    if (path === '/.well-known/openid-configuration')
      send({ issuer: this.url, jwks_uri: `${this.url}/keys` });
    else if (path === '/keys') send({ keys: this.keys.map(publish) });
    else response.writeHead(404).end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => {
      this.#server.close(resolve);
    });
  }
}

function publish({ keyId, privateKey, extra }: IssuerKey & { readonly extra?: object }): object {
  return { use: 'sig', ...createPublicKey(privateKey).export({ format: 'jwk' }), kid: keyId, ...extra };
}

export function rsaKey(keyId: string, modulusLength = 2048): IssuerKey {
  return { keyId, privateKey: generateKeyPairSync('rsa', { modulusLength }).privateKey };
}

export function ecKey(keyId: string, namedCurve = 'P-256'): IssuerKey {
  return { keyId, privateKey: generateKeyPairSync('ec', { namedCurve }).privateKey };
}

/** A token, signed as its header says, or with whatever `signer` makes of the text. */
export function makeToken(
  claims: object,
  header: Readonly<Record<string, unknown>>,
  signer: KeyObject | ((text: Buffer) => Buffer),
): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${encode(header)}.${encode(claims)}`;
  const bytes = Buffer.from(text);
  const signature =
    typeof signer === 'function' ? signer(bytes) : signAs(String(header['alg']), bytes, signer);
  return `${text}.${signature.toString('base64url')}`;
}

function signAs(algorithm: string, text: Buffer, key: KeyObject): Buffer {
  const hash = `sha${algorithm.slice(2)}`;
  if (algorithm.startsWith('ES')) return sign(hash, text, { key, dsaEncoding: 'ieee-p1363' });
  if (algorithm.startsWith('RS')) return sign(hash, text, key);
  const saltLength = constants.RSA_PSS_SALTLEN_DIGEST;
  return sign(hash, text, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });
}
