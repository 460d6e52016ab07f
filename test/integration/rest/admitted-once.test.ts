import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { AdmissionPlugin, AdmissionRequest } from '../../../core/admission/chain.ts';
import { createContainerStreams } from '../../../core/apiserver/streaming/container-streams.ts';
import type { ServedStreams } from '../../../core/apiserver/streaming/container-streams.ts';
import type { RestApi } from '../../environment/rest.ts';
import { createRestApi } from '../../environment/rest.ts';

/** What admission was asked about, such as "CREATE pods/binding", in either of its halves. */
const changed: string[] = [];
const judged: string[] = [];
const textOf = ({ operation, declaration, subresource }: AdmissionRequest) =>
  `${operation} ${[declaration.plural, subresource].filter((part) => part !== '').join('/')}`;
const counting: AdmissionPlugin = {
  name: 'Counting',
  handles: ({ user }) => user !== undefined,
  mutate: (request) => void changed.push(textOf(request)),
  validate: (request) => void judged.push(textOf(request)),
};

let rest: RestApi;
let streams: ServedStreams;
const user = { name: 'admin', groups: ['system:masters'] };
const pods = '/api/v1/namespaces/default/pods';

beforeAll(async () => {
  rest = await createRestApi({ plugins: [counting] });
  const { api, verbs } = rest.api;
  const hub = { open: () => Promise.reject(new Error('no agent is there')) };
  streams = createContainerStreams({ verbs, hub, authorizer: api.authorizer, admit: api.admitConnect });
  for (const name of ['bound', 'older', 'evicted', 'kept', 'first', 'second'])
    await send('POST', pods, pod(name, name.startsWith('kept') ? { nodeName: 'a' } : {}));
  await send('PUT', `${pods}/kept/status`, { ...pod('kept'), status: { phase: 'Running' } });
  await send('POST', '/apis/apps/v1/namespaces/default/deployments', {
    metadata: { name: 'web' },
    spec: {
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: pod('').spec },
    },
  });
});
afterAll(() => rest[Symbol.asyncDispose]());
beforeEach(() => {
  changed.length = 0;
  judged.length = 0;
});

const pod = (name: string, more: object = {}) => ({
  metadata: { name, labels: { group: name } },
  spec: { containers: [{ name: 'main', image: 'main:1' }], ...more },
});
const binding = (name: string) => ({ metadata: { name }, target: { kind: 'Node', name: 'a' } });

async function send(method: string, path: string, body?: object, contentType = 'application/json') {
  const answer = await rest.send(
    method,
    path,
    body === undefined ? {} : { body: JSON.stringify(body), contentType },
  );
  expect(`${path} ${answer.code}`).toMatch(/ 20[01]$/);
}

const apply = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'applied' },
  data: { a: 'b' },
};
const configmaps = '/api/v1/namespaces/default/configmaps';
const merge = 'application/merge-patch+json';
const applying = 'application/apply-patch+yaml';

test.each<[string, string, string, object | undefined, string?]>([
  ['CREATE configmaps', 'POST', configmaps, { metadata: { name: 'made' } }],
  ['CREATE configmaps', 'PATCH', `${configmaps}/applied?fieldManager=test`, apply, applying],
  [
    'UPDATE configmaps',
    'PATCH',
    `${configmaps}/applied?fieldManager=test`,
    { ...apply, data: { a: 'c' } },
    applying,
  ],
  ['UPDATE configmaps', 'PATCH', `${configmaps}/applied`, { data: { d: 'e' } }, merge],
  ['CREATE bindings', 'POST', '/api/v1/namespaces/default/bindings', binding('older')],
  ['CREATE pods/binding', 'POST', `${pods}/bound/binding`, binding('bound')],
  ['CREATE pods/eviction', 'POST', `${pods}/evicted/eviction`, { metadata: { name: 'evicted' } }],
  ['UPDATE pods/status', 'PATCH', `${pods}/bound/status`, { status: { message: 'hello' } }, merge],
  [
    'UPDATE deployments/scale',
    'PATCH',
    '/apis/apps/v1/namespaces/default/deployments/web/scale',
    { spec: { replicas: 2 } },
    merge,
  ],
  [
    'CREATE selfsubjectaccessreviews',
    'POST',
    '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    { spec: { nonResourceAttributes: { verb: 'get', path: '/' } } },
  ],
])('%s (%s) is admitted once', async (what, method, path, body, contentType) => {
  await send(method, path, body, contentType);
  expect({ changed, judged }).toEqual({ changed: [what], judged: [what] });
});

test('a deletion is admitted once, and so is each of a collection', async () => {
  await send('DELETE', `${pods}/first`);
  expect({ changed, judged }).toEqual({ changed: ['DELETE pods'], judged: ['DELETE pods'] });
  await send('DELETE', `${pods}?labelSelector=group=second`);
  expect({ changed, judged }).toEqual({
    changed: ['DELETE pods', 'DELETE pods'],
    judged: ['DELETE pods', 'DELETE pods'],
  });
});

test('a connection is admitted once, however many ports are forwarded over it', async () => {
  const kept = { namespace: 'default', name: 'kept' };
  const dial = await streams.openPortForward({ user }, kept, [80, 81]);
  for (const port of [80, 81, 82]) await expect(dial(port)).rejects.toThrow('no agent is there');
  await expect(streams.portForward({ user }, kept, 80)).rejects.toThrow('no agent is there');
  const process = { stdin: false, tty: false, command: ['ls'] };
  await expect(streams.exec({ user }, kept, process)).rejects.toThrow('no agent is there');
  await expect(streams.proxy({ user }, { resource: 'pods', ...kept, port: '80' }, 'get')).rejects.toThrow();
  const connections = ['portforward', 'portforward', 'exec', 'proxy'].map((name) => `CONNECT pods/${name}`);
  expect({ changed, judged }).toEqual({ changed: connections, judged: connections });
});
