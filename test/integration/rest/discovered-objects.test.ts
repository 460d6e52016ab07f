import { generateKeyPairSync } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { NodeUsage } from '../../../core/apiserver/usage/usage-reader.ts';
import type { Members } from '../../builders/kind-samples.ts';
import { kindSamples } from '../../builders/kind-samples.ts';
import type { RestApi } from '../../environment/rest.ts';
import { createRestApi, noContainers } from '../../environment/rest.ts';

/**
 * Whatever discovery names is asked for where it exists, so that nothing passes for being served because its object
 * is not there.
 */
interface Resource {
  readonly name: string;
  readonly namespaced: boolean;
  readonly kind: string;
  readonly group?: string;
  readonly version?: string;
  readonly verbs: readonly string[];
}
interface Served extends Resource {
  readonly base: string;
  /** Of the resource, not of a subresource. */
  readonly collection: string;
  readonly object: string;
  readonly subresource: string | undefined;
}

/** What only a POST is for, and what it takes; the name of the sample in core/v1 is "web-0". */
const podAccess = { verb: 'get', resource: 'pods', namespace: 'default' };
const posted: Readonly<Record<string, Members>> = {
  '/bindings': { metadata: { name: 'other' }, target: { kind: 'Node', name: 'web-0' } },
  '/pods/binding': { metadata: { name: 'web-0' }, target: { kind: 'Node', name: 'web-0' } },
  '/pods/eviction': { metadata: { name: 'web-0' } },
  '/serviceaccounts/token': { spec: { audiences: [] } },
  'authentication.k8s.io/selfsubjectreviews': {},
  'authentication.k8s.io/tokenreviews': { spec: { token: 'nobody' } },
  'authorization.k8s.io/localsubjectaccessreviews': { spec: { user: 'kim', resourceAttributes: podAccess } },
  'authorization.k8s.io/selfsubjectaccessreviews': { spec: { resourceAttributes: podAccess } },
  'authorization.k8s.io/selfsubjectrulesreviews': { spec: { namespace: 'default' } },
  'authorization.k8s.io/subjectaccessreviews': { spec: { user: 'kim', resourceAttributes: podAccess } },
};
/** Streams and proxies: an upgrade or an agent is what they need. */
const connected = ['attach', 'exec', 'portforward', 'proxy'];
/** Where what they limit would be no Pod of these tests. */
const elsewhere = ['limitranges', 'resourcequotas'];
const existing: Readonly<Record<string, string>> = { '/componentstatuses': 'etcd-0' };

let rest: RestApi;
let served: readonly Served[];
const usage = new Map<string, NodeUsage>();

beforeAll(async () => {
  const { privateKey: signing, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  rest = await createRestApi({
    serviceAccountKeys: { signing, verifying: [publicKey] },
    // Nobody acts on definitions: this is about the built-in kinds.
    customResources: false,
    readUsage: (node) => Promise.resolve(usage.get(node)),
    containers: {
      ...noContainers,
      async *logs() {
        yield await Promise.resolve(Buffer.from('said\n'));
      },
    },
  });
  served = await everything();
  // Before the webhooks of the samples are asked about Pods.
  const other = { metadata: { name: 'other' }, ...kindSamples['/pods']?.given };
  await rest.send('POST', '/api/v1/namespaces/default/pods', { body: JSON.stringify(other) });
  for (const resource of served.filter(({ subresource }) => subresource === undefined)) {
    const { base, collection, object } = resource;
    const sample = kindSamples[idOf(resource)];
    if (sample === undefined) continue;
    const body = JSON.stringify({ metadata: { name: object.split('/').at(-1) }, ...sample.given });
    const { code, text } = await rest.send('POST', collection, { body });
    expect([base, collection, code, text]).toEqual([base, collection, 201, text]);
  }
});
afterAll(() => rest[Symbol.asyncDispose]());

async function everything(): Promise<readonly Served[]> {
  const { groups } = (await rest.send('GET', '/apis')).json() as unknown as {
    groups: { versions: { groupVersion: string }[] }[];
  };
  const named = groups.flatMap(({ versions }) => versions.map(({ groupVersion }) => `/apis/${groupVersion}`));
  const found: Served[] = [];
  for (const [index, base] of ['/api/v1', ...named].entries()) {
    const { resources } = (await rest.send('GET', base)).json() as unknown as { resources: Resource[] };
    for (const resource of resources) {
      const [plural = '', subresource] = resource.name.split('/');
      const namespace = elsewhere.includes(plural) ? 'kube-public' : 'default';
      const collection = `${base}${resource.namespaced ? `/namespaces/${namespace}` : ''}/${plural}`;
      const id = `${groupOf(base)}/${plural}`;
      // A name for each version, as some kinds are in two.
      const name =
        kindSamples[id]?.name ?? existing[id] ?? `web-${base.includes('metrics.k8s.io') ? 0 : index}`;
      found.push({ ...resource, base, collection, object: `${collection}/${name}`, subresource });
    }
  }
  return found;
}

function groupOf(base: string): string {
  return base.startsWith('/apis/') ? (base.split('/')[2] ?? '') : '';
}

function idOf({ base, name }: Served): string {
  return `${groupOf(base)}/${name}`;
}

/** Of what answers, the path with what was wrong. */
async function expectAll(
  asked: readonly Served[],
  ask: (resource: Served) => Promise<string | undefined>,
): Promise<void> {
  const wrong: string[] = [];
  for (const resource of asked) {
    const problem = await ask(resource);
    if (problem !== undefined) wrong.push(`${resource.object} ${resource.subresource ?? ''}: ${problem}`);
  }
  expect(asked.length).toBeGreaterThan(0);
  expect(wrong).toEqual([]);
}

function pathOf({ object, subresource }: Served): string {
  return subresource === undefined ? object : `${object}/${subresource}`;
}

const isConnected = ({ subresource }: Served) => connected.includes(subresource ?? '');
const can = (verb: string) => served.filter((each) => each.verbs.includes(verb) && !isConnected(each));

test('what is only created is created, by a body of its kind', async () => {
  const only = can('create').filter(
    (each) => !each.verbs.includes('list') && each.subresource !== 'eviction',
  );
  await expectAll(only, async (resource) => {
    const body = posted[idOf(resource)];
    if (body === undefined) return 'there is no body for it here';
    const path = resource.subresource === undefined ? resource.collection : pathOf(resource);
    const answer = await rest.send('POST', path, { body: JSON.stringify(body) });
    return answer.code === 201 ? undefined : answer.text;
  });
});

test('every object, and every form of it that discovery names, is there and of the kind it names', async () => {
  const { metadata } = (await rest.send('GET', '/api/v1/namespaces/default/pods/web-0')).json() as {
    metadata: { uid?: string };
  };
  const containers = new Map([['main', { cpuNanocores: 1, memoryBytes: 4_096 }]]);
  const used = { timestampMs: 0, windowMs: 1_000, cpuNanocores: 2, memoryBytes: 8_192 };
  usage.set('web-0', { ...used, pods: new Map([[metadata.uid ?? '', containers]]) });
  const read = can('get');
  expect(read.length).toBeGreaterThan(90);
  await expectAll(read, async (resource) => {
    const answer = await rest.send('GET', pathOf(resource));
    if (answer.code !== 200) return `${answer.code} ${answer.text}`;
    if (resource.subresource === 'log') return answer.text === 'said\n' ? undefined : answer.text;
    const { group = groupOf(resource.base), version = resource.base.split('/').at(-1) } = resource;
    const wanted = `${group === '' ? '' : `${group}/`}${version} ${resource.kind}`;
    const object = answer.json() as unknown as { kind: string; apiVersion: string };
    const got = `${object.apiVersion} ${object.kind}`;
    return got === wanted ? undefined : `${got} instead of ${wanted}`;
  });
});

/** Its two numbers are always there, and those of autoscaling/v2, as which it is stored, are not. */
const numbersAppear = ({ base, subresource }: Served) =>
  base === '/apis/autoscaling/v1' && subresource === 'status';

test('every form of it takes back what it told, and a patch of nothing', async () => {
  await expectAll(can('update'), async (resource) => {
    const path = pathOf(resource);
    const from = resource.verbs.includes('get') ? path : resource.object;
    const body = (await rest.send('GET', from)).text;
    const answer = await rest.send('PUT', path, { body });
    if (answer.code !== 200) return answer.text;
    if (numbersAppear(resource)) return undefined;
    // What changes nothing is not written, so that its revision is what it was.
    return answer.text === body ? undefined : `${answer.text} instead of ${body}`;
  });
  await expectAll(can('patch'), async (resource) => {
    const contentType = 'application/merge-patch+json';
    const answer = await rest.send('PATCH', pathOf(resource), { contentType, body: '{}' });
    return answer.code === 200 ? undefined : answer.text;
  });
});

test('no stream and no proxy is unknown, whichever verb discovery names for it', async () => {
  const methods: Readonly<Record<string, string>> = {
    get: 'GET',
    create: 'POST',
    update: 'PUT',
    patch: 'PATCH',
    delete: 'DELETE',
  };
  await expectAll(served.filter(isConnected), async (resource) => {
    for (const verb of resource.verbs) {
      const method = methods[verb] ?? verb;
      const path = pathOf(resource);
      if (resource.subresource === 'proxy') {
        // Whom it leads to is not reached here.
        const there = await rest.send(method, `${path}/`);
        if (there.code !== 503) return `${verb} ${there.code} ${there.text}`;
        const bare = await rest.send(method, `${path}?a=b`);
        const got = [bare.code, bare.headers.location];
        const wanted = method === 'GET' ? [301, `${path}/?a=b`] : [503, undefined];
        if (!isDeepStrictEqual(got, wanted)) return `${verb} ${JSON.stringify(got)}`;
      } else {
        const { code, text } = await rest.send(method, `${path}?command=true`);
        if (code !== 400 || !text.includes('Upgrade request required')) return `${verb} ${code} ${text}`;
      }
    }
    return undefined;
  });
});

test('a Pod is evicted where discovery says so, and every object is deleted where it is', async () => {
  const path = '/api/v1/namespaces/default/pods/web-0/eviction';
  const evicted = await rest.send('POST', path, { body: JSON.stringify(posted['/pods/eviction']) });
  expect([evicted.code, evicted.text]).toEqual([201, evicted.text]);
  await expectAll(can('delete'), async (resource) => {
    const answer = await rest.send('DELETE', pathOf(resource));
    return answer.code === 200 ? undefined : `${answer.code} ${answer.text}`;
  });
});
