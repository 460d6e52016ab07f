import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeCertificateRequest } from '../../builders/certificate-request.ts';
import type { RestApi } from '../../environment/rest.ts';
import { createRestApi } from '../../environment/rest.ts';

/**
 * Node a runs "web", which claims volumes in its namespace; node b runs "idle", and a mirror Pod that names what it
 * must not reach.
 */
let rest: RestApi;
beforeAll(async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  rest = await createRestApi({ rbac: true, serviceAccountKeys: { signing: privateKey, verifying: [] } });
  const core = '/api/v1';
  const here = `${core}/namespaces/default`;
  await made(`${core}/namespaces`, { metadata: { name: 'vault' } });
  await made(`${here}/serviceaccounts`, { metadata: { name: 'bot' } });
  for (const name of ['a', 'b']) await made(`${core}/nodes`, { metadata: { name } });
  const container = { name: 'main', image: 'main:1' };
  await made(`${here}/pods`, {
    metadata: { name: 'web' },
    spec: {
      nodeName: 'a',
      serviceAccountName: 'bot',
      containers: [{ ...container, envFrom: [{ configMapRef: { name: 'settings' } }] }],
      volumes: [
        { name: 'data', persistentVolumeClaim: { claimName: 'data' } },
        {
          name: 'scratch',
          ephemeral: {
            volumeClaimTemplate: {
              spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
            },
          },
        },
        { name: 'share', azureFile: { shareName: 's', secretName: 'share' } },
        { name: 'inline', csi: { driver: 'inline.example', nodePublishSecretRef: { name: 'inline' } } },
      ],
    },
  });
  await made(`${here}/pods`, {
    metadata: { name: 'idle' },
    spec: { nodeName: 'b', containers: [container] },
  });
  await made(`${here}/pods`, {
    metadata: { name: 'mirror', annotations: { 'kubernetes.io/config.mirror': 'x' } },
    spec: { nodeName: 'b', containers: [{ ...container, envFrom: [{ secretRef: { name: 'share' } }] }] },
  });
  for (const [name, claimRef, volumeName] of [
    ['bound', 'data', 'bound'],
    ['others', 'nobodys', undefined],
    // Its claim names a volume that belongs to another claim.
    ['stolen', 'nobodys', 'stolen'],
  ] as const) {
    await made(`${core}/persistentvolumes`, {
      metadata: { name },
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce'],
        claimRef: { namespace: 'default', name: claimRef },
        csi: {
          driver: 'disk.example',
          volumeHandle: name,
          nodeStageSecretRef: { namespace: 'vault', name: `stage-${name}` },
          controllerPublishSecretRef: { namespace: 'vault', name: `publish-${name}` },
        },
      },
    });
    if (volumeName === undefined) continue;
    await made(`${here}/persistentvolumeclaims`, {
      metadata: { name: name === 'bound' ? 'data' : 'web-scratch' },
      spec: {
        volumeName,
        storageClassName: '',
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: '1Gi' } },
      },
    });
  }
  for (const name of ['share', 'inline', 'unused']) await made(`${here}/secrets`, { metadata: { name } });
  for (const name of ['stage-bound', 'publish-bound', 'stage-others', 'stage-stolen'])
    await made(`${core}/namespaces/vault/secrets`, { metadata: { name } });
  await made(`${here}/configmaps`, { metadata: { name: 'settings' } });
  for (const name of ['a', 'b'])
    await made('/apis/storage.k8s.io/v1/volumeattachments', {
      metadata: { name: `to-${name}` },
      spec: { attacher: 'disk.example', nodeName: name, source: { persistentVolumeName: 'bound' } },
    });
  await made('/apis/storage.k8s.io/v1/csidrivers', {
    metadata: { name: 'disk.example' },
    spec: { tokenRequests: [{ audience: 'disk' }] },
  });
});
afterAll(() => rest[Symbol.asyncDispose]());

const as = (name: string) => ({
  'impersonate-user': `system:node:${name}`,
  'impersonate-group': ['system:nodes', 'system:authenticated'],
});

async function send(method: string, path: string, body?: object, node?: string) {
  const answer = await rest.send(method, path, {
    ...(body === undefined
      ? {}
      : {
          body: JSON.stringify(body),
          contentType: method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
        }),
    ...(node === undefined ? {} : { headers: as(node) }),
  });
  return { ...answer.json(), code: answer.code };
}

async function made(path: string, body: object): Promise<void> {
  const answer = await send('POST', path, body);
  if (answer.code !== 201) throw new Error(`Cannot create in ${path}: ${String(answer.message)}`);
}

const inDefault = '/api/v1/namespaces/default';
const unrelated = "no relationship found between node 'a' and this object";

describe('node a', () => {
  test.each([
    [`${inDefault}/configmaps/settings`],
    [`${inDefault}/configmaps?fieldSelector=metadata.name%3Dsettings`],
    [`${inDefault}/secrets/share`],
    [`${inDefault}/secrets/inline`],
    [`${inDefault}/persistentvolumeclaims/data`],
    [`${inDefault}/persistentvolumeclaims/web-scratch`],
    ['/api/v1/persistentvolumes/bound'],
    ['/api/v1/namespaces/vault/secrets/stage-bound'],
    ['/apis/storage.k8s.io/v1/volumeattachments/to-a'],
  ])('reads %s', async (path) => {
    expect(await send('GET', path, undefined, 'a')).toMatchObject({ code: 200 });
  });

  const justOne = 'can only get individual resources of this type';
  test.each([
    [`${inDefault}/secrets/unused`, unrelated],
    [`${inDefault}/secrets`, 'No Object name found'],
    ['/api/v1/secrets?fieldSelector=metadata.name%3Dshare', 'can only read namespaced object of this type'],
    [`${inDefault}/persistentvolumeclaims`, justOne],
    [`${inDefault}/persistentvolumeclaims?fieldSelector=metadata.name%3Ddata`, justOne],
    ['/api/v1/persistentvolumes', justOne],
    ['/api/v1/persistentvolumes?watch=1&fieldSelector=metadata.name%3Dbound', justOne],
    ['/api/v1/persistentvolumes/others', unrelated],
    ['/api/v1/persistentvolumes/absent', unrelated],
    // The claim that its Pod uses names this volume, but the volume is another claim's.
    ['/api/v1/persistentvolumes/stolen', unrelated],
    ['/api/v1/namespaces/vault/secrets/stage-stolen', unrelated],
    ['/api/v1/namespaces/vault/secrets/stage-others', unrelated],
    // For controllers of the driver only.
    ['/api/v1/namespaces/vault/secrets/publish-bound', unrelated],
    ['/apis/storage.k8s.io/v1/volumeattachments/to-b', unrelated],
    ['/apis/storage.k8s.io/v1/volumeattachments', justOne],
    ['/apis/storage.k8s.io/v1/csinodes', 'can only get, create, update, patch, or delete a CSINode'],
    [
      '/apis/storage.k8s.io/v1/csinodes/b',
      'can only access CSINode with the same name as the requesting node',
    ],
    [
      '/apis/coordination.k8s.io/v1/namespaces/default/leases/a',
      'can only access leases in the "kube-node-lease" system namespace',
    ],
    [
      '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases',
      'can only get, create, update, patch, or delete a node lease',
    ],
  ])('does not read %s: %s', async (path, why) => {
    const answer = await send('GET', path, undefined, 'a');
    expect(answer).toMatchObject({ code: 403 });
    expect(String(answer.message).split(': ').at(-1)).toBe(why);
  });

  test('changes the status of its claims and nothing else of any', async () => {
    const status = { status: { capacity: { storage: '1Gi' } } };
    const claims = `${inDefault}/persistentvolumeclaims`;
    expect(await send('PATCH', `${claims}/data/status`, status, 'a')).toMatchObject({ code: 200 });
    expect(await send('PATCH', `${claims}/data/status`, status, 'b')).toMatchObject({ code: 403 });
    expect(await send('PATCH', `${claims}/data`, { metadata: { labels: { a: 'b' } } }, 'a')).toMatchObject({
      code: 403,
    });
  });

  test('asks for tokens for the audience that the driver of a claimed volume wants', async () => {
    const { metadata } = await send('GET', `${inDefault}/pods/web`);
    const ask = (audience: string) =>
      send(
        'POST',
        `${inDefault}/serviceaccounts/bot/token`,
        {
          spec: {
            audiences: [audience],
            boundObjectRef: {
              apiVersion: 'v1',
              kind: 'Pod',
              name: 'web',
              uid: (metadata as { uid: string }).uid,
            },
          },
        },
        'a',
      );
    expect(await ask('disk')).toMatchObject({ code: 201 });
    expect(await ask('tape')).toMatchObject({ code: 403 });
  });

  test('asks for certificates under its own name only', async () => {
    const ask = async (name: string, commonName: string, signerName: string) => {
      const { base64 } = await makeCertificateRequest({ subject: `O=system:nodes, CN=${commonName}` });
      return send(
        'POST',
        '/apis/certificates.k8s.io/v1/certificatesigningrequests',
        {
          metadata: { name },
          spec: {
            request: base64,
            signerName: `kubernetes.io/${signerName}`,
            usages: ['digital signature', 'client auth'],
          },
        },
        'a',
      );
    };
    const client = 'kube-apiserver-client-kubelet';
    expect(await ask('own', 'system:node:a', client)).toMatchObject({ code: 201 });
    for (const signer of [client, 'kubelet-serving'])
      expect(await ask('other', 'system:node:b', signer)).toMatchObject({
        code: 403,
        message: expect.stringContaining('can only create a node CSR with CN=system:node:a') as string,
      });
    expect(await ask('plain', 'ann', 'kube-apiserver-client')).toMatchObject({ code: 201 });
  });
});

test('a mirror Pod gives its node nothing', async () => {
  expect(await send('GET', `${inDefault}/secrets/share`, undefined, 'b')).toMatchObject({ code: 403 });
});

describe('a mirror Pod', () => {
  const projected = (source: object) => ({ volumes: [{ name: 'v', projected: { sources: [source] } }] });
  const volume = (source: object) => ({ volumes: [{ name: 'v', ...source }] });
  const template = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
  const certificate = { signerName: 'example.com/a', keyType: 'ED25519', credentialBundlePath: 'a' };
  const create = async (spec: object) => {
    await send('POST', '/api/v1/nodes', { metadata: { name: 'm' } });
    const { uid } = (await send('GET', '/api/v1/nodes/m'))['metadata'] as { uid: string };
    const owner = { apiVersion: 'v1', kind: 'Node', name: 'm', uid, controller: true };
    const metadata = {
      name: 'kept-by-m',
      annotations: { 'kubernetes.io/config.mirror': 'x' },
      ownerReferences: [owner],
    };
    const containers = [{ name: 'main', image: 'a' }];
    return send(
      'POST',
      `${inDefault}/pods?dryRun=All`,
      { metadata, spec: { nodeName: 'm', containers, ...spec } },
      'm',
    );
  };

  test.each([
    ['resourceclaims', { resourceClaims: [{ name: 'gpu', resourceClaimName: 'gpu' }] }],
    ['podcertificates', projected({ podCertificate: certificate })],
    ['clustertrustbundles', projected({ clusterTrustBundle: { name: 'a', path: 'a' } })],
    ['persistentvolumeclaims', volume({ persistentVolumeClaim: { claimName: 'data' } })],
    [
      'persistentvolumeclaims (via ephemeral volumes)',
      volume({ ephemeral: { volumeClaimTemplate: { spec: template } } }),
    ],
    ['csidrivers (via CSI volumes)', volume({ csi: { driver: 'disk.example' } })],
    ['endpoints (via glusterFS volumes)', volume({ glusterfs: { endpoints: 'a', path: 'a' } })],
    ['configmaps', volume({ configMap: { name: 'settings' } })],
    ['configmaps', projected({ configMap: { name: 'settings' } })],
    ['secrets', volume({ secret: { secretName: 'share' } })],
    ['secrets', projected({ secret: { name: 'share' } })],
  ])('that names %s is refused to its node', async (what, spec) => {
    expect(await create(spec)).toMatchObject({
      code: 403,
      message: `pods "kept-by-m" is forbidden: node "m" can not create pods that reference ${what}`,
    });
  });

  test('that names nothing of the API is not', async () => {
    expect(await create(volume({ emptyDir: {} }))).toMatchObject({ code: 201 });
    expect(await create(projected({ downwardAPI: { items: [] } }))).toMatchObject({ code: 201 });
  });
});

test('a node without a name has nothing, not even what is on no node', async () => {
  const answer = await send('GET', '/api/v1/pods?fieldSelector=spec.nodeName%3D', undefined, '');
  expect(answer).toMatchObject({
    code: 403,
    message: expect.stringContaining('unknown node for user "system:node:"') as string,
  });
});
