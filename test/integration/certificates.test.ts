import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CertificateSigningRequest } from '../../core/api/generated/certificates-v1.ts';
import { certificatesigningrequests, clusterrolebindings } from '../../core/api/generated/resources.ts';
import type { Client } from '../../core/client/client.ts';
import { createInformerFactory } from '../../core/client/informer-factory.ts';
import { createClient } from '../../core/client/typed-client.ts';
import { createCertificateApprovingController } from '../../core/controllers/certificate-approving/controller.ts';
import { createCertificateCleanerController } from '../../core/controllers/certificate-cleaner/controller.ts';
import { createCertificateSigningController } from '../../core/controllers/certificate-signing/controller.ts';
import { Manager } from '../../core/controllers/runtime/manager.ts';
import type { Clock } from '../../core/machinery/clock.ts';
import { systemClock } from '../../core/machinery/clock.ts';
import type { KeyPair } from '../../core/machinery/pki/key-pair.ts';
import { makePair } from '../../core/machinery/pki/make-certificate.ts';
import { makeCertificateRequest, showingKeyOf } from '../builders/certificate-request.ts';
import type { WantedRequest } from '../builders/certificate-request.ts';
import { createTestApi } from '../environment/api.ts';
import type { TestApi } from '../environment/api.ts';

const signers = 'kubernetes.io/kube-apiserver-client';
const stop = new AbortController();
const errors: unknown[] = [];
let api: TestApi<Clock>;
let clients: KeyPair;
let nodeServing: KeyPair;
let running: Promise<void>;

beforeAll(async () => {
  [clients, nodeServing] = (await Promise.all(
    ['clients', 'nodes'].map((name) => makePair({ name, subject: `CN=${name}`, use: 'ca' }, systemClock)),
  )) as [KeyPair, KeyPair];
  api = await createTestApi<Clock>({ clock: systemClock, rbac: true });
  const { client, clock, random, scheme } = api;
  const onError = (error: unknown) => errors.push(error);
  const informers = createInformerFactory({ client, clock, random, onError });
  const eventsOf = () => ({ event: () => undefined }) as never;
  const dependencies = { client, informers, clock, random, scheme, eventsOf, onError };
  const controllers = [
    createCertificateApprovingController(dependencies),
    createCertificateSigningController(dependencies, { clients, nodeServing }),
    createCertificateCleanerController(dependencies),
  ];
  running = new Manager(informers, controllers).run(stop.signal);
});
afterAll(async () => {
  stop.abort(new Error('The test ends'));
  await running;
  await api.close();
  expect(errors).toEqual([]);
});

function as(name: string, ...groups: readonly string[]): Client {
  const user = { name, groups: [...groups, 'system:authenticated'] };
  return createClient(api.verbs, { user });
}

interface Asked {
  readonly name: string;
  readonly signerName: string;
  readonly usages: CertificateSigningRequest['spec']['usages'];
  readonly expirationSeconds?: number;
  readonly by?: Client;
  readonly request?: string;
}

async function ask(wanted: WantedRequest, { name, by = api.client, request, ...spec }: Asked): Promise<void> {
  const made = request ?? (await makeCertificateRequest(wanted)).base64;
  await by.create(certificatesigningrequests, {
    metadata: { name },
    spec: { ...spec, request: made },
  });
}

/** Waits until the request is as the test wants it. */
async function until(
  name: string,
  holds: (request: CertificateSigningRequest) => boolean,
): Promise<CertificateSigningRequest> {
  const watch = api.client.watch(certificatesigningrequests, {
    fieldSelector: `metadata.name=${name}`,
    signal: AbortSignal.timeout(20_000),
  });
  for await (const events of watch)
    for (const event of events) if (event.type !== 'BOOKMARK' && holds(event.object)) return event.object;
  throw new Error(`The request "${name}" never became what it should`);
}

const signed = ({ status }: CertificateSigningRequest) => (status.certificate ?? '') !== '';
const has = (type: string) => (request: CertificateSigningRequest) =>
  request.status.conditions?.some((condition) => condition.type === type) === true;

function certificateOf({ status }: CertificateSigningRequest): X509Certificate {
  return new X509Certificate(Buffer.from(status.certificate ?? '', 'base64'));
}

async function decide(name: string, type: 'Approved' | 'Denied'): Promise<void> {
  const found = await api.client.get(certificatesigningrequests, { name });
  const conditions = [{ type, status: 'True', reason: 'Test', message: 'by the test' }];
  await api.client.updateSubresource(
    certificatesigningrequests,
    { ...found, status: { conditions } },
    'approval',
  );
}

const usages = ['client auth', 'digital signature'] as const;
const nodeClient = { signerName: 'kubernetes.io/kube-apiserver-client-kubelet', usages };
const node = (name: string) => ({ subject: `O=system:nodes, CN=system:node:${name}` });

async function bind(name: string, role: string, group: string): Promise<void> {
  await api.client.create(clusterrolebindings, {
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: group }],
  });
}

describe('a request for a client certificate', () => {
  test('is signed when somebody has approved it, for as long as it says', async () => {
    await ask(
      { subject: 'O=developers, CN=ann' },
      { name: 'ann', signerName: signers, usages: [...usages], expirationSeconds: 3_600 },
    );
    await decide('ann', 'Approved');
    const certificate = certificateOf(await until('ann', signed));
    expect(certificate.verify(new X509Certificate(clients.cert).publicKey)).toBe(true);
    expect(certificate.subject).toBe('O=developers\nCN=ann');
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    const left = Date.parse(certificate.validTo) - Date.now();
    expect(left).toBeGreaterThan(3_500_000);
    expect(left).toBeLessThanOrEqual(3_600_000);
  });

  test('fails where its signer signs no such thing, and says why', async () => {
    await ask(
      { subject: 'CN=eve' },
      { name: 'eve', signerName: signers, usages: ['client auth', 'cert sign'] },
    );
    await decide('eve', 'Approved');
    const { status } = await until('eve', has('Failed'));
    expect(status.certificate).toBeUndefined();
    expect(status.conditions).toContainEqual(
      expect.objectContaining({
        type: 'Failed',
        reason: 'SignerValidationFailure',
        message: 'invalid usage for client certificate: cert sign',
      }),
    );
  });

  test('for a key that who asks does not have fails', async () => {
    const [mine, theirs] = await Promise.all([
      makeCertificateRequest({ subject: 'CN=eve' }),
      makeCertificateRequest({ subject: 'CN=ann' }),
    ]);
    const request = Buffer.from(showingKeyOf(mine.pem, theirs.pem)).toString('base64');
    await ask({ subject: '' }, { name: 'forged', signerName: signers, usages: ['client auth'], request });
    await decide('forged', 'Approved');
    const { status } = await until('forged', has('Failed'));
    expect(status.conditions?.find(({ type }) => type === 'Failed')?.message).toContain(
      'its signature is not of the key it shows',
    );
  });

  test('that was denied, or is for another signer, is left alone', async () => {
    await ask({ subject: 'CN=bob' }, { name: 'bob', signerName: signers, usages: ['client auth'] });
    await decide('bob', 'Denied');
    await ask({ subject: 'CN=bob' }, { name: 'other', signerName: 'example.com/a', usages: ['client auth'] });
    await decide('other', 'Approved');
    // Requests are worked on in order, so what comes of this one comes after what would have come of those.
    await ask({ subject: 'CN=last' }, { name: 'last', signerName: signers, usages: ['client auth'] });
    await decide('last', 'Approved');
    await until('last', signed);
    for (const name of ['bob', 'other']) {
      const { status } = await api.client.get(certificatesigningrequests, { name });
      expect(status.certificate).toBeUndefined();
      expect(status.conditions).toHaveLength(1);
    }
  });
});

describe('a request of a node', () => {
  test('is approved at once where it may ask, and is signed', async () => {
    await bind('join', 'system:certificates.k8s.io:certificatesigningrequests:nodeclient', 'joiners');
    await bind('may-ask', 'system:node-bootstrapper', 'joiners');
    await ask(node('b'), { name: 'node-b', ...nodeClient, usages: [...usages], by: as('joe', 'joiners') });
    const done = await until('node-b', signed);
    expect(done.spec).toMatchObject({ username: 'joe', groups: ['joiners', 'system:authenticated'] });
    expect(done.status.conditions).toMatchObject([
      {
        type: 'Approved',
        reason: 'AutoApproved',
        message: 'Auto approving kubelet client certificate after SubjectAccessReview.',
      },
    ]);
    expect(certificateOf(done).subject).toBe('O=system:nodes\nCN=system:node:b');
  });

  test('to replace its own certificate is approved, and for another node is not', async () => {
    await bind(
      'renew',
      'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient',
      'system:nodes',
    );
    await bind('group-may-ask', 'system:node-bootstrapper', 'system:nodes');
    const agent = as('system:node:c', 'system:nodes');
    const forAnother = { name: 'node-d', ...nodeClient, usages: [...usages] };
    await expect(ask(node('d'), { ...forAnother, by: agent })).rejects.toMatchObject({
      reason: 'Forbidden',
      message: expect.stringContaining('can only create a node CSR with CN=system:node:c') as string,
    });
    // Somebody of the group who is no node is not held to a name when asking.
    await ask(node('d'), { ...forAnother, by: as('joe', 'system:nodes') });
    await ask(node('c'), { name: 'node-c', ...nodeClient, usages: [...usages], by: agent });
    const { status } = await until('node-c', signed);
    expect(status.conditions?.[0]?.message).toContain('Auto approving self kubelet client certificate');
    const other = await api.client.get(certificatesigningrequests, { name: 'node-d' });
    expect(other.status).toEqual({});
  });

  test('for what it serves with waits for somebody, and is signed by an authority of its own', async () => {
    await ask(
      { ...node('b'), ipAddresses: ['10.0.0.1'], dnsNames: ['b'] },
      {
        name: 'serving',
        signerName: 'kubernetes.io/kubelet-serving',
        usages: ['server auth', 'digital signature'],
        by: as('system:node:b', 'system:nodes'),
      },
    );
    await decide('serving', 'Approved');
    const certificate = certificateOf(await until('serving', signed));
    expect(certificate.verify(new X509Certificate(nodeServing.cert).publicKey)).toBe(true);
    expect(certificate.subjectAltName).toBe('DNS:b, IP Address:10.0.0.1');
  });
});
