import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import type { RestAnswer, RestApi } from '../../environment/rest.ts';
import { createRestApi } from '../../environment/rest.ts';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

const core = '/api/v1/namespaces/default';
const apps = '/apis/apps/v1/namespaces/default';

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly body?: object;
  readonly contentType?: string;
}

const post = (path: string, body: object): Sent => ({ method: 'POST', path, body });
const put = (path: string, body: object): Sent => ({ method: 'PUT', path, body });
const remove = (path: string): Sent => ({ method: 'DELETE', path });
const patch = (type: string, path: string, body: object): Sent => ({
  method: 'PATCH',
  path,
  body,
  contentType: `application/${type}`,
});
const json = (path: string, ...operations: object[]) => patch('json-patch+json', path, operations);
const merge = (path: string, body: object) => patch('merge-patch+json', path, body);
const strategic = (path: string, body: object) => patch('strategic-merge-patch+json', path, body);
const apply = (path: string, body: object) =>
  patch('apply-patch+yaml', `${path}${path.includes('?') ? '&' : '?'}fieldManager=kim&force=true`, body);

const labels = { app: 'web' };
const map = (name: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, labels },
  data: { a: '1' },
});
const resources = { requests: { cpu: '100m', memory: '64Mi' } };
const container = { name: 'main', image: 'web:1', resources };
const pod = (name: string, spec: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels },
  spec: { containers: [container], ...spec },
});
const deployment = (name: string) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [container] } },
  },
});
const service = (name: string, spec: object) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { selector: labels, ports: [{ port: 80 }], ...spec },
});
const quota = {
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  metadata: { name: 'few' },
  spec: { hard: { 'count/secrets': '1' } },
};
const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'one' } };
const at = (plural: string, name = '', subresource = '') =>
  [core, plural, name, subresource].filter((part) => part !== '').join('/');
const deployments = `${apps}/deployments`;
const condition = { type: 'Available', status: 'True' };
const changes = { data: { a: '2' } };

/** Every way to write, what must be there before, and the write itself. */
const writes: readonly (readonly [what: string, given: readonly Sent[], write: Sent])[] = [
  ['a creation', [], post(at('configmaps'), map('one'))],
  ['a creation under a generated name', [], post(at('configmaps'), { metadata: { generateName: 'any-' } })],
  ['an update', [post(at('configmaps'), map('m'))], put(at('configmaps', 'm'), { ...map('m'), ...changes })],
  [
    'an update that creates',
    [],
    put('/api/v1/namespaces/default/endpoints/made', { metadata: { name: 'made' } }),
  ],
  [
    'a JSON patch',
    [post(at('configmaps'), map('m'))],
    json(at('configmaps', 'm'), { op: 'replace', path: '/data/a', value: '2' }),
  ],
  ['a merge patch', [post(at('configmaps'), map('m'))], merge(at('configmaps', 'm'), changes)],
  ['a strategic merge patch', [post(at('configmaps'), map('m'))], strategic(at('configmaps', 'm'), changes)],
  ['an apply that creates', [], apply(at('configmaps', 'm'), map('m'))],
  [
    'an apply that takes over',
    [post(at('configmaps'), map('m'))],
    apply(at('configmaps', 'm'), { ...map('m'), ...changes }),
  ],
  [
    'the update of a status',
    [post(deployments, deployment('d'))],
    put(`${deployments}/d/status`, { ...deployment('d'), status: { conditions: [condition] } }),
  ],
  [
    'the patch of a status',
    [post(deployments, deployment('d'))],
    strategic(`${deployments}/d/status`, { status: { conditions: [condition] } }),
  ],
  [
    'an applied status',
    [post(deployments, deployment('d'))],
    apply(`${deployments}/d/status`, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'd' },
      status: { conditions: [condition] },
    }),
  ],
  [
    'the update of a scale',
    [post(deployments, deployment('d'))],
    put(`${deployments}/d/scale`, { metadata: { name: 'd', namespace: 'default' }, spec: { replicas: 4 } }),
  ],
  [
    'the patch of a scale',
    [post(deployments, deployment('d'))],
    merge(`${deployments}/d/scale`, { spec: { replicas: 4 } }),
  ],
  [
    'an eviction',
    [post(at('pods'), pod('p'))],
    post(at('pods', 'p', 'eviction'), {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name: 'p', namespace: 'default' },
    }),
  ],
  [
    'a binding',
    [post(at('pods'), pod('p'))],
    post(at('pods', 'p', 'binding'), { metadata: { name: 'p' }, target: { kind: 'Node', name: 'n' } }),
  ],
  [
    'a resize',
    [post(at('pods'), pod('p', { nodeName: 'n' }))],
    strategic(at('pods', 'p', 'resize'), {
      spec: { containers: [{ name: 'main', resources: { requests: { cpu: '200m' } } }] },
    }),
  ],
  [
    'an ephemeral container',
    [post(at('pods'), pod('p', { nodeName: 'n' }))],
    strategic(at('pods', 'p', 'ephemeralcontainers'), {
      spec: { ephemeralContainers: [{ name: 'debug', image: 'tools:1' }] },
    }),
  ],
  [
    'a token',
    [post(at('serviceaccounts'), { metadata: { name: 'robin' } })],
    post(at('serviceaccounts', 'robin', 'token'), {
      spec: { audiences: ['there'], expirationSeconds: 3600 },
    }),
  ],
  ['a deletion', [post(at('configmaps'), map('m'))], remove(at('configmaps', 'm'))],
  ['a graceful deletion', [post(at('pods'), pod('p', { nodeName: 'n' }))], remove(at('pods', 'p'))],
  [
    'a deletion that waits for what belongs to the object',
    [post(deployments, deployment('d'))],
    remove(`${deployments}/d?propagationPolicy=Foreground`),
  ],
  [
    'the deletion of many',
    [post(at('configmaps'), map('m')), post(at('configmaps'), map('n'))],
    remove(`${at('configmaps')}?labelSelector=app%3Dweb`),
  ],
  [
    'the deletion of a namespace',
    [post('/api/v1/namespaces', { metadata: { name: 'gone' } })],
    remove('/api/v1/namespaces/gone'),
  ],
  ['an address that a Service asks for', [], post(at('services'), service('s', { clusterIP: '10.96.7.7' }))],
  [
    'a node port that a Service asks for',
    [],
    post(
      at('services'),
      service('s', { clusterIP: '10.96.7.6', type: 'NodePort', ports: [{ port: 80, nodePort: 30_077 }] }),
    ),
  ],
  [
    'a Service that becomes one with a node port',
    [post(at('services'), service('s', { clusterIP: '10.96.7.8' }))],
    merge(at('services', 's'), { spec: { type: 'NodePort', ports: [{ port: 80, nodePort: 30_078 }] } }),
  ],
  [
    'the deletion of a Service',
    [post(at('services'), service('s', { clusterIP: '10.96.7.9' }))],
    remove(at('services', 's')),
  ],
  [
    'what a quota counts',
    [
      post(at('resourcequotas'), quota),
      merge(at('resourcequotas', 'few', 'status'), {
        status: { hard: quota.spec.hard, used: { 'count/secrets': '0' } },
      }),
    ],
    post(at('secrets'), secret),
  ],
];

function send(rest: RestApi, { method, path, body, contentType }: Sent, dryRun = false): Promise<RestAnswer> {
  const whole = dryRun ? `${path}${path.includes('?') ? '&' : '?'}dryRun=All` : path;
  return rest.send(method, whole, {
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(contentType === undefined ? {} : { contentType }),
  });
}

/** Everything that is stored, by its revision: ranges of addresses and what quotas have counted as well. */
async function stored({ api }: RestApi): Promise<object> {
  const { items, revision } = await api.store.list('/', {});
  return { revision, items: items.map(({ key, modRevision }) => [key, modRevision]) };
}

/** The keys that the store tells its watchers of after a revision, each with when. */
async function changesAfter({ api: { store } }: RestApi, after: number) {
  const changes: { readonly key: string; readonly revision: number }[] = [];
  const until = await store.revision({});
  if (until === after) return changes;
  const stop = new AbortController();
  for await (const batch of store.watch('/', { after, signal: stop.signal })) {
    for (const change of batch.changes) {
      const { key, revision } =
        change.kind === 'put' ? { key: change.entry.key, revision: change.entry.modRevision } : change;
      changes.push({ key, revision });
    }
    if (batch.revision >= until) stop.abort();
  }
  return changes;
}

/** An answer, but for its revision and for what is drawn anew each time. */
function comparable(answer: RestAnswer): object {
  const body: unknown = JSON.parse(answer.text, (key, value: unknown) => {
    if (key === 'resourceVersion') return undefined;
    if (typeof value !== 'string') return value;
    if (key === 'uid' || key === 'token') return '(drawn)';
    return value.startsWith('any-') ? 'any-(drawn)' : value;
  });
  return { code: answer.code, body };
}

test.for(writes)('%s as a dry run answers as the real one, and stores nothing', async ([, given, write]) => {
  await using rest = await createRestApi({ serviceAccountKeys: { signing: privateKey, verifying: [] } });
  for (const each of given) expect((await send(rest, each)).code, each.path).toBeLessThan(300);
  const before = await stored(rest);
  const revision = await rest.api.store.revision({});
  const watch = await rest.open('GET', `${watched(write)}?watch=true&resourceVersion=${revision}`);
  const dry = await send(rest, write, true);
  expect(dry.code, dry.text).toBeLessThan(300);
  // As often as anybody likes: what it took as it ran is free again.
  expect(comparable(await send(rest, write, true))).toEqual(comparable(dry));
  expect(await stored(rest)).toEqual(before);
  const real = await send(rest, write);
  expect(comparable(real)).toEqual(comparable(dry));
  const changes = await changesAfter(rest, revision);
  // A token is kept nowhere.
  if (write.path.endsWith('/token')) expect(changes).toEqual([]);
  else {
    expect(changes[0]?.revision).toBe(revision + 1);
    // The first that a watcher hears of is the real one.
    const [chunk] = (await once(watch, 'data')) as [Buffer];
    const { object } = JSON.parse(chunk.toString().split('\n')[0] ?? '') as {
      readonly object: { readonly metadata: { readonly resourceVersion: string } };
    };
    expect(changes.map((change) => change.revision)).toContain(Number(object.metadata.resourceVersion));
  }
  watch.destroy();
});

/** The collection that a write is about. */
function watched({ path }: Sent): string {
  const parts = (path.split('?')[0] ?? '').split('/');
  const namespaced = parts.lastIndexOf('namespaces');
  const isNamespace = namespaced === parts.length - 2 || namespaced === parts.length - 1;
  return parts.slice(0, isNamespace ? namespaced + 1 : namespaced + 3).join('/');
}

test('what a quota counts is refused as a dry run once there is too much of it', async () => {
  await using rest = await createRestApi();
  const [, given, write] = writes.find(([what]) => what === 'what a quota counts') ?? [];
  if (given === undefined || write === undefined) throw new Error('Nothing is counted');
  for (const each of [...given, write]) expect((await send(rest, each)).code).toBeLessThan(300);
  const before = await stored(rest);
  const other = post(at('secrets'), { ...secret, metadata: { name: 'two' } });
  const dry = await send(rest, other, true);
  expect([dry.code, dry.json().reason]).toEqual([403, 'Forbidden']);
  expect(comparable(await send(rest, other))).toEqual(comparable(dry));
  expect(await stored(rest)).toEqual(before);
});
