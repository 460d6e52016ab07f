import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { forbidden } from '../../core/api/errors.ts';
import type { Service } from '../../core/api/generated/core-v1.ts';
import {
  deployments,
  namespaces,
  nodes,
  pods,
  replicasets,
  services,
} from '../../core/api/generated/resources.ts';
import { ResourceIndex } from '../../core/client/resource-index.ts';
import { deployment, namespace, node, pod, replicaSet } from '../../test/builders/index.ts';
import { createTestApi, type TestApi } from '../../test/environment/api.ts';
import { openTestCluster } from '../../test/environment/open-cluster.ts';
import { expectEventually, settle } from '../../test/expectations/eventually.ts';
import { parseFilter } from './object-filter.ts';
import { statusOf } from './object-status.ts';
import { TreeModel } from './tree-model.ts';
import type { KindNode, TreeNode } from './tree-node.ts';

describe('the tree of a cluster', () => {
  let api: TestApi;
  let cluster: ReturnType<typeof openTestCluster>;
  let model: TreeModel;
  let changed: TreeNode[];
  let contexts: string[];

  beforeEach(async () => {
    api = await createTestApi();
    cluster = openTestCluster(api);
    changed = [];
    contexts = ['test', 'other'];
    model = new TreeModel(cluster, undefined, {
      clock: api.clock,
      contexts: () => contexts,
      onChange: (nodes) => changed.push(...nodes),
    });
  });

  afterEach(async () => {
    model.close();
    await cluster[Symbol.asyncDispose]();
    await api.close();
  });

  const nameOf = (node: TreeNode) => {
    switch (node.type) {
      case 'selector':
        return node.what;
      case 'context':
      case 'namespace':
        return node.current ? `(${node.name})` : node.name;
      case 'category':
        return node.name;
      case 'kind':
        return node.resource.plural;
      case 'object':
        return node.object.metadata.name;
      case 'range':
        return `${node.from}…${node.to}`;
      case 'container':
        return node.name;
      case 'more':
        return `${node.remaining} more`;
      case 'message':
        return node.text;
    }
  };

  /** Opens one node after the other and returns what is below the last. */
  async function open(...names: readonly string[]): Promise<readonly TreeNode[]> {
    let nodes = await model.roots();
    for (const name of names) {
      const node = nodes.find((candidate) => nameOf(candidate) === name);
      if (node === undefined) throw new Error(`"${name}" is not among ${nodes.map(nameOf).join(', ')}`);
      nodes = await model.children(node);
    }
    return nodes;
  }

  function refusingCluster(error: Error): typeof cluster {
    const client = { ...api.client, list: () => Promise.reject(error) } as typeof api.client;
    return { ...cluster, cluster: { ...cluster.cluster, client } };
  }

  async function kind(plural: string): Promise<KindNode> {
    const found = (await open('workloads')).find((node) => nameOf(node) === plural);
    return found as KindNode;
  }

  const service = (name: string, selector: Record<string, string>): Service => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'default', name },
    spec: { selector, ports: [{ port: 80 }] },
    status: {},
  });

  /** Until what was opened so far has been reported. */
  async function settled(): Promise<void> {
    await settle();
    await api.clock.advanceAsync(1_000);
    changed = [];
  }

  test('sorts kinds into categories that hold something', async () => {
    expect((await open()).map(nameOf)).toEqual([
      'context',
      'namespace',
      'workloads',
      'network',
      'configuration',
      'storage',
      'access',
      'cluster',
    ]);
    expect((await open('workloads')).slice(0, 2).map(nameOf)).toEqual(['deployments', 'statefulsets']);
  });

  test('offers the contexts of the kubeconfig, and says which one is open', async () => {
    expect((await open('context')).map(nameOf)).toEqual(['(test)', 'other']);
    const [selector] = await open();
    contexts = ['other', 'third'];
    model.contextsChanged();
    await expectEventually(api.clock, () => expect(changed).toContain(selector));
    expect((await open('context')).map(nameOf)).toEqual(['other', 'third', '(test)']);
  });

  test('offers the namespaces as they come and go', async () => {
    const { length } = await open('namespace');
    expect((await open('namespace')).slice(0, 2).map(nameOf)).toEqual(['(undefined)', 'default']);
    const [, selector] = await open();
    await api.client.create(namespaces, namespace().named('shop').build());
    await expectEventually(api.clock, () => expect(changed).toContain(selector));
    const named = (await open('namespace')).map(nameOf);
    expect(named).toHaveLength(length + 1);
    expect(named).toContain('shop');
  });

  test('offers the namespaces it knows of to those who may not list them', async () => {
    const refusing = refusingCluster(forbidden({ group: '', plural: 'namespaces' }, '', 'not you'));
    const other = new TreeModel(refusing, 'shop', {
      clock: api.clock,
      contexts: () => [],
      onChange: () => {},
    });
    const [, selector] = await other.roots();
    expect((await other.children(selector ?? failNow())).map(nameOf)).toEqual([
      undefined,
      'default',
      '(shop)',
    ]);
  });

  test('leads from a Deployment over its ReplicaSets and Pods to containers', async () => {
    const owner = await api.client.create(deployments, deployment().named('web').build());
    const set = await api.client.create(replicasets, replicaSet().named('web-1').ownedBy(owner).build());
    await api.client.create(replicasets, replicaSet().named('web-0').withReplicas(0).ownedBy(owner).build());
    await api.client.create(pods, pod().named('web-1-a').ownedBy(set).build());
    expect((await open('workloads', 'deployments', 'web')).map(nameOf)).toEqual(['web-1']);
    expect((await open('workloads', 'deployments', 'web', 'web-1', 'web-1-a')).map(nameOf)).toEqual(['main']);
  });

  test('shows a Pod below its node from when it is placed there', async () => {
    await api.client.create(nodes, node().named('n1').build());
    const place = { namespace: 'default', name: 'a' };
    await api.client.create(pods, pod().named('a').build());
    expect(await open('cluster', 'nodes', 'n1')).toEqual([]);
    const [n1] = await open('cluster', 'nodes');
    await settled();
    const binding = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: place,
      target: { apiVersion: 'v1', kind: 'Node', name: 'n1' },
    };
    await api.client.createSubresource(pods, place, 'binding', binding, {});
    await expectEventually(api.clock, () => expect(changed).toContain(n1));
    expect((await open('cluster', 'nodes', 'n1')).map(nameOf)).toEqual(['a']);
  });

  test('shows a ReplicaSet no more when it has nothing to run, and a Pod of a Service when its labels say so', async () => {
    const owner = await api.client.create(deployments, deployment().named('web').build());
    const set = await api.client.create(replicasets, replicaSet().named('web-1').ownedBy(owner).build());
    await api.client.create(services, service('front', { app: 'web' }));
    await api.client.create(pods, pod().named('a').build());
    expect(await open('workloads', 'deployments', 'web')).toHaveLength(1);
    expect(await open('network', 'services', 'front')).toEqual([]);
    const [web] = await open('workloads', 'deployments');
    const [front] = await open('network', 'services');
    await settled();
    await api.client.update(replicasets, { ...set, spec: { ...set.spec, replicas: 0 } });
    await expectEventually(api.clock, () => expect(changed).toContain(web));
    const labels = { metadata: { labels: { app: 'web' } } };
    await api.client.patch(pods, { namespace: 'default', name: 'a' }, 'merge', labels);
    await expectEventually(api.clock, () => expect(changed).toContain(front));
    expect((await open('network', 'services', 'front')).map(nameOf)).toEqual(['a']);
  });

  test('shows no Pods of a Service that selects none itself', async () => {
    await api.client.create(pods, pod().named('a').build());
    await api.client.create(services, service('front', {}));
    expect(await open('network', 'services', 'front')).toEqual([]);
  });

  test('says of objects which cluster they are of', async () => {
    await api.client.create(pods, pod().named('a').build());
    expect(await open('workloads', 'pods')).toMatchObject([{ type: 'object', context: 'test' }]);
  });

  test('is silent once it was closed, and watches nothing', async () => {
    await api.client.create(pods, pod().named('a').build());
    await open('workloads', 'pods');
    const late = open('network', 'services');
    model.close();
    expect((await late).map(({ type }) => type)).toEqual(['message']);
    changed = [];
    await api.client.create(pods, pod().named('b').build());
    await settle();
    await api.clock.advanceAsync(1_000);
    expect(changed).toEqual([]);
  });

  test('reports what was looked at when it changes, and only then', async () => {
    await api.client.create(pods, pod().named('a').build());
    const [node] = await open('workloads', 'pods');
    await expectEventually(api.clock, () =>
      expect(changed).toContainEqual(expect.objectContaining({ type: 'kind' })),
    );
    changed = [];
    const stored = await api.client.get(pods, { namespace: 'default', name: 'a' });
    await api.client.updateStatus(pods, { ...stored, status: { phase: 'Failed' } });
    await expectEventually(api.clock, () => expect(changed).toContain(node));
    expect(node?.type === 'object' && statusOf(node.resource, node.object).severity).toBe('error');
  });

  test('counts objects, and the failing among them', async () => {
    const failing = await api.client.create(pods, pod().named('a').build());
    await api.client.updateStatus(pods, { ...failing, status: { phase: 'Failed' } });
    await api.client.create(pods, pod().named('b').build());
    await open('workloads', 'pods');
    expect(model.counts(await kind('pods'))).toEqual({ total: 2, errors: 1 });
  });

  test('shows what the filter lets through', async () => {
    for (const name of ['api-1', 'api-2', 'web-1']) await api.client.create(pods, pod().named(name).build());
    model.filter = parseFilter('!api');
    expect((await open('workloads', 'pods')).map(nameOf)).toEqual(['web-1']);
    expect(model.counts(await kind('pods'))?.total).toBe(1);
  });

  test('keeps a node when an object under it is added', async () => {
    await api.client.create(pods, pod().named('a').build());
    const [before] = await open('workloads', 'pods');
    await api.client.create(pods, pod().named('b').build());
    await expectEventually(api.clock, async () => expect(await open('workloads', 'pods')).toHaveLength(2));
    expect((await open('workloads', 'pods'))[0]).toBe(before);
  });

  const createVeryMany = async () => {
    const names = Array.from({ length: 1_001 }, (_, index) => `p-${String(index).padStart(4, '0')}`);
    await Promise.all(names.map((name) => api.client.create(pods, pod().named(name).build())));
  };

  test('shows the first of very many objects while the others are on their way', async () => {
    await createVeryMany();
    expect((await open('workloads', 'pods')).map(nameOf)).toEqual([
      'p-0000…p-0249',
      'p-0250…p-0499',
      '501 more',
    ]);
    await expectEventually(api.clock, () =>
      expect(changed).toContainEqual(expect.objectContaining({ type: 'kind' })),
    );
    expect(await open('workloads', 'pods')).toHaveLength(5);
  });

  test('shows very many objects in ranges', async () => {
    await createVeryMany();
    const pod = await kind('pods');
    await expectEventually(api.clock, () => expect(model.counts(pod)?.total).toBe(1_001));
    const ranges = await open('workloads', 'pods');
    expect(ranges.map(nameOf)).toEqual([
      'p-0000…p-0249',
      'p-0250…p-0499',
      'p-0500…p-0749',
      'p-0750…p-0999',
      'p-1000…p-1000',
    ]);
    expect(await model.children(ranges[1] ?? failNow())).toHaveLength(250);
  });

  test('shows the kinds that are served now, below a category that was shown before', async () => {
    const custom = (...kinds: readonly string[]) =>
      new ResourceIndex({
        items: [
          {
            metadata: { name: 'example.com' },
            versions: [
              {
                version: 'v1',
                resources: kinds.map((kind) => ({
                  resource: `${kind.toLowerCase()}s`,
                  responseKind: { kind },
                  scope: 'Namespaced',
                  verbs: ['list', 'watch'],
                })),
              },
            ],
          },
        ],
      });
    let served = custom('Boat');
    const lists: string[] = [];
    const client = {
      ...api.client,
      list: ({ plural }: { plural: string }) => {
        lists.push(plural);
        return Promise.resolve({ items: [], resourceVersion: '1' });
      },
    } as unknown as typeof api.client;
    const other = new TreeModel(
      { ...cluster, resources: () => Promise.resolve(served), cluster: { ...cluster.cluster, client } },
      undefined,
      { clock: api.clock, contexts: () => [], onChange: () => {} },
    );
    const kinds = async () => {
      const [category] = (await other.roots()).filter(({ type }) => type === 'category');
      return (await other.children(category ?? failNow())).map(nameOf);
    };
    expect(await kinds()).toEqual(['boats']);
    served = custom('Boat', 'Harbour');
    expect(await kinds()).toEqual(['boats', 'harbours']);
    served = custom('Harbour');
    expect(await kinds()).toEqual(['harbours']);
    served = custom('Boat', 'Harbour');
    expect(await kinds()).toEqual(['boats', 'harbours']);
    // A kind that came again is asked for again.
    expect(lists).toEqual(['boats', 'harbours', 'boats']);
    other.close();
  });

  test('says why nothing is there', async () => {
    const refusing = refusingCluster(new Error('pods is forbidden'));
    const other = new TreeModel(refusing, undefined, {
      clock: api.clock,
      contexts: () => [],
      onChange: () => {},
    });
    const workloads = (await other.roots()).find((node) => nameOf(node) === 'workloads');
    const found = (await other.children(workloads ?? failNow())).find((node) => nameOf(node) === 'pods');
    expect((await other.children(found ?? failNow())).map(nameOf)).toEqual(['pods is forbidden']);
  });
});

function failNow(): never {
  throw new Error('Nothing is there');
}
