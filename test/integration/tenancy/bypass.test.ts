import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { configmaps, pods, secrets } from '../../../core/api/generated/resources.ts';
import type { ResourceRule } from '../../../core/api/generated/authorization-v1.ts';
import { StatusError } from '../../../core/api/errors.ts';
import { createClient } from '../../../core/client/typed-client.ts';
import type { RestRequest } from '../../environment/rest.ts';
import { createFrontEnds } from './front-ends.ts';
import type { FrontEnds, Person } from './front-ends.ts';
import { rulesOf } from './model.ts';

/** `edit` is what these two make together; its own rules are put together by a controller. */
const edit = ['system:aggregate-to-edit', 'system:aggregate-to-view'];
const hidden = 'nobody of the team reads this';
/** What is wrong with a Pod that no scheduler has seen. */
const noNode = 'pod web does not have a host assigned';

let ends: FrontEnds;
let editor: Person;
let viewer: Person;
beforeAll(async () => {
  ends = await createFrontEnds();
  const { client } = ends.rest.api;
  for (const namespace of ['team', 'other']) {
    const metadata = { namespace, name: 'web' };
    await client.create(secrets, { metadata, stringData: { text: namespace === 'team' ? 'ours' : hidden } });
    await client.create(pods, { metadata, spec: { containers: [{ name: 'web', image: 'web:1' }] } });
  }
  editor = await ends.person('editor', ...edit.map((role) => ({ role, namespace: 'team' })));
  viewer = await ends.person('viewer', { role: 'system:aggregate-to-view', namespace: 'team' });
});
afterAll(() => ends[Symbol.asyncDispose]());

const send = (method: string, path: string, { pair }: Person, more: RestRequest = {}) =>
  ends.rest.send(method, path, { ...more, as: pair });

async function code(method: string, path: string, person: Person, more?: RestRequest): Promise<number> {
  return (await send(method, path, person, more)).code;
}

/** What became of a stream over gRPC where there is no agent: it was let in if that is all that is wrong. */
async function answerTo(call: () => Promise<unknown>): Promise<string> {
  try {
    await call();
    return 'opened';
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    if (error.code === 403) return 'forbidden';
    return error.message === noNode ? 'allowed' : error.message;
  }
}

describe('streams', () => {
  const target = (namespace: string) => ({ namespace, name: 'web' });
  const commands = [
    ['exec', '?command=id&stdout=true', 'v5.channel.k8s.io'],
    ['attach', '?stdout=true', 'v5.channel.k8s.io'],
    ['portforward', '?ports=80', 'v4.channel.k8s.io'],
  ] as const;

  test.each(commands)(
    '%s by a GET that upgrades needs the right to create',
    async (name, query, protocol) => {
      const path = (namespace: string) => `/api/v1/namespaces/${namespace}/pods/web/${name}${query}`;
      expect(await ends.websocket(viewer, path('team'), protocol)).toBe(403);
      expect(await ends.websocket(editor, path('other'), protocol)).toBe(403);
      // There is no agent, so nothing opens; but it was not for want of a right.
      expect(await ends.websocket(editor, path('team'), protocol)).toBe(400);
      // What is no upgrade opens nothing, whoever asks.
      for (const method of ['GET', 'POST']) expect(await code(method, path('other'), editor)).toBe(400);
    },
  );

  test('reading logs is for who may read them, by either way', async () => {
    const log = (namespace: string) => `/api/v1/namespaces/${namespace}/pods/web/log`;
    for (const person of [editor, viewer]) {
      expect(await code('GET', log('team'), person)).toBe(400);
      expect(await code('GET', log('other'), person)).toBe(403);
      const read = async (namespace: string) => {
        for await (const _chunk of person.connection.containers.logs({}, target(namespace), {})) return;
      };
      expect(await answerTo(() => read('team'))).toBe('allowed');
      expect(await answerTo(() => read('other'))).toBe('forbidden');
    }
  });

  test('over gRPC they ask for the same rights', async () => {
    const options = { command: ['id'], stdin: false, tty: false };
    for (const [person, namespace, expected] of [
      [editor, 'team', 'allowed'],
      [editor, 'other', 'forbidden'],
      [viewer, 'team', 'forbidden'],
    ] as const) {
      const where = target(namespace);
      const streams = person.connection.containers;
      expect(await answerTo(() => streams.exec({}, where, options))).toBe(expected);
      expect(await answerTo(() => streams.attach({}, where, options))).toBe(expected);
      expect(await answerTo(() => streams.portForward({}, where, 80))).toBe(expected);
    }
  });

  test('the proxy is reached with the verb of the method, and nodes not at all', async () => {
    for (const resource of ['pods/web', 'services/web'])
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
        const path = (namespace: string) => `/api/v1/namespaces/${namespace}/${resource}/proxy/x`;
        const more = method === 'GET' ? {} : { body: '{}' };
        expect(await code(method, path('team'), editor, more)).toBe(resource === 'pods/web' ? 400 : 404);
        expect(await code(method, path('other'), editor, more)).toBe(403);
        expect(await code(method, path('team'), viewer, more)).toBe(403);
      }
    expect(await code('GET', '/api/v1/nodes/node/proxy/metrics', editor)).toBe(403);
    expect(await ends.websocket(viewer, '/api/v1/namespaces/team/pods/web/proxy/', 'x')).toBe(403);
  });
});

describe('odd paths lead nowhere that plain ones do not', () => {
  const ours = '/api/v1/namespaces/team/secrets/web';
  const theirs = '/api/v1/namespaces/other/secrets/web';
  const ways: readonly ((path: string) => string)[] = [
    (path) => `/${path}`,
    (path) => `//evil.example${path}`,
    (path) => path.replaceAll('/', '//'),
    (path) => `${path}/`,
    (path) => `${path}//`,
    (path) => `${path}?`,
    (path) => `${path}#fragment`,
    (path) => `${path};v=1`,
    (path) => `https://127.0.0.1${path}`,
    (path) => path.replace('/api', '/%61pi'),
    (path) => path.replace('other', '%6fther'),
    (path) => path.replace('other', 'team/../other'),
    (path) => path.replace('other', 'team/%2e%2e/other'),
    (path) => path.replace('other', 'team%2f..%2fother'),
    (path) => path.replace('other', 'team%2F%2E%2E%2Fother'),
    (path) => path.replace('other', 'other%00'),
    (path) => path.replace('other/secrets', 'team/secrets/web/../../../other/secrets'),
    (path) => path.replace('other/secrets/web', 'team/secrets/..%2f..%2fother%2fweb'),
    (path) => path.replace('/namespaces/other/secrets/web', '/secrets/other%2fweb'),
    (path) =>
      path.replace('/namespaces/other/secrets/web', '/secrets?fieldSelector=metadata.namespace%3Dother'),
    (path) => path.replace('/namespaces/other', '/watch/namespaces/other'),
    (path) => path.replace('/api/v1', '/api/v1/namespaces/team/../..'),
    (path) => path.replaceAll('/', '\\'),
    (path) => path.replace('secrets/web', 'secrets/web/status'),
    (path) => path.replace('other', 'other').toUpperCase(),
    (path) => `/apis/${path}`,
    (path) => `/api/v1/namespaces/team/services/web/proxy/../../../../other/secrets/web?x=${path.length}`,
    (path) => `/version/../..${path}`,
    (path) => `/healthz/..${path}`,
  ];

  test.each(ways.map((way) => [way(theirs), way] as const))('%s', async (path) => {
    for (const method of ['GET', 'HEAD', 'DELETE', 'PUT', 'PATCH', 'POST']) {
      const more = ['GET', 'HEAD', 'DELETE'].includes(method) ? {} : { body: '{}' };
      const message = await ends.rest.open(method, path, { ...more, as: editor.pair });
      const { statusCode = 0 } = message;
      const answer = statusCode < 300 ? await firstBytes(message) : '';
      message.destroy();
      expect(`${method} ${statusCode} ${answer}`).not.toContain(Buffer.from(hidden).toString('base64'));
      if (statusCode < 300) expect(answer).not.toContain('"namespace":"other"');
      expect(statusCode).not.toBe(500);
    }
    expect(await ends.rest.api.client.get(secrets, { namespace: 'other', name: 'web' })).toMatchObject({
      data: { text: Buffer.from(hidden).toString('base64') },
    });
  });

  test('and what one may read is still to be read by the plain one', async () => {
    expect(await code('GET', ours, editor)).toBe(200);
    expect(await code('GET', ours, viewer)).toBe(403);
    expect(await code('GET', theirs, editor)).toBe(403);
  });

  test('a namespace is read by its name, and found by no list', async () => {
    expect(await code('GET', '/api/v1/namespaces/team', editor)).toBe(200);
    expect(await code('GET', '/api/v1/namespaces?fieldSelector=metadata.name%3Dteam', editor)).toBe(403);
    expect(await code('GET', '/api/v1/namespaces/other', editor)).toBe(403);
  });

  test('other paths are looked up as they are authorized', async () => {
    for (const path of [
      '/metrics',
      '//metrics',
      '/metrics/',
      '/%6detrics',
      '/version/../metrics',
      '/healthz/../metrics',
    ])
      expect(await code('GET', path, editor)).not.toBe(200);
  });
});

describe('nobody becomes somebody else', () => {
  const theirs = '/api/v1/namespaces/other/secrets/web';
  const spoofs: readonly Record<string, string>[] = [
    { 'x-remote-user': 'admin', 'x-remote-group': 'system:masters' },
    { 'x-forwarded-user': 'admin', 'x-forwarded-for': '127.0.0.1', 'x-real-ip': '127.0.0.1' },
    { 'x-forwarded-client-cert': 'Subject="O=system:masters,CN=admin"' },
    { 'x-user': 'admin', 'x-group': 'system:masters', 'x-authenticated-user': 'admin' },
    { 'x-original-url': '/version', 'x-rewrite-url': '/version' },
    { host: 'kubernetes.default.svc', forwarded: 'for=127.0.0.1;host=core' },
    { 'x-http-method-override': 'GET', 'x-http-method': 'GET', 'x-method-override': 'GET' },
  ];

  test.each(spoofs)('by headers such as %j', async (headers) => {
    expect(await code('GET', theirs, editor, { headers })).toBe(403);
    expect(await code('POST', theirs.replace('/web', ''), editor, { headers, body: '{}' })).toBe(403);
    expect((await ends.rest.send('GET', theirs, { headers, as: null })).code).toBe(401);
  });

  test('by a method that is renamed on the way', async () => {
    const path = '/api/v1/namespaces/team/configmaps/kept';
    const metadata = { namespace: 'team', name: 'kept' };
    await ends.rest.api.client.create(configmaps, { metadata });
    const headers = { 'x-http-method-override': 'DELETE' };
    expect(await code('GET', path, viewer, { headers })).toBe(200);
    expect(await code('GET', `${path}?_method=DELETE`, viewer)).toBe(200);
    expect(await code('POST', path, viewer, { headers, body: '{}' })).toBe(403);
    await expect(ends.rest.api.client.get(configmaps, metadata)).resolves.toBeDefined();
  });

  test('but an editor the accounts of the namespace, which may no more than the editor', async () => {
    const as = (user: string, group?: string): RestRequest => ({
      headers: { 'impersonate-user': user, ...(group === undefined ? {} : { 'impersonate-group': group }) },
    });
    const ours = '/api/v1/namespaces/team/secrets/web';
    for (const user of ['admin', 'system:admin', 'system:serviceaccount:other:default'])
      expect(await code('GET', ours, editor, as(user))).toBe(403);
    const account = 'system:serviceaccount:team:default';
    expect(await code('GET', '/version', editor, as(account))).toBe(200);
    expect(await code('GET', ours, editor, as(account))).toBe(403);
    expect(await code('GET', ours, editor, as(account, 'system:masters'))).toBe(403);
    expect(await code('GET', ours, editor, { headers: { 'impersonate-group': 'system:masters' } })).not.toBe(
      200,
    );
    expect(await code('GET', ours, editor, { headers: { 'impersonate-extra-scopes': 'all' } })).not.toBe(200);
  });

  test('by a token that says so', async () => {
    for (const token of ['', 'admin', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.'])
      expect(
        (await ends.rest.send('GET', theirs, { as: null, headers: { authorization: `Bearer ${token}` } }))
          .code,
      ).toBe(401);
  });
});

describe('rights', () => {
  const roles = '/apis/rbac.authorization.k8s.io/v1';
  const rule = { apiGroups: ['*'], resources: ['*'], verbs: ['*'] };
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' };
  const subjects = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'editor' }];

  test('are not widened by who edits, nor beyond their own by who administers the namespace', async () => {
    const admin = await ends.person(
      'admin-of-team',
      ...[...edit, 'system:aggregate-to-admin'].map((role) => ({ role, namespace: 'team' })),
    );
    const post = (path: string, body: object, person: Person) =>
      code('POST', `${roles}${path}`, person, { body: JSON.stringify(body) });
    const inTeam = '/namespaces/team';
    const role = { metadata: { name: 'all' }, rules: [rule] };
    const binding = { metadata: { name: 'all' }, roleRef, subjects };
    for (const [path, body] of [
      [`${inTeam}/roles`, role],
      [`${inTeam}/rolebindings`, binding],
      ['/clusterroles', role],
      ['/clusterrolebindings', binding],
    ] as const) {
      expect(await post(path, body, editor)).toBe(403);
      expect(await post(path, body, admin)).toBe(403);
    }
    const read = { ...rule, apiGroups: [''], resources: ['secrets'], verbs: ['get'] };
    const own = { metadata: { name: 'own' }, rules: [read] };
    expect(await post(`${inTeam}/roles`, own, admin)).toBe(201);
    const widened = JSON.stringify({ rules: [rule] });
    const patch = { body: widened, contentType: 'application/merge-patch+json' };
    expect(await code('PATCH', `${roles}${inTeam}/roles/own`, admin, patch)).toBe(403);
  });

  test('as kubectl auth can-i --list tells them are those of the roles, there and only there', async () => {
    const listed = async (person: Person, namespace: string) => {
      const body = JSON.stringify({ spec: { namespace } });
      const path = '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews';
      const { status } = (await send('POST', path, person, { body })).json() as unknown as {
        status: { resourceRules: readonly ResourceRule[] };
      };
      return grants(status.resourceRules);
    };
    const basic = grants(rulesOf('system:basic-user'));
    expect(await listed(editor, 'other')).toEqual(basic);
    expect(await listed(editor, 'team')).toEqual(
      new Set([...basic, ...edit.flatMap((role) => [...grants(rulesOf(role))])].toSorted()),
    );
    expect(await listed(viewer, 'team')).toEqual(
      new Set([...basic, ...grants(rulesOf('system:aggregate-to-view'))].toSorted()),
    );
  });

  test('over gRPC show the same objects as over REST, and none of others', async () => {
    const client = createClient(editor.connection.verbs);
    const { items } = await client.list(secrets, { namespace: 'team' });
    const answer = await send('GET', '/api/v1/namespaces/team/secrets', editor);
    const names = (answer.json()['items'] as readonly { metadata: { name: string } }[]).map(
      ({ metadata }) => metadata.name,
    );
    expect(items.map(({ metadata }) => metadata.name)).toEqual(names);
    expect(answer.text).not.toContain('"other"');
    await expect(client.list(secrets)).rejects.toMatchObject({ reason: 'Forbidden' });
  });
});

/** Every single thing that rules grant, in order. */
function grants(rules: readonly ResourceRule[]): ReadonlySet<string> {
  const all = rules.flatMap(({ verbs, apiGroups = [], resources = [], resourceNames = [''] }) =>
    verbs.flatMap((verb) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) => resourceNames.map((name) => `${verb} ${group}/${resource} ${name}`)),
      ),
    ),
  );
  return new Set(all.toSorted());
}

/** What a body begins with; enough to see whose it is. */
async function firstBytes(message: NodeJS.ReadableStream): Promise<string> {
  for await (const chunk of message) return String(chunk);
  return '';
}
