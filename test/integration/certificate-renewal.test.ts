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
import { namespaces, selfsubjectreviews } from '../../core/api/generated/resources.ts';
import { connect } from '../../core/client/grpc/connection.ts';
import { createClient } from '../../core/client/typed-client.ts';
import { systemClock } from '../../core/machinery/clock.ts';
import type { KeyPair } from '../../core/machinery/pki/key-pair.ts';
import { LivePair } from '../../core/machinery/pki/live-pair.ts';
import { makePair } from '../../core/machinery/pki/make-certificate.ts';
import { createTestApi } from '../environment/api.ts';
import type { TestApi } from '../environment/api.ts';
import { noContainers } from '../environment/rest.ts';

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
