import { X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { makeCertificateRequest, showingKeyOf } from '../../../test/builders/certificate-request.ts';
import { makePair } from './make-certificate.ts';
import { SteppedClock } from '../stepped-clock.ts';
import { readCertificateRequest } from './certificate-request.ts';
import type { KeyPair } from './key-pair.ts';
import { differenceIn, signRequest } from './sign-request.ts';

const clock = new SteppedClock();
const hourMs = 3_600_000;
let authority: KeyPair;

beforeAll(async () => {
  authority = await makePair({ name: 'ca', subject: 'CN=ca', use: 'ca' }, clock);
});

const sign = async (pem: string, lifetimeMs = 24 * hourMs, nowMs = clock.now()) =>
  new X509Certificate(
    await signRequest(await readCertificateRequest(pem), {
      authority,
      usages: ['client auth', 'digital signature'],
      nowMs,
      lifetimeMs,
    }),
  );

describe('a request for a certificate', () => {
  test('is read with all its names', async () => {
    const { pem } = await makeCertificateRequest({
      subject: 'O=a, O=b, CN=ann',
      dnsNames: ['example.com'],
      ipAddresses: ['10.0.0.1', 'fd00::1'],
      emailAddresses: ['ann@example.com'],
      uris: ['spiffe://example.com/ann'],
    });
    expect(await readCertificateRequest(pem)).toMatchObject({
      commonName: 'ann',
      organizations: ['a', 'b'],
      dnsNames: ['example.com'],
      ipAddresses: ['10.0.0.1', expect.stringMatching(/^fd00:.*1$/)],
      emailAddresses: ['ann@example.com'],
      uris: ['spiffe://example.com/ann'],
    });
  });

  test.each(['P-256', 'RSA', 'Ed25519'] as const)('is signed for a key of type %s', async (algorithm) => {
    const { pem } = await makeCertificateRequest({ subject: 'O=a, CN=ann', algorithm });
    const certificate = await sign(pem);
    expect(certificate.verify(new X509Certificate(authority.cert).publicKey)).toBe(true);
    expect(certificate.ca).toBe(false);
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    expect(certificate.subject).toBe('O=a\nCN=ann');
  });

  test('is given the time it asks for, which ends with the authority at the latest', async () => {
    const { pem } = await makeCertificateRequest({ subject: 'CN=ann' });
    const endOf = async (lifetimeMs: number) => Date.parse((await sign(pem, lifetimeMs)).validTo);
    expect(await endOf(hourMs)).toBe(clock.now() + hourMs);
    expect(await endOf(10 * hourMs)).toBe(clock.now() + 10 * hourMs - 300_000);
    const end = Date.parse(new X509Certificate(authority.cert).validTo);
    expect(await endOf(1e6 * hourMs)).toBe(end);
    await expect(sign(pem, hourMs, end + 1)).rejects.toThrow(/the authority ended at/);
  });

  test('is refused when somebody else has signed it', async () => {
    const [one, other] = await Promise.all([
      makeCertificateRequest({ subject: 'CN=ann' }),
      makeCertificateRequest({ subject: 'CN=ann' }),
    ]);
    const forged = showingKeyOf(one.pem, other.pem);
    await expect(readCertificateRequest(forged)).rejects.toThrow(/its signature is not of the key it shows/);
  });

  test('is refused when it is none, or has two names', async () => {
    await expect(readCertificateRequest('nothing')).rejects.toThrow(/^Cannot read a certificate request: /);
    const { pem } = await makeCertificateRequest({ subject: 'CN=ann, CN=system:admin' });
    await expect(readCertificateRequest(pem)).rejects.toThrow(/more than one common name/);
  });

  test('of which servers would read another name is found out', async () => {
    const { pem } = await makeCertificateRequest({ subject: 'O=a, O=b, CN=ann' });
    const request = await readCertificateRequest(pem);
    const certificate = (await sign(pem)).toString();
    expect(differenceIn(request, certificate)).toBeUndefined();
    for (const other of [{ commonName: 'eve' }, { organizations: ['a'] }, { organizations: ['b', 'a'] }])
      expect(differenceIn({ ...request, ...other }, certificate)).toMatch(/more than one way/);
  });
});
