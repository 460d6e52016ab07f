import { once } from 'node:events';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDiscovery } from '../../core/apiserver/discovery.ts';
import { ClientCertificates } from '../../core/apiserver/authn/client-certificate.ts';
import { ClientTrust } from '../../core/apiserver/authn/client-trust.ts';
import { createRequestIdentity } from '../../core/apiserver/authn/request-identity.ts';
import { createCallIdentity } from '../../core/apiserver/grpc/caller.ts';
import { createGrpcServer } from '../../core/apiserver/grpc/server.ts';
import { OpenApiDocuments } from '../../core/apiserver/openapi.ts';
import { createRestServer } from '../../core/apiserver/rest/server.ts';
import { RequestPipeline } from '../../core/apiserver/requests/pipeline.ts';
import { configmaps, namespaces, selfsubjectreviews } from '../../core/api/generated/resources.ts';
import { connect } from '../../core/client/grpc/connection.ts';
import { createClient } from '../../core/client/typed-client.ts';
import { systemClock } from '../../core/machinery/clock.ts';
import type { KeyPair } from '../../core/machinery/pki/key-pair.ts';
import { LivePair } from '../../core/machinery/pki/live-pair.ts';
import { makePair } from '../../core/machinery/pki/make-certificate.ts';
import { SteppedClock } from '../../core/machinery/stepped-clock.ts';
import { createTestApi } from '../environment/api.ts';
import type { TestApi } from '../environment/api.ts';
import { serveGrpc } from '../environment/grpc.ts';
import { createRestApi, noContainers } from '../environment/rest.ts';

let api: TestApi;
let serverCa: KeyPair;
let clientCa: KeyPair;

const addresses = ['127.0.0.1', 'kubernetes.default.svc'];
const serverPair = (name: string) =>
  makePair({ name, subject: `CN=${name}`, use: 'server', addresses, signer: serverCa }, systemClock);
const clientPair = (name: string) =>
  makePair({ name, subject: `O=system:masters, CN=${name}`, use: 'client', signer: clientCa }, systemClock);

beforeAll(async () => {
  api = await createTestApi({ rbac: true });
  [serverCa, clientCa] = (await Promise.all(
    ['server-ca', 'client-ca'].map((name) =>
      makePair({ name, subject: `CN=${name}`, use: 'ca' }, systemClock),
    ),
  )) as [KeyPair, KeyPair];
});
afterAll(() => api.close());

const certificates = () =>
  new ClientCertificates({
    trust: new ClientTrust({ clients: clientCa.cert }),
    clock: systemClock,
    proxyNames: [],
  });

/** The name in what a server shows. */
async function shownBy(address: string): Promise<string> {
  const [host = '', port = ''] = address.split(':');
  const servername = 'kubernetes.default.svc';
  const socket = connectTls({
    host,
    port: Number(port),
    ca: serverCa.cert,
    servername,
    ALPNProtocols: ['h2'],
  });
  await once(socket, 'secureConnect');
  const { CN } = socket.getPeerCertificate().subject;
  socket.destroy();
  return String(CN);
}

test('servers show a new certificate from the next connection on, and go on knowing their clients', async () => {
  const { authenticator, authorizer } = api.api;
  const pair = await serverPair('first');
  const tls = { cert: pair.cert, key: pair.key, clientCa: clientCa.cert };
  const openApi = new OpenApiDocuments(api.scheme);
  const version = { gitVersion: 'v1.36.0', wheelhouseVersion: '0.0.0', store: 'memory' } as const;
  const discovery = createDiscovery(api.scheme, openApi, version);
  const common = { verbs: api.verbs, discovery, listen: '127.0.0.1:0', tls };
  const pipeline = new RequestPipeline({ authorizer });
  const identity = { tokens: authenticator, certificates: certificates() };
  const grpc = createGrpcServer({ ...common, pipeline, identify: createCallIdentity(identity) });
  const rest = createRestServer({
    ...common,
    scheme: api.scheme,
    openApi,
    containers: noContainers,
    identify: createRequestIdentity(identity),
    authorizer,
    health: [],
  });
  const [endpoint, address] = await Promise.all([grpc.start(), rest.start()]);
  const before = connect({ endpoint, tls: { ca: serverCa.cert, ...(await clientPair('ann')) } });
  await createClient(before.verbs).list(namespaces);
  expect(await Promise.all([shownBy(endpoint), shownBy(address)])).toEqual(['first', 'first']);

  const next = { ...(await serverPair('second')), clientCa: clientCa.cert };
  grpc.useTls(next);
  rest.useTls(next);
  expect(await Promise.all([shownBy(endpoint), shownBy(address)])).toEqual(['second', 'second']);
  await createClient(before.verbs).list(namespaces);
  const after = connect({ endpoint, tls: { ca: serverCa.cert, ...(await clientPair('ann')) } });
  await createClient(after.verbs).list(namespaces);
  const stranger = connect({ endpoint, tls: { ca: serverCa.cert } });
  await expect(createClient(stranger.verbs).list(namespaces)).rejects.toMatchObject({
    reason: 'Unauthorized',
  });

  for (const connection of [before, after, stranger]) connection.close();
  await Promise.all([grpc.stop(1_000), rest.stop(1_000)]);
});

test('a client shows a new certificate when it connects anew', async () => {
  const { authenticator, authorizer } = api.api;
  const pair = await serverPair('server');
  const version = { gitVersion: 'v1.36.0', wheelhouseVersion: '0.0.0', store: 'memory' } as const;
  const grpc = createGrpcServer({
    verbs: api.verbs,
    discovery: createDiscovery(api.scheme, new OpenApiDocuments(api.scheme), version),
    listen: '127.0.0.1:0',
    tls: { cert: pair.cert, key: pair.key, clientCa: clientCa.cert },
    pipeline: new RequestPipeline({ authorizer }),
    identify: createCallIdentity({ tokens: authenticator, certificates: certificates() }),
  });
  const endpoint = await grpc.start();
  const shown = new LivePair(await clientPair('ann'));
  const tls = {
    ca: serverCa.cert,
    get cert() {
      return shown.cert;
    },
    get key() {
      return shown.key;
    },
  };
  const connection = connect({ endpoint, tls });
  const client = createClient(connection.verbs);
  const who = async () =>
    (await client.create(selfsubjectreviews, { metadata: {} })).status.userInfo?.username;
  expect(await who()).toBe('ann');
  shown.replace(await clientPair('bob'));
  expect(await who()).toBe('ann');
  connection.redial();
  expect(await who()).toBe('bob');
  connection.close();
  await grpc.stop(1_000);
});

test('an authority that is replaced vouches until it is forgotten; then what it let in ends', async () => {
  await using rest = await createRestApi({
    rbac: true,
    aggregation: true,
    clock: new SteppedClock(Date.now()),
  });
  await using grpc = await serveGrpc(rest);
  const { authorities, pki } = rest;
  const old = { current: pki.clientCa, previous: undefined };
  const current = await makePair({ name: 'ca', subject: 'CN=client-ca-2', use: 'ca' }, systemClock);
  const subject = 'O=system:masters, CN=ann';
  const fresh = await makePair({ name: 'a', subject, use: 'client', signer: current }, systemClock);
  const code = async (as: KeyPair) => (await rest.send('GET', '/api/v1/namespaces', { as })).code;
  const overGrpc = (as: KeyPair) =>
    createClient(grpc.connect(as).verbs)
      .list(namespaces)
      .then(
        () => 'OK',
        (error: unknown) => (error as { reason: string }).reason,
      );
  const published = async () =>
    (
      await rest.api.client.get(configmaps, {
        namespace: 'kube-system',
        name: 'extension-apiserver-authentication',
      })
    ).data?.['client-ca-file'];

  expect(await code(pki.admin)).toBe(200);
  authorities.clientCa.replace({ current, previous: old.current });
  expect([await code(pki.admin), await code(fresh)]).toEqual([200, 200]);
  expect([await overGrpc(pki.admin), await overGrpc(fresh)]).toEqual(['OK', 'OK']);
  await expect.poll(published).toBe(authorities.clientCa.bundle.toString());

  const watching = await rest.open('GET', '/api/v1/namespaces?watch=true', { as: pki.admin });
  const staying = await rest.open('GET', '/api/v1/namespaces?watch=true', { as: fresh });
  const ended = once(watching.resume(), 'close');
  authorities.clientCa.replace({ current, previous: undefined });
  await ended;
  expect(staying.destroyed).toBe(false);
  staying.destroy();
  // On the connection that is open, and on another one.
  expect([await code(pki.admin), await code({ ...pki.admin })]).toEqual([401, 401]);
  expect([await code(fresh), await overGrpc(fresh)]).toEqual([200, 'OK']);
  expect(await overGrpc({ ...pki.admin })).not.toBe('OK');
  await expect.poll(published).toBe(current.cert.toString());
});

test('a client that core does not know connects anew, and is known once core believes its authority', async () => {
  await using rest = await createRestApi({ rbac: true });
  await using grpc = await serveGrpc(rest);
  const { authorities, pki } = rest;
  const current = await makePair({ name: 'ca', subject: 'CN=client-ca-2', use: 'ca' }, systemClock);
  const subject = 'O=system:masters, CN=ann';
  const fresh = await makePair({ name: 'a', subject, use: 'client', signer: current }, systemClock);
  const clock = new SteppedClock(Date.now());
  const tls = { ca: pki.serverCa.cert, ...fresh };
  using connection = connect({ endpoint: grpc.endpoint, tls, clock });
  const list = () => createClient(connection.verbs).list(namespaces);
  await expect(list()).rejects.toMatchObject({ reason: 'Unauthorized' });
  authorities.clientCa.replace({ current, previous: pki.clientCa });
  // The connection was made before.
  await expect(list()).rejects.toMatchObject({ reason: 'Unauthorized' });
  clock.advance(5_000);
  await expect(list()).rejects.toMatchObject({ reason: 'Unauthorized' });
  await expect(list()).resolves.toMatchObject({ items: expect.anything() as unknown });
});
