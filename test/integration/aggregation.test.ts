import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { apiservices, configmaps } from '../../core/api/generated/resources.ts';
import { SteppedClock } from '../../core/machinery/stepped-clock.ts';
import type { KeyPair } from '../../core/machinery/pki/make-certificate.ts';
import { fortunesGroup } from '../environment/extension-server.ts';
import type { ExtensionServer } from '../environment/extension-server.ts';
import { findKubectl, Kubectl } from '../environment/kubectl.ts';
import type { KubectlProgram } from '../environment/kubectl.ts';
import type { RestApi } from '../environment/rest.ts';
import { AggregationScene, base, fortunes, name } from '../environment/aggregation-scene.ts';

let scene: AggregationScene;
let rest: RestApi;
let extension: ExtensionServer;
let ann: KeyPair;
beforeAll(async () => {
  scene = await AggregationScene.create();
  ({ rest, extension, ann } = scene);
});
afterAll(() => scene[Symbol.asyncDispose]());

/** Values of a header, each as it came. */
function values(rawHeaders: readonly string[], header: string): string[] {
  return rawHeaders.flatMap((value, index) =>
    index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === header
      ? [Buffer.from(value, 'latin1').toString('utf8')]
      : [],
  );
}

async function allow(user: string, verbs: readonly string[]): Promise<void> {
  const rbac = '/apis/rbac.authorization.k8s.io/v1';
  const role = `fortunes-of-${verbs.join('-')}`;
  const rules = [{ apiGroups: [fortunesGroup], resources: ['fortunes', 'fortunes/tell'], verbs }];
  await rest.send('POST', `${rbac}/namespaces/default/roles`, {
    body: JSON.stringify({ metadata: { name: role }, rules }),
  });
  const binding = {
    metadata: { name: role },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: role },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }],
  };
  const made = await rest.send('POST', `${rbac}/namespaces/default/rolebindings`, {
    body: JSON.stringify(binding),
  });
  expect(made.code).toBe(201);
}

describe("the server's own APIServices", () => {
  test('are there for everything that is served, always available', async () => {
    expect((await scene.isTold('True', 'Local', 'v1.')).message).toBe(
      'Local APIServices are always available',
    );
    await scene.isTold('True', 'Local', 'v1.storage.k8s.io');
    const { spec, metadata } = await rest.api.client.get(apiservices, { name: 'v2.autoscaling' });
    expect(spec).toEqual({
      group: 'autoscaling',
      version: 'v2',
      groupPriorityMinimum: 17500,
      versionPriority: 30,
    });
    expect(metadata.labels).toEqual({ 'kube-aggregator.kubernetes.io/automanaged': 'onstart' });
  });

  test('come and go with custom resources', async () => {
    const group = 'widgets.example.com';
    const schema = { openAPIV3Schema: { type: 'object' } };
    const definition = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `widgets.${group}` },
      spec: {
        group,
        names: { plural: 'widgets', kind: 'Widget' },
        scope: 'Namespaced',
        versions: [{ name: 'v1', served: true, storage: true, schema }],
      },
    };
    const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    await rest.send('POST', path, { body: JSON.stringify(definition) });
    await scene.isTold('True', 'Local', `v1.${group}`);
    const { resourceVersion } = await rest.api.client.list(apiservices);
    await rest.send('DELETE', `${path}/widgets.${group}`);
    const over = new AbortController();
    for await (const batch of rest.api.client.watch(apiservices, { signal: over.signal, resourceVersion }))
      if (batch.some((event) => event.type === 'DELETED' && event.object.metadata.name === `v1.${group}`))
        over.abort();
  });
});

describe("a user's API server", () => {
  test('is asked as whom the caller is, by somebody it can believe', async () => {
    const answer = await rest.send('GET', `${fortunes}?limit=500`, { accept: 'application/json;as=Table' });
    expect(answer.code).toBe(200);
    expect(answer.json()).toMatchObject({ kind: 'FortuneList', items: [{ kind: 'Fortune' }, {}] });
    const { url, headers, rawHeaders } = scene.lastAsked();
    expect(url).toBe(`${fortunes}?limit=500`);
    expect(headers).toMatchObject({
      host: 'fortunes.default.svc',
      accept: 'application/json;as=Table',
      'x-remote-user': 'admin',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'https',
    });
    expect(values(rawHeaders, 'x-remote-group')).toEqual(['system:masters', 'system:authenticated']);
    expect(headers).not.toHaveProperty('authorization');
  });

  test('gets bodies as they are, and gives back what it answers', async () => {
    const body = JSON.stringify({ kind: 'Fortune', spec: { text: 'ä'.repeat(100_000) } });
    const answer = await rest.send('POST', fortunes, { body });
    expect(answer.code).toBe(201);
    expect(answer.text).toBe(body);
    expect((await rest.send('GET', `${base}/namespaces/other/fortunes/x`)).code).toBe(404);
  });

  test('is reached only by who may, and told of nobody else', async () => {
    const before = extension.asked.length;
    const refused = await rest.send('GET', fortunes, { as: ann });
    expect(refused.code).toBe(403);
    expect(refused.json().message).toContain('User "Änn" cannot list resource "fortunes" in API group');
    expect((await rest.send('GET', fortunes, { as: null })).code).toBe(401);
    expect(extension.asked).toHaveLength(before);
    await allow('Änn', ['list']);
    expect((await rest.send('GET', fortunes, { as: ann })).code).toBe(200);
    expect(values(scene.lastAsked().rawHeaders, 'x-remote-user')).toEqual(['Änn']);
    expect((await rest.send('DELETE', `${fortunes}/good`, { as: ann })).code).toBe(403);
  });

  test('cannot be told by a client who the client is', async () => {
    const headers = {
      'X-Remote-User': 'root',
      'X-Remote-Group': 'system:masters',
      'X-Remote-Extra-Scope': 'everything',
      'X-Remote-Uid': '0',
      'X-Forwarded-For': '10.1.2.3',
      'X-Forwarded-Host': 'elsewhere',
      Connection: 'keep-alive',
    };
    expect((await rest.send('GET', fortunes, { as: ann, headers })).code).toBe(200);
    const { headers: got, rawHeaders } = scene.lastAsked();
    expect(values(rawHeaders, 'x-remote-user')).toEqual(['Änn']);
    expect(values(rawHeaders, 'x-remote-group')).toEqual(['developers', 'system:authenticated']);
    expect(got).not.toHaveProperty('x-remote-extra-scope');
    expect(got).not.toHaveProperty('x-remote-uid');
    expect(got['x-forwarded-host']).toBe(rest.address);
  });

  test('is told whom somebody acts as, with all that is known of them', async () => {
    const headers = {
      'impersonate-user': 'bob',
      'impersonate-group': 'system:masters',
      'impersonate-extra-a%2fb': 'c',
    };
    expect((await rest.send('GET', fortunes, { headers })).code).toBe(200);
    const { headers: got } = scene.lastAsked();
    expect(got).toMatchObject({ 'x-remote-user': 'bob', 'x-remote-extra-a%2fb': 'c' });
    expect(Object.keys(got).filter((header) => header.startsWith('impersonate-'))).toEqual([]);
  });

  test.each([
    `${fortunes}/x%2F..%2F..%2F..%2Fsecrets`,
    `${fortunes}/%2e%2e%5csecrets`,
    `${base}/namespaces//fortunes/x`,
  ])('never sees a path that it could read another way: %s', async (path) => {
    const before = extension.asked.length;
    expect((await rest.send('GET', path)).code).toBe(400);
    expect(extension.asked).toHaveLength(before);
  });

  test('may not send clients elsewhere', async () => {
    const answer = await rest.send('GET', `${fortunes}/away`);
    expect(answer.code).toBe(502);
    expect(answer.headers).not.toHaveProperty('location');
  });

  test('is watched, event by event', async () => {
    const answer = await rest.open('GET', `${fortunes}?watch=true`);
    expect(answer.statusCode).toBe(200);
    for (const type of ['ADDED', 'DELETED']) {
      const [[chunk]] = await Promise.all([once(answer, 'data'), extension.announce({ type, object: {} })]);
      expect(JSON.parse(String(chunk))).toEqual({ type, object: {} });
    }
    answer.destroy();
  });

  /** Asks for another protocol; the answer, and the connection where there is one. */
  function upgrade(path: string, of = rest): Promise<readonly [IncomingMessage, Duplex?]> {
    const { port, hostname } = new URL(`https://${of.address}`);
    return new Promise((resolve, reject) => {
      const outgoing = httpsRequest({
        host: hostname,
        port,
        path,
        ca: of.pki.serverCa.cert,
        ...of.pki.admin,
        headers: { connection: 'Upgrade', upgrade: 'echo', 'x-remote-user': 'root' },
      });
      outgoing.once('upgrade', (answer, socket: Duplex) => resolve([answer, socket]));
      outgoing.once('response', (answer) => resolve([answer]));
      outgoing.once('error', reject);
      outgoing.end();
    });
  }

  test('speaks another protocol once it agrees to, and only then', async () => {
    const [answer, socket] = await upgrade(`${fortunes}/good/tell`);
    expect(answer.statusCode).toBe(101);
    expect(answer.headers.upgrade).toBe('echo');
    expect(scene.lastAsked().headers['x-remote-user']).toBe('admin');
    socket?.write('hello');
    expect(String((await once(socket as Duplex, 'data'))[0])).toBe('hello');
    socket?.destroy();
    const [refused, none] = await upgrade(`${fortunes}/bad/tell`);
    expect([refused.statusCode, none]).toEqual([403, undefined]);
    refused.resume();
  });

  test('is given up on where it takes a minute to answer, or to say whether it speaks another protocol', async () => {
    const serverClock = new SteppedClock();
    await using slow = await AggregationScene.create({ serverClock });
    const heard = () => slow.extension.asked.filter(({ url }) => url.includes('/mute')).length;
    const answering = upgrade(`${fortunes}/mute/tell`, slow.rest);
    const plain = slow.rest.send('GET', `${fortunes}/mute`);
    await expect.poll(heard, { timeout: 30_000 }).toBe(2);
    serverClock.advance(60_000);
    const [answer] = await answering;
    expect(answer.statusCode).toBe(504);
    const [body] = (await once(answer, 'data')) as [Buffer];
    expect(JSON.parse(String(body))).toMatchObject({
      reason: 'Timeout',
      message: 'the server did not answer within 60 s',
    });
    expect((await plain).json()).toMatchObject({
      code: 504,
      reason: 'Timeout',
      message: 'Timeout: request did not complete within the allotted timeout',
    });

    // Once it is agreed, no time runs.
    const [, socket] = await upgrade(`${fortunes}/good/tell`, slow.rest);
    serverClock.advance(600_000);
    socket?.write('hello');
    expect(String((await once(socket as Duplex, 'data'))[0])).toBe('hello');
    socket?.destroy();
  });

  test('is in discovery, plain and whole', async () => {
    const { groups } = (await rest.send('GET', '/apis')).json() as unknown as { groups: { name: string }[] };
    expect(groups.find((group) => group.name === fortunesGroup)).toMatchObject({
      versions: [{ groupVersion: `${fortunesGroup}/v1alpha1` }],
      preferredVersion: { version: 'v1alpha1' },
    });
    expect((await rest.send('GET', `/apis/${fortunesGroup}`)).json()).toMatchObject({ kind: 'APIGroup' });
    expect((await rest.send('GET', base)).json()).toMatchObject({ kind: 'APIResourceList' });
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
    const { items } = (await rest.send('GET', '/apis', { accept })).json() as unknown as {
      items: { metadata: { name: string } }[];
    };
    expect(items.find(({ metadata }) => metadata.name === fortunesGroup)).toMatchObject({
      versions: [
        {
          version: 'v1alpha1',
          freshness: 'Current',
          resources: [
            {
              resource: 'fortunes',
              responseKind: { group: fortunesGroup, version: 'v1alpha1', kind: 'Fortune' },
              scope: 'Namespaced',
              shortNames: ['ft'],
              subresources: [{ subresource: 'tell', verbs: ['get'] }],
            },
          ],
        },
      ],
    });
    expect((await rest.send('GET', '/')).text).toContain(`"${base}"`);
  });

  test('is in OpenAPI, with what is its own', async () => {
    const index = async () => {
      const { paths } = (await rest.send('GET', '/openapi/v3')).json() as unknown as {
        paths: Record<string, { serverRelativeURL: string }>;
      };
      return paths[base.slice(1)]?.serverRelativeURL;
    };
    // They are read after it was found to be there.
    while ((await index()) === undefined);
    expect(await index()).toBe(`/openapi/v3${base}?hash=A1`);
    const document = await rest.send('GET', (await index()) ?? '');
    expect(document.text).toContain('Fortune is what will be.');
    const { paths, definitions } = (await rest.send('GET', '/openapi/v2')).json() as unknown as {
      paths: object;
      definitions: object;
    };
    expect(paths).toHaveProperty([`${base}/fortunes`]);
    expect(paths).not.toHaveProperty(['/apis/other.example.com/v1/others']);
    expect(paths).toHaveProperty(['/api/v1/pods']);
    expect(definitions).toHaveProperty(['com.example.fortunes.v1alpha1.Fortune']);
    expect(definitions).not.toHaveProperty(['io.k8s.Other']);
  });

  test('finds out whom to believe where upstream says it', async () => {
    const map = await rest.api.client.get(configmaps, {
      namespace: 'kube-system',
      name: 'extension-apiserver-authentication',
    });
    expect(map.data).toMatchObject({
      'requestheader-client-ca-file': rest.pki.frontProxyCa.cert.toString(),
      'requestheader-allowed-names': '["front-proxy-client"]',
      'requestheader-username-headers': '["X-Remote-User"]',
    });
  });

  const program = findKubectl();
  if (program === undefined)
    console.warn("skipped: a user's API server with kubectl: there is no kubectl on the PATH");

  test.skipIf(program === undefined)('answers kubectl as everything else does', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'aggregation-'));
    try {
      const data = (pair: Buffer) => pair.toString('base64');
      const { serverCa, admin } = rest.pki;
      const kubeconfig = join(directory, 'kubeconfig');
      writeFileSync(
        kubeconfig,
        JSON.stringify({
          apiVersion: 'v1',
          kind: 'Config',
          clusters: [
            {
              name: 'a',
              cluster: {
                server: `https://${rest.address}`,
                'certificate-authority-data': data(serverCa.cert),
              },
            },
          ],
          users: [
            {
              name: 'a',
              user: { 'client-certificate-data': data(admin.cert), 'client-key-data': data(admin.key) },
            },
          ],
          contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
          'current-context': 'a',
        }),
      );
      const kubectl = new Kubectl(program as KubectlProgram, kubeconfig, directory);
      expect(await kubectl.ok('get', 'fortunes', '-o', 'name')).toBe(
        `fortune.${fortunesGroup}/good\nfortune.${fortunesGroup}/bad\n`,
      );
      expect(await kubectl.ok('get', 'ft', 'good', '-o', 'jsonpath={.spec.text}')).toBe(
        'the fortune of good',
      );
      expect(await kubectl.ok('get', 'apiservice', name)).toMatch(/default\/fortunes +True/);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describe("a user's API server that is not there", () => {
  test('is told to be, and its requests are refused until it comes back', async () => {
    const { client } = rest.api;
    const { metadata } = await client.get(apiservices, { name });
    const change = (spec: object) =>
      client.patch(apiservices, { name: metadata.name ?? '' }, 'merge', { spec });

    await change({ service: { name: 'nobody' } });
    expect((await scene.isTold('False', 'ServiceNotFound')).message).toBe(
      'service/nobody in "default" is not present',
    );
    const refused = await rest.send('GET', fortunes);
    expect(refused.code).toBe(503);
    expect(refused.json()).toMatchObject({ reason: 'ServiceUnavailable', message: 'service unavailable' });
    // What else there is does not suffer.
    expect((await rest.send('GET', '/apis')).code).toBe(200);

    // Somebody else's authority: it is not believed.
    const other = rest.pki.serverCa.cert.toString('base64');
    await change({ service: { name: 'fortunes' }, caBundle: other });
    expect((await scene.isTold('False', 'FailedDiscoveryCheck')).message).toContain('fortunes.default.svc');

    await change({ caBundle: null, insecureSkipTLSVerify: true });
    await scene.isTold('True', 'Passed');
    expect((await rest.send('GET', fortunes)).code).toBe(200);

    extension.failing = 500;
    await change({ versionPriority: 11 });
    expect((await scene.isTold('False', 'FailedDiscoveryCheck')).message).toContain('bad status: 500');
    extension.failing = undefined;
    await change({ versionPriority: 12 });
    await scene.isTold('True', 'Passed');

    await client.delete(apiservices, { name });
    const gone = async () => (await rest.send('GET', fortunes)).code;
    while ((await gone()) !== 404);
    const { groups } = (await rest.send('GET', '/apis')).json() as unknown as { groups: { name: string }[] };
    expect(groups.some((group) => group.name === fortunesGroup)).toBe(false);
  });
});
