import 'reflect-metadata';
import type { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

export interface WantedRequest {
  readonly subject: string;
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
  readonly emailAddresses?: readonly string[];
  readonly uris?: readonly string[];
  readonly algorithm?: 'P-256' | 'RSA' | 'Ed25519';
}

export interface MadeRequest {
  /** PKCS #10. */
  readonly pem: string;
  /** The form that CertificateSigningRequests have. */
  readonly base64: string;
  /** PEM of PKCS #8. */
  readonly key: string;
}

const algorithms = {
  'P-256': { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  RSA: {
    name: 'RSASSA-PKCS1-v1_5',
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
    hash: 'SHA-256',
  },
  Ed25519: { name: 'Ed25519' },
};

/** A key, and a request for a certificate that is signed with it. */
export async function makeCertificateRequest({
  subject,
  dnsNames = [],
  ipAddresses = [],
  emailAddresses = [],
  uris = [],
  algorithm = 'P-256',
}: WantedRequest): Promise<MadeRequest> {
  const signingAlgorithm = algorithms[algorithm];
  const keys = (await crypto.subtle.generateKey(signingAlgorithm, true, [
    'sign',
    'verify',
  ])) as webcrypto.CryptoKeyPair;
  const names = [
    ...dnsNames.map((value) => ({ type: 'dns' as const, value })),
    ...ipAddresses.map((value) => ({ type: 'ip' as const, value })),
    ...emailAddresses.map((value) => ({ type: 'email' as const, value })),
    ...uris.map((value) => ({ type: 'url' as const, value })),
  ];
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: subject,
    keys,
    signingAlgorithm,
    extensions: names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)],
  });
  const pem = `${request.toString('pem')}\n`;
  const key = x509.PemConverter.encode(
    await crypto.subtle.exportKey('pkcs8', keys.privateKey),
    'PRIVATE KEY',
  );
  return { pem, base64: Buffer.from(pem).toString('base64'), key: `${key}\n` };
}

/** A request that shows the key of another, which its maker does not have. Both of P-256. */
export function showingKeyOf(pem: string, other: string): string {
  const [request, theirs] = [derOf(pem), derOf(other)];
  // BIT STRING of an uncompressed point of 65 bytes.
  const point = Buffer.from('03420004', 'hex');
  const at = theirs.indexOf(point);
  theirs.copy(request, request.indexOf(point), at, at + 68);
  return `${x509.PemConverter.encode(request, 'CERTIFICATE REQUEST')}\n`;
}

function derOf(pem: string): Buffer {
  return Buffer.from(x509.PemConverter.decodeFirst(pem));
}
