import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { OutgoingHttpHeaders } from 'node:http2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clusterrolebindings, configmaps, serviceaccounts } from '../../core/api/generated/resources.ts';
import type { UserInfo } from '../../core/api/generated/authentication-v1.ts';
import { systemClock } from '../../core/machinery/clock.ts';
import type { KeyPair } from '../../core/machinery/pki/key-pair.ts';
import { makePair } from '../../core/machinery/pki/make-certificate.ts';
import { SteppedClock } from '../../core/machinery/stepped-clock.ts';
import { serveGrpc } from '../environment/grpc.ts';
import type { GrpcApi } from '../environment/grpc.ts';
import { whoOverGrpc, whoOverRest } from '../environment/raw-calls.ts';
import { clientPair, createRestApi, noContainers } from '../environment/rest.ts';
import type { RestApi } from '../environment/rest.ts';

const dayMs = 24 * 3_600_000;
let rest: RestApi;
let grpc: GrpcApi;
let gate: KeyPair;

beforeAll(async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  rest = await createRestApi({
    rbac: true,
    aggregation: true,
    serviceAccountKeys: { signing: privateKey, verifying: [] },
  });
  grpc = await serveGrpc(rest);
  gate = rest.pki.frontProxyClient;
});
afterAll(async () => {
  await grpc[Symbol.asyncDispose]();
  await rest[Symbol.asyncDispose]();
});

type Who = UserInfo | number;
/** Whom both front ends take somebody for, who shows this and says that. */
async function who(as: KeyPair | null, headers: OutgoingHttpHeaders): Promise<readonly [Who, Who]> {
  const ca = rest.pki.serverCa.cert;
  return Promise.all([
    whoOverRest({ address: rest.address, ca, as }, headers),
    whoOverGrpc({ address: grpc.endpoint, ca, as }, headers),
  ]);
}

const both = <T>(one: T) => [one, one];
const nobody = [401, 16];
const asAdmin = { 'x-remote-user': 'admin', 'x-remote-group': 'system:masters' };

describe('a proxy of the front-proxy authority', () => {
  test('says who a user is, over either front end', async () => {
    const headers = {
      'x-remote-user': 'ann',
      'x-remote-group': 'developers',
      'x-remote-uid': '7',
      'x-remote-extra-scopes': 'read',
    };
    expect(await who(gate, headers)).toEqual(
      both({
        username: 'ann',
        uid: '7',
        groups: ['developers', 'system:authenticated'],
        extra: { scopes: ['read'] },
      }),
    );
  });

  test('says several groups, and other letters than English ones', async () => {
    const groups = ['a,b', 'ü'];
    const ca = rest.pki.serverCa.cert;
    const bytes = (text: string) => Buffer.from(text).toString('latin1');
    const named = { username: 'Änn', groups: [...groups, 'system:authenticated'] };
    expect(
      await whoOverRest(
        { address: rest.address, ca, as: gate },
        {
          'x-remote-user': bytes('Änn'),
          'x-remote-group': groups.map(bytes),
          'x-remote-extra-example.com%2fteam': 'blue',
        },
      ),
    ).toMatchObject({ ...named, extra: { 'example.com/team': ['blue'] } });
    const binary = (text: string) => Buffer.from(text).toString('base64');
    expect(
      await whoOverGrpc(
        { address: grpc.endpoint, ca, as: gate },
        { 'x-remote-user-bin': binary('Änn'), 'x-remote-group-bin': groups.map(binary).join(',') },
      ),
    ).toMatchObject(named);
  });

  test('serves many users on one connection, each as themselves', async () => {
    for (const name of ['ann', 'bob']) {
      const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
      const answer = await rest.send('POST', path, {
        body: '{}',
        as: gate,
        headers: { 'x-remote-user': name },
      });
      expect(answer.json()['status']).toMatchObject({ userInfo: { username: name } });
    }
  });

  test('gives its users their own rights, and no others', async () => {
    const subjects = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'reader' }];
    const roleRef = {
      apiGroup: 'rbac.authorization.k8s.io',
      kind: 'ClusterRole',
      name: 'system:aggregate-to-view',
    };
    await rest.api.client.create(clusterrolebindings, { metadata: { name: 'readers' }, subjects, roleRef });
    const code = async (headers: OutgoingHttpHeaders) =>
      (await rest.send('GET', '/api/v1/pods', { as: gate, headers })).code;
    await expect.poll(() => code({ 'x-remote-user': 'reader' })).toBe(200);
    expect(await code({ 'x-remote-user': 'ann' })).toBe(403);
    expect(await code({ 'x-remote-user': 'reader', 'impersonate-user': 'admin' })).toBe(403);
    expect(await code(asAdmin)).toBe(200);
  });

  test('that names nobody is nobody, whatever else it says', async () => {
    expect(await who(gate, {})).toEqual(nobody);
    expect(await who(gate, { 'x-remote-user': '', 'x-remote-group': 'system:masters' })).toEqual(nobody);
    expect(await who(gate, { 'x-remote-group': 'system:masters', 'x-remote-uid': '1' })).toEqual(nobody);
  });

  test('may hand on a token instead, and its own word counts for more', async () => {
    const metadata = { name: 'bot', namespace: 'default' };
    await rest.api.client.create(serviceaccounts, { metadata });
    const { status } = (await rest.api.client.createSubresource(serviceaccounts, metadata, 'token', {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata,
      spec: {},
    })) as unknown as { status: { token: string } };
    const authorization = `Bearer ${status.token}`;
    const bot = { username: 'system:serviceaccount:default:bot' };
    expect(await who(gate, { authorization })).toMatchObject(both(bot));
    expect(await who(gate, { authorization, 'x-remote-user': 'ann' })).toMatchObject(
      both({ username: 'ann' }),
    );
    expect(await who(null, { authorization, ...asAdmin })).toMatchObject(both(bot));
    expect(await who(gate, { authorization: 'Bearer made-up' })).toEqual(nobody);
  });

  test('is told to users’ API servers with how it names users', async () => {
    const name = { namespace: 'kube-system', name: 'extension-apiserver-authentication' };
    await expect
      .poll(async () => (await rest.api.client.get(configmaps, name)).data)
      .toEqual({
        'client-ca-file': rest.pki.clientCa.cert.toString(),
        'requestheader-allowed-names': '["front-proxy-client"]',
        'requestheader-client-ca-file': rest.pki.frontProxyCa.cert.toString(),
        'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
        'requestheader-group-headers': '["X-Remote-Group"]',
        'requestheader-uid-headers': '["X-Remote-Uid"]',
        'requestheader-username-headers': '["X-Remote-User"]',
      });
    const role = '/apis/rbac.authorization.k8s.io/v1/namespaces/kube-system/roles';
    const answer = await rest.send('GET', `${role}/extension-apiserver-authentication-reader`);
    expect(answer.json()['rules']).toEqual([
      {
        apiGroups: [''],
        resources: ['configmaps'],
        resourceNames: [name.name],
        verbs: ['get', 'list', 'watch'],
      },
    ]);
  });
});

describe('nobody else says who a user is', () => {
  const make = (subject: string, signer: KeyPair, days = 0) =>
    makePair(
      { name: 'a', subject, use: 'client', signer },
      days === 0 ? systemClock : new SteppedClock(Date.now() + days * dayMs),
    );

  test('not a client, even under the name of a proxy', async () => {
    const { clientCa } = rest.pki;
    expect(await who(await clientPair(clientCa, 'CN=ann'), asAdmin)).toMatchObject(both({ username: 'ann' }));
    expect(await who(await clientPair(clientCa, 'CN=front-proxy-client'), asAdmin)).toMatchObject(
      both({ username: 'front-proxy-client', groups: ['system:authenticated'] }),
    );
  });

  test.each<[what: string, pair: () => Promise<KeyPair | null>]>([
    ['shows nothing', () => Promise.resolve(null)],
    ['has another name', () => make('O=system:masters, CN=other', rest.pki.frontProxyCa)],
    ['has two names', () => make('CN=front-proxy-client, CN=other', rest.pki.frontProxyCa)],
    ['has ended', () => make('CN=front-proxy-client', rest.pki.frontProxyCa, -400)],
    ['has not begun', () => make('CN=front-proxy-client', rest.pki.frontProxyCa, 1)],
    ['is of the authority of servers', () => make('CN=front-proxy-client', rest.pki.serverCa)],
    [
      'is vouched for by a proxy',
      async () => {
        const { cert, key } = await make('CN=front-proxy-client', gate);
        return { cert: Buffer.concat([cert, gate.cert]), key };
      },
    ],
  ])('not who %s', async (_what, pair) => {
    expect(await who(await pair(), asAdmin)).toEqual(nobody);
  });

  test('not a gRPC client whose one group could be two', async () => {
    const ca = rest.pki.serverCa.cert;
    const headers = { 'x-remote-user': 'ann', 'x-remote-group': 'a, system:masters' };
    expect(await whoOverGrpc({ address: grpc.endpoint, ca, as: gate }, headers)).toBe(16);
    expect(await whoOverRest({ address: rest.address, ca, as: gate }, headers)).toMatchObject({
      groups: ['a, system:masters', 'system:authenticated'],
    });
  });
});

test('headers that are too large are refused before anybody is asked who it is', async () => {
  const huge = 'x'.repeat(70_000);
  await expect(
    rest.send('GET', '/api/v1/pods', { as: gate, headers: { 'x-remote-user': huge } }),
  ).resolves.toMatchObject({ code: 431 });
  const many = Array.from({ length: 300 }, (_, i) => `g${i}`);
  const answer = await rest
    .send('GET', '/version', { as: gate, headers: { 'x-remote-user': 'ann', 'x-remote-group': many } })
    .then(({ code }) => code);
  expect([200, 431]).toContain(answer);
  expect(await who(gate, { 'x-remote-user': 'ann' })).toMatchObject(both({ username: 'ann' }));
});

test('headers that name users go no further, whoever sends them and under whatever name', async () => {
  const heads: string[] = [];
  const pod = createServer((socket) => {
    socket.once('data', (bytes) => {
      heads.push(bytes.toString('latin1').toLowerCase());
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    });
  }).listen(0, '127.0.0.1');
  await once(pod, 'listening');
  const { port } = pod.address() as AddressInfo;
  await using other = await createRestApi({
    rbac: true,
    containers: { ...noContainers, proxy: () => Promise.resolve(connect(port, '127.0.0.1')) },
    requestHeaders: {
      authorities: rest.pki.frontProxyCa.cert,
      proxyNames: [],
      headers: { username: ['X-Login'], uid: [], group: ['X-Team'], extraPrefix: ['X-More-'] },
    },
  });
  const headers = {
    'x-login': 'ann',
    'x-team': 'system:masters',
    'x-more-a': 'b',
    'x-remote-user': 'root',
    'x-kept': 'kept',
  };
  const path = '/api/v1/namespaces/default/pods/web:80/proxy/';
  for (const as of [gate, other.pki.admin])
    expect((await other.send('GET', path, { as, headers })).code).toBe(200);
  expect(heads).toHaveLength(2);
  for (const head of heads) {
    expect(head).toContain('x-kept: kept');
    expect(head).not.toMatch(/x-login|x-team|x-more-a|x-remote|ann|root/);
  }
  pod.close();
});
