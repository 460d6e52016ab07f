import 'reflect-metadata';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';
import type { Clock } from '../clock.ts';
import type { KeyPair } from './key-pair.ts';
import { importSigningKey, keyAlgorithm } from './signing-key.ts';

export type { KeyPair };

export interface WantedCertificate {
  readonly name: string;
  /** Distinguished name, such as "O=system:masters, CN=kubernetes-admin". */
  readonly subject: string;
  /** A peer is server and client in one. */
  readonly use: 'ca' | 'server' | 'client' | 'peer';
  readonly addresses?: readonly string[];
  readonly signer?: KeyPair;
}

const dayMs = 24 * 3600 * 1000;
const caLifetimeMs = 3650 * dayMs;
const leafLifetimeMs = 365 * dayMs;
/** Clocks differ a little between machines. */
const backdatedMs = 5 * 60 * 1000;

/** Makes a key on P-256 and a certificate for it: self-signed without a signer, as an authority is. */
export async function makePair(
  { subject, use, addresses, signer }: WantedCertificate,
  clock: Clock,
): Promise<KeyPair> {
  const keys = await crypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify']);
  const notBefore = new Date(clock.now() - backdatedMs);
  const notAfter = new Date(clock.now() + (use === 'ca' ? caLifetimeMs : leafLifetimeMs));
  const common = { subject, notBefore, notAfter, signingAlgorithm: keyAlgorithm };
  const issuer = signer === undefined ? undefined : new x509.X509Certificate(signer.cert.toString());
  const extensions = [
    ...extensionsFor(use, addresses),
    // RFC 5280 sections 4.2.1.1 and 4.2.1.2; strict readers want them.
    await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ...(issuer === undefined ? [] : [await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey)]),
  ];
  const certificate =
    signer === undefined || issuer === undefined
      ? await x509.X509CertificateGenerator.createSelfSigned({ ...common, name: subject, keys, extensions })
      : await x509.X509CertificateGenerator.create({
          ...common,
          issuer: issuer.subject,
          publicKey: keys.publicKey,
          signingKey: await importSigningKey(signer.key),
          extensions,
        });
  const key = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    cert: Buffer.from(`${certificate.toString('pem')}\n`),
    key: Buffer.from(`${x509.PemConverter.encode(key, 'PRIVATE KEY')}\n`),
  };
}

function extensionsFor(use: WantedCertificate['use'], addresses: readonly string[] = []): x509.Extension[] {
  const { digitalSignature, keyCertSign, cRLSign } = x509.KeyUsageFlags;
  if (use === 'ca') {
    return [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(keyCertSign | cRLSign | digitalSignature, true),
    ];
  }
  const { serverAuth, clientAuth } = x509.ExtendedKeyUsage;
  const purposes = [...(use === 'client' ? [] : [serverAuth]), ...(use === 'server' ? [] : [clientAuth])];
  return [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(digitalSignature, true),
    new x509.ExtendedKeyUsageExtension(purposes),
    ...(addresses.length === 0
      ? []
      : [
          new x509.SubjectAlternativeNameExtension(
            addresses.map((value) => ({
              type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const),
              value,
            })),
          ),
        ]),
  ];
}
