import { describe, expect, test } from 'vitest';
import type { CertificateRequest } from '../../machinery/pki/certificate-request.ts';
import { signerNames, signerRules } from './signers.ts';

const empty = new ArrayBuffer(0);
const request = (more: Partial<CertificateRequest> = {}): CertificateRequest => ({
  commonName: 'system:node:a',
  organizations: ['system:nodes'],
  dnsNames: [],
  ipAddresses: [],
  emailAddresses: [],
  uris: [],
  subject: empty,
  publicKey: empty,
  ...more,
});

const ofClient = ['client auth', 'digital signature'];
const ofServer = ['server auth', 'digital signature', 'key encipherment'];
const address = { ipAddresses: ['10.0.0.1'] };

type Case = readonly [
  given: Partial<CertificateRequest>,
  usages: readonly string[],
  problem: string | undefined,
];

function expectRule(signer: string, cases: readonly Case[]): void {
  for (const [given, usages, problem] of cases)
    expect(signerRules.get(signer)?.(request(given), usages), JSON.stringify([given, usages])).toBe(problem);
}

describe('the signer', () => {
  test('of clients looks at what the certificate is for', () => {
    expectRule(signerNames.client, [
      [{ commonName: 'ann', organizations: [] }, ['client auth'], undefined],
      [{}, [...ofClient, 'key encipherment'], undefined],
      [{}, ['digital signature'], 'missing required usage for client certificate: client auth'],
      [{}, ['client auth', 'server auth'], 'invalid usage for client certificate: server auth'],
      [{}, ['client auth', 'cert sign'], 'invalid usage for client certificate: cert sign'],
    ]);
  });

  test('of agents gives them certificates of nodes and of nothing else', () => {
    const usages = 'usages did not match [client auth digital signature key encipherment]';
    expectRule(signerNames.nodeClient, [
      [{}, ofClient, undefined],
      [{}, [...ofClient, 'key encipherment'], undefined],
      [{ commonName: 'ann' }, ofClient, 'subject common name does not begin with system:node:'],
      [{ organizations: [] }, ofClient, 'subject organization is not system:nodes'],
      [
        { organizations: ['system:nodes', 'system:masters'] },
        ofClient,
        'subject organization is not system:nodes',
      ],
      [{ dnsNames: ['a'] }, ofClient, 'DNS subjectAltNames are not allowed'],
      [{ emailAddresses: ['a@b'] }, ofClient, 'Email subjectAltNames are not allowed'],
      [address, ofClient, 'IP subjectAltNames are not allowed'],
      [{ uris: ['a:b'] }, ofClient, 'URI subjectAltNames are not allowed'],
      [{}, ['client auth'], usages],
      [{}, ofServer, usages],
      [{}, [...ofClient, 'server auth'], usages],
    ]);
  });

  test('of what nodes serve with wants to know where they serve', () => {
    const usages = 'usages did not match [digital signature key encipherment server auth]';
    expectRule(signerNames.nodeServing, [
      [address, ofServer, undefined],
      [{ dnsNames: ['a'] }, ['server auth', 'digital signature'], undefined],
      [{}, ofServer, 'DNS or IP subjectAltName is required'],
      [{ ...address, organizations: ['a'] }, ofServer, 'subject organization is not system:nodes'],
      [{ ...address, commonName: 'a' }, ofServer, 'subject common name does not begin with system:node:'],
      [{ ...address, emailAddresses: ['a@b'] }, ofServer, 'Email subjectAltNames are not allowed'],
      [{ ...address, uris: ['a:b'] }, ofServer, 'URI subjectAltNames are not allowed'],
      [address, ofClient, usages],
      [address, [...ofServer, 'client auth'], usages],
    ]);
  });
});
