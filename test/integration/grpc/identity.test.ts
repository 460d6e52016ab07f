import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDiscovery } from '../../../core/apiserver/discovery.ts';
import { ClientCertificates } from '../../../core/apiserver/authn/client-certificate.ts';
import { ClientTrust } from '../../../core/apiserver/authn/client-trust.ts';
import { createCallIdentity } from '../../../core/apiserver/grpc/caller.ts';
import { createGrpcServer } from '../../../core/apiserver/grpc/server.ts';
import type { GrpcServer } from '../../../core/apiserver/grpc/server.ts';
import { RequestPipeline } from '../../../core/apiserver/requests/pipeline.ts';
import { OpenApiDocuments } from '../../../core/apiserver/openapi.ts';
import type { SelfSubjectReview } from '../../../core/api/generated/authentication-v1.ts';
import {
  configmaps,
  leases,
  nodes,
  pods,
  secrets,
  serviceaccounts,
} from '../../../core/api/generated/resources.ts';
import type { Client } from '../../../core/client/client.ts';
import { connect } from '../../../core/client/grpc/connection.ts';
import type { Connection, TlsOptions } from '../../../core/client/grpc/connection.ts';
import { createClient } from '../../../core/client/typed-client.ts';
import { makePair } from '../../../core/machinery/pki/make-certificate.ts';
import type { KeyPair } from '../../../core/machinery/pki/make-certificate.ts';
import { systemClock } from '../../../core/machinery/clock.ts';
import { createTestApi } from '../../environment/api.ts';
import type { TestApi } from '../../environment/api.ts';

let api: TestApi;
let server: GrpcServer;
let endpoint: string;
let serverCa: KeyPair;
let clientCa: KeyPair;
const connections: Connection[] = [];

const make = (subject: string, use: 'ca' | 'server' | 'client', signer?: KeyPair) =>
  makePair(
    {
      name: 'a',
      subject,
      use,
      ...(signer === undefined ? {} : { signer }),
      addresses: use === 'server' ? ['kubernetes.default.svc'] : [],
    },
    systemClock,
  );

beforeAll(async () => {
  [serverCa, clientCa] = await Promise.all([make('CN=server-ca', 'ca'), make('CN=client-ca', 'ca')]);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  api = await createTestApi({ rbac: true, serviceAccountKeys: { signing: privateKey, verifying: [] } });
  const openApi = new OpenApiDocuments(api.scheme);
  const version = { gitVersion: 'v1.36.0', wheelhouseVersion: '0.0.0', store: 'memory' } as const;
  const { authorizer, authenticator } = api.api;
  server = createGrpcServer({
    verbs: api.verbs,
    discovery: createDiscovery(api.scheme, openApi, version),
    listen: '127.0.0.1:0',
    tls: { ...(await make('CN=server', 'server', serverCa)), clientCa: clientCa.cert },
    identify: createCallIdentity({
      tokens: authenticator,
      certificates: new ClientCertificates({
        trust: new ClientTrust({ clients: clientCa.cert }),
        clock: systemClock,
        proxyNames: [],
      }),
    }),
    pipeline: new RequestPipeline({ authorizer }),
  });
  endpoint = await server.start();
});
afterAll(async () => {
  for (const connection of connections) connection.close();
  await server.stop(1_000);
  await api.close();
});

function client(tls: Partial<TlsOptions> = {}, token?: string): Client {
  const connection = connect({ endpoint, tls: { ca: serverCa.cert, ...tls }, token });
  connections.push(connection);
  return createClient(connection.verbs);
}

async function as(subject: string): Promise<Client> {
  return client(await make(subject, 'client', clientCa));
}

const unauthorized = { reason: 'Unauthorized' };
const forbidden = { reason: 'Forbidden' };

describe('gRPC', () => {
  test('lets in the certificates of its own authority, as whom they name', async () => {
    const admin = await as('O=system:masters, CN=admin');
    await expect(admin.list(nodes)).resolves.toMatchObject({ items: [] });
    const ann = await as('CN=ann');
    await expect(ann.list(nodes)).rejects.toMatchObject({
      ...forbidden,
      message: expect.stringContaining('User "ann" cannot list resource "nodes"') as string,
    });
  });

  test('lets in nobody else, wherever they call from', async () => {
    await expect(client().list(nodes)).rejects.toMatchObject(unauthorized);
    const other = await make('CN=other', 'ca');
    const forged = client(await make('O=system:masters, CN=admin', 'client', other));
    await expect(forged.list(nodes)).rejects.toMatchObject(unauthorized);
    await expect(client({}, 'made-up').list(nodes)).rejects.toMatchObject(unauthorized);
  });

  test('knows ServiceAccounts by their tokens', async () => {
    const metadata = { name: 'bot', namespace: 'default' };
    await api.client.create(serviceaccounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata });
    const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', metadata, spec: {} };
    const issued = (await api.client.createSubresource(
      serviceaccounts,
      metadata,
      'token',
      request,
    )) as unknown as {
      status: { token: string };
    };
    const bot = client({}, issued.status.token);
    const review = {
      group: 'authentication.k8s.io',
      version: 'v1',
      plural: 'selfsubjectreviews',
      kind: 'SelfSubjectReview',
      namespaced: false,
    };
    const who = await bot.create(review, { metadata: {} });
    expect((who as unknown as SelfSubjectReview).status.userInfo?.username).toBe(
      'system:serviceaccount:default:bot',
    );
    await expect(bot.list(pods, { namespace: 'default' })).rejects.toMatchObject(forbidden);
  });
});

describe('a node agent', () => {
  const secret = (name: string) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: 'default' },
  });

  test('reads what Pods on its node use, and nothing else', async () => {
    await api.client.create(secrets, secret('used'));
    await api.client.create(secrets, secret('unused'));
    await api.client.create(pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web', namespace: 'default' },
      spec: {
        nodeName: 'a',
        serviceAccountName: 'bot',
        containers: [{ name: 'web', image: 'web', envFrom: [{ secretRef: { name: 'used' } }] }],
        volumes: [
          { name: 'token', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } },
          {
            name: 'vault',
            projected: { sources: [{ serviceAccountToken: { path: 'v', audience: 'vault' } }] },
          },
        ],
      },
    });
    const [a, b] = await Promise.all(['a', 'b'].map((name) => as(`O=system:nodes, CN=system:node:${name}`)));
    if (a === undefined || b === undefined) throw new Error('two agents were made');
    const used = { namespace: 'default', name: 'used' };
    await expect(a.get(secrets, used)).resolves.toMatchObject({ kind: 'Secret' });
    await expect(a.get(secrets, { ...used, name: 'unused' })).rejects.toMatchObject(forbidden);
    await expect(a.list(secrets, { namespace: 'default' })).rejects.toMatchObject(forbidden);
    await expect(b.get(secrets, used)).rejects.toMatchObject(forbidden);
    await expect(a.list(configmaps)).rejects.toMatchObject(forbidden);
  });

  test('changes only itself and what it runs', async () => {
    const [a, b] = await Promise.all(['a', 'b'].map((name) => as(`O=system:nodes, CN=system:node:${name}`)));
    if (a === undefined || b === undefined) throw new Error('two agents were made');
    const node = (name: string) => ({ apiVersion: 'v1', kind: 'Node', metadata: { name } }) as never;
    await expect(a.create(nodes, node('a'))).resolves.toMatchObject({ kind: 'Node' });
    await expect(b.create(nodes, node('other'))).rejects.toMatchObject(forbidden);
    const labels = { 'a.node-restriction.kubernetes.io/b': 'c' };
    await expect(a.patch(nodes, { name: 'a' }, 'merge', { metadata: { labels } })).rejects.toMatchObject(
      forbidden,
    );
    const lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'a', namespace: 'kube-node-lease' },
      spec: {},
    };
    await expect(b.create(leases, lease)).rejects.toMatchObject(forbidden);
    await expect(a.create(leases, lease)).resolves.toMatchObject({ kind: 'Lease' });
    const web = { namespace: 'default', name: 'web' };
    const refused = (message: string) => ({ ...forbidden, message });
    await expect(b.delete(pods, web)).rejects.toMatchObject(
      refused('pods "web" is forbidden: node "b" can only delete pods with spec.nodeName set to itself'),
    );
    const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: web };
    await expect(b.createSubresource(pods, web, 'eviction', eviction)).rejects.toMatchObject(
      refused('pods "web" is forbidden: node b can only evict pods with spec.nodeName set to itself'),
    );
    const status = (labels: object) => ({ metadata: { labels }, status: { phase: 'Running' } });
    await expect(b.patch(pods, web, 'merge', status({}), { subresource: 'status' })).rejects.toMatchObject(
      refused(
        'pods "web" is forbidden: node "b" can only update pod status for pods with spec.nodeName set to itself',
      ),
    );
    await expect(
      a.patch(pods, web, 'merge', status({ tier: 'trusted' }), { subresource: 'status' }),
    ).rejects.toMatchObject(
      refused('pods "web" is forbidden: node "a" cannot update labels through pod status'),
    );
    await expect(
      a.patch(nodes, { name: 'a' }, 'merge', { spec: { taints: [{ key: 'k', effect: 'NoSchedule' }] } }),
    ).rejects.toMatchObject(refused('nodes "a" is forbidden: node "a" is not allowed to modify taints'));
    const owned = {
      metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'web', uid: 'x' }] },
    };
    await expect(a.patch(nodes, { name: 'a' }, 'merge', owned)).rejects.toMatchObject(
      refused('nodes "a" is forbidden: node "a" is not allowed to modify ownerReferences'),
    );
    const cased = {
      metadata: { labels: { 'kubernetes.io/role': 'x', 'node.kubernetes.io/x': 'y', free: 'z' } },
    };
    await expect(a.patch(nodes, { name: 'a' }, 'merge', cased)).rejects.toMatchObject(
      refused('nodes "a" is forbidden: is not allowed to modify labels: kubernetes.io/role'),
    );
    await expect(b.get(leases, { namespace: 'kube-node-lease', name: 'a' })).rejects.toMatchObject(forbidden);
  });

  test('asks only for tokens of the Pods it runs', async () => {
    const [a, b] = await Promise.all(['a', 'b'].map((name) => as(`O=system:nodes, CN=system:node:${name}`)));
    if (a === undefined || b === undefined) throw new Error('two agents were made');
    const { metadata } = await api.client.get(pods, { namespace: 'default', name: 'web' });
    const bot = { namespace: 'default', name: 'bot' };
    const ask = (who: Client, boundObjectRef?: object, audiences: readonly string[] = []) =>
      who.createSubresource(serviceaccounts, bot, 'token', {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        metadata: bot,
        spec: { audiences, ...(boundObjectRef === undefined ? {} : { boundObjectRef }) },
      });
    const toPod = { kind: 'Pod', apiVersion: 'v1', name: 'web', uid: metadata.uid };
    await expect(ask(a, toPod)).resolves.toMatchObject({ kind: 'TokenRequest' });
    await expect(ask(a, toPod, ['vault'])).resolves.toMatchObject({ kind: 'TokenRequest' });
    const refused = (message: string) => ({
      ...forbidden,
      message: `serviceaccounts "bot" is forbidden: ${message}`,
    });
    await expect(ask(a)).rejects.toMatchObject(refused('node requested token not bound to a pod'));
    await expect(ask(a, { ...toPod, uid: undefined })).rejects.toMatchObject(
      refused('node requested token with a pod binding without a uid'),
    );
    await expect(ask(a, toPod, ['other'])).rejects.toMatchObject(
      refused('audience "other" not found in pod spec volume'),
    );
    await expect(ask(b, toPod)).rejects.toMatchObject(forbidden);
  });
});
