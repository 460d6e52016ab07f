import 'reflect-metadata';
import { X509Certificate as ParsedCertificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import type { CertificateRequest } from './certificate-request.ts';
import type { KeyPair } from './key-pair.ts';
import { importSigningKey, keyAlgorithm } from './signing-key.ts';

/** Under the names that CertificateSigningRequests give them. */
export const certificateUsages = [
  'digital signature',
  'key encipherment',
  'client auth',
  'server auth',
] as const;
export type CertificateUsage = (typeof certificateUsages)[number];

export interface SignOptions {
  readonly authority: KeyPair;
  readonly usages: readonly CertificateUsage[];
  readonly nowMs: number;
  readonly lifetimeMs: number;
}

/** Clocks differ a little between machines. */
const backdatedMs = 5 * 60 * 1000;
/** What lives shorter is given its whole time from now on (certificates/authority/policies.go). */
const shortMs = 8 * 3600 * 1000;

/**
 * The certificate that is asked for, PEM: subject, alternative names and key of the request, and nothing else of it.
 * Never outlives the authority. Throws where that has ended.
 */
export async function signRequest(
  request: CertificateRequest,
  { authority, usages, nowMs, lifetimeMs }: SignOptions,
): Promise<string> {
  const issuer = new x509.X509Certificate(authority.cert.toString());
  const wantedMs = nowMs + lifetimeMs - (lifetimeMs < shortMs ? 0 : backdatedMs);
  const notAfter = new Date(Math.min(wantedMs, issuer.notAfter.getTime()));
  if (notAfter.getTime() <= nowMs)
    throw new Error(
      `Cannot sign a certificate request: the authority ended at ${issuer.notAfter.toISOString()}`,
    );
  const certificate = await x509.X509CertificateGenerator.create({
    subject: new x509.Name(request.subject),
    issuer: issuer.subjectName,
    publicKey: request.publicKey,
    notBefore: new Date(nowMs - backdatedMs),
    notAfter,
    signingAlgorithm: keyAlgorithm,
    signingKey: await importSigningKey(authority.key),
    extensions: [
      ...extensionsOf(request, usages),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return `${certificate.toString('pem')}\n`;
}

/**
 * Servers read certificates with other code than requests are judged with. What is wrong where they would see another
 * name; undefined: nothing.
 */
export function differenceIn(
  { commonName, organizations }: CertificateRequest,
  pem: string,
): string | undefined {
  const { CN = '', O = [] } = new ParsedCertificate(pem).toLegacyObject().subject as {
    CN?: string | string[];
    O?: string | string[];
  };
  const groups = [O].flat();
  const alike =
    CN === commonName &&
    groups.length === organizations.length &&
    groups.every((group, i) => group === organizations[i]);
  return alike ? undefined : 'subject can be read in more than one way';
}

function extensionsOf(request: CertificateRequest, usages: readonly CertificateUsage[]): x509.Extension[] {
  const flags = [
    ...(usages.includes('digital signature') ? [x509.KeyUsageFlags.digitalSignature] : []),
    ...(usages.includes('key encipherment') ? [x509.KeyUsageFlags.keyEncipherment] : []),
  ];
  const purposes = [
    ...(usages.includes('server auth') ? [x509.ExtendedKeyUsage.serverAuth] : []),
    ...(usages.includes('client auth') ? [x509.ExtendedKeyUsage.clientAuth] : []),
  ];
  const names = [
    ...request.dnsNames.map((value) => ({ type: 'dns' as const, value })),
    ...request.emailAddresses.map((value) => ({ type: 'email' as const, value })),
    ...request.ipAddresses.map((value) => ({ type: 'ip' as const, value })),
    ...request.uris.map((value) => ({ type: 'url' as const, value })),
  ];
  return [
    new x509.BasicConstraintsExtension(false, undefined, true),
    ...(flags.length === 0 ? [] : [new x509.KeyUsagesExtension(sum(flags), true)]),
    ...(purposes.length === 0 ? [] : [new x509.ExtendedKeyUsageExtension(purposes)]),
    ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)]),
  ];
}

function sum(flags: readonly x509.KeyUsageFlags[]): x509.KeyUsageFlags {
  return flags.reduce((all, flag) => all | flag);
}
