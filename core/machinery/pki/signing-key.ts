import 'reflect-metadata';
import type { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

/** The kind of key that every certificate authority of a cluster has. */
export const keyAlgorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** The private key of an authority, PEM of PKCS #8. */
export function importSigningKey(pem: Buffer): Promise<webcrypto.CryptoKey> {
  const der = x509.PemConverter.decodeFirst(pem.toString());
  return crypto.subtle.importKey('pkcs8', der, keyAlgorithm, false, ['sign']);
}
