import 'reflect-metadata';
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KeyPair } from '../../../core/machinery/pki/make-certificate.ts';
import type { RestApi } from '../../environment/rest.ts';
import { clientPair, createRestApi } from '../../environment/rest.ts';
import { expectEventually } from '../../expectations/eventually.ts';

let rest: RestApi;
let ann: KeyPair;
beforeAll(async () => {
  rest = await createRestApi({ rbac: true });
  ann = await clientPair(rest.pki.clientCa, 'CN=ann');
});
afterAll(() => rest[Symbol.asyncDispose]());

async function send(method: string, path: string, body: object, as?: KeyPair) {
  const contentType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  const answer = await rest.send(method, path, { body: JSON.stringify(body), contentType, as });
  return { code: answer.code, ...answer.json() };
}

const rbac = '/apis/rbac.authorization.k8s.io/v1';

/** Gives Ann a cluster role of these rules, and waits until it holds. */
async function grant(name: string, rules: readonly object[]): Promise<void> {
  await send('POST', `${rbac}/clusterroles`, { metadata: { name }, rules });
  await send('POST', `${rbac}/clusterrolebindings`, {
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
    subjects: [{ kind: 'User', name: 'ann' }],
  });
  const [{ verbs, apiGroups, resources, resourceNames }] = rules as [Record<string, string[]>];
  const [resource, subresource] = resources?.[0]?.split('/') ?? [];
  const attributes = {
    verb: verbs?.[0],
    group: apiGroups?.[0],
    resource,
    subresource,
    name: resourceNames?.[0],
  };
  const review = { spec: { user: 'ann', resourceAttributes: attributes } };
  await expectEventually(rest.api.clock, async () =>
    expect(await send('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', review)).toMatchObject({
      status: { allowed: true },
    }),
  );
}

describe('owner references', () => {
  const maps = '/api/v1/namespaces/default/configmaps';
  const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'u' };
  const owned = (name: string, more: object = {}) => ({
    metadata: { name, namespace: 'default', ownerReferences: [{ ...owner, ...more }] },
  });

  test('are written by who may delete the object, and block an owner by who may finalize it', async () => {
    await grant('writer', [{ verbs: ['create', 'patch'], apiGroups: [''], resources: ['configmaps'] }]);
    expect(await send('POST', maps, { metadata: { name: 'plain' } }, ann)).toMatchObject({ code: 201 });
    expect(await send('POST', maps, owned('a'), ann)).toMatchObject({
      code: 403,
      message: `configmaps "a" is forbidden: cannot set an ownerRef on a resource you can't delete: , <nil>`,
    });
    expect(await send('PATCH', `${maps}/plain`, { metadata: owned('plain').metadata }, ann)).toMatchObject({
      code: 403,
      reason: 'Forbidden',
    });

    await grant('deleter', [{ verbs: ['delete'], apiGroups: [''], resources: ['configmaps'] }]);
    expect(await send('POST', maps, owned('a'), ann)).toMatchObject({ code: 201 });
    expect(await send('POST', maps, owned('b', { blockOwnerDeletion: true }), ann)).toMatchObject({
      code: 403,
      message: `configmaps "b" is forbidden: cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on: , <nil>`,
    });
    const unknown = owned('b', { kind: 'Nothing', blockOwnerDeletion: true });
    expect(await send('POST', maps, unknown, ann)).toMatchObject({
      code: 403,
      message:
        'configmaps "b" is forbidden: cannot set blockOwnerDeletion in this case because cannot find RESTMapping for APIVersion apps/v1 Kind Nothing: no matches for kind "Nothing" in version "apps/v1"',
    });

    await grant('finalizer', [
      { verbs: ['update'], apiGroups: ['apps'], resources: ['deployments/finalizers'] },
    ]);
    const blocking = owned('b', { blockOwnerDeletion: true });
    expect(await send('POST', maps, blocking, ann)).toMatchObject({ code: 201 });
    // What was there before needs no right again.
    const relabelled = { metadata: { ...blocking.metadata, labels: { a: 'b' } } };
    expect(await send('PATCH', `${maps}/b`, relabelled, ann)).toMatchObject({ code: 200 });
  });
});

describe('certificate signing requests', () => {
  const csrs = '/apis/certificates.k8s.io/v1/certificatesigningrequests';

  async function request(name: string, subject: string, signerName: string) {
    const keys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
      'sign',
      'verify',
    ]);
    const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256' };
    const pem = await Pkcs10CertificateRequestGenerator.create({ name: subject, keys, signingAlgorithm });
    return {
      metadata: { name },
      spec: {
        signerName,
        usages: ['client auth'],
        request: Buffer.from(pem.toString('pem')).toString('base64'),
      },
    };
  }

  test('ask for no certificate of the group that may do everything', async () => {
    const signer = 'kubernetes.io/kube-apiserver-client';
    const body = await request('masters', 'O=system:masters, CN=me', signer);
    expect(await send('POST', csrs, body)).toMatchObject({
      code: 403,
      message: `certificatesigningrequests.certificates.k8s.io "masters" is forbidden: use of ${signer} signer with system:masters group is not allowed`,
    });
    expect(await send('POST', csrs, await request('plain', 'O=testers, CN=me', signer))).toMatchObject({
      code: 201,
    });
    const elsewhere = await request('elsewhere', 'O=system:masters, CN=me', 'example.com/own');
    expect(await send('POST', csrs, elsewhere)).toMatchObject({ code: 201 });
  });

  test('are approved and signed by who may do so for their signer', async () => {
    await send('POST', csrs, await request('one', 'CN=one', 'example.com/one'));
    await grant('decider', [
      {
        verbs: ['update', 'patch', 'get'],
        apiGroups: ['certificates.k8s.io'],
        resources: [
          'certificatesigningrequests',
          'certificatesigningrequests/approval',
          'certificatesigningrequests/status',
        ],
      },
    ]);
    const approval = {
      status: { conditions: [{ type: 'Approved', status: 'True', reason: 'Known', message: 'ok' }] },
    };
    const approve = () => send('PATCH', `${csrs}/one/approval`, approval, ann);
    const certificate = Buffer.from(rest.pki.admin.cert).toString('base64');
    const sign = () => send('PATCH', `${csrs}/one/status`, { status: { certificate } }, ann);
    expect(await approve()).toMatchObject({
      code: 403,
      message:
        'certificatesigningrequests.certificates.k8s.io "one" is forbidden: user not permitted to approve requests with signerName "example.com/one"',
    });
    await grant('approver', [
      {
        verbs: ['approve'],
        apiGroups: ['certificates.k8s.io'],
        resources: ['signers'],
        resourceNames: ['example.com/*'],
      },
    ]);
    expect(await approve()).toMatchObject({ code: 200 });
    expect(await sign()).toMatchObject({
      code: 403,
      message:
        'certificatesigningrequests.certificates.k8s.io "one" is forbidden: user not permitted to sign requests with signerName "example.com/one"',
    });
    await grant('signer', [
      {
        verbs: ['sign'],
        apiGroups: ['certificates.k8s.io'],
        resources: ['signers'],
        resourceNames: ['example.com/one'],
      },
    ]);
    expect(await sign()).toMatchObject({ code: 200, status: { certificate } });
  });
});
