import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Call, CollectionTarget } from '../../core/api/verbs.ts';
import type { TestApi } from '../environment/api.ts';
import { createTestApi } from '../environment/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi();
});
afterAll(() => api.close());

/** What is told of a request besides its answer. */
async function told(ask: (call: Call) => Promise<unknown>): Promise<readonly string[]> {
  const warnings: string[] = [];
  await ask({ warn: (text) => warnings.push(text) });
  return warnings;
}

const core = (resource: string): CollectionTarget => ({
  group: '',
  version: 'v1',
  resource,
  namespace: 'default',
});

function created(target: CollectionTarget, spec: object, metadata: object = {}): Promise<readonly string[]> {
  const object = { metadata: { name: 'odd', ...metadata }, spec };
  return told((call) => api.verbs.create(call, target, { kind: 'object', object }, { dryRun: true }));
}

const container = (more: object = {}) => ({ name: 'main', image: 'web', ...more });
const labelled = { metadata: { labels: { app: 'web' } } };

describe('a Pod is taken with a warning', () => {
  const hides = (i: number) =>
    `spec.containers[0].env[${i}]: hides previous definition of "A", which may be dropped when using apply`;
  test.each<[string, object, readonly string[]]>([
    ['nothing to be said', { containers: [container({ env: [{ name: 'A', value: '1' }] })] }, []],
    [
      'an old label of nodes',
      { containers: [container()], nodeSelector: { 'beta.kubernetes.io/os': 'linux' } },
      ['spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead'],
    ],
    [
      'an old label of nodes, asked for by a term',
      {
        containers: [container()],
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [
                { matchExpressions: [{ key: 'beta.kubernetes.io/arch', operator: 'Exists' }] },
              ],
            },
          },
        },
      },
      [
        'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].key: beta.kubernetes.io/arch is deprecated since v1.14; use "kubernetes.io/arch" instead',
      ],
    ],
    [
      'a variable that hides another, unless it is made of it',
      {
        containers: [
          container({
            env: [
              { name: 'A', value: '1' },
              { name: 'A', value: '$(A)2' },
              { name: 'A', value: '3' },
              { name: 'A', value: '$(A)' },
            ],
          }),
        ],
      },
      [hides(2), hides(3)],
    ],
    [
      'parts of bytes',
      { containers: [container({ resources: { limits: { memory: '400m', cpu: '400m' } } })] },
      [
        'spec.containers[0].resources.limits[memory]: fractional byte value "400m" is invalid, must be an integer',
        'spec.containers[0].resources.requests[memory]: fractional byte value "400m" is invalid, must be an integer',
      ],
    ],
    [
      'a port twice, and names twice',
      {
        containers: [
          container({ ports: [{ containerPort: 80 }] }),
          { name: 'other', image: 'web', ports: [{ containerPort: 80 }] },
        ],
        imagePullSecrets: [{ name: 'a' }, { name: 'a' }],
        hostAliases: [{ ip: '1.2.3.4' }, { ip: '1.2.3.4' }],
      },
      [
        'spec.hostAliases[1].ip: duplicate ip "1.2.3.4"',
        'spec.imagePullSecrets[1].name: duplicate name "a"',
        'spec.containers[1].ports[0]: duplicate port definition with spec.containers[0].ports[0]',
      ],
    ],
  ])('%s', async (_title, spec, warnings) => {
    expect(await created(core('pods'), spec)).toEqual(warnings);
  });
});

test('a name that is no label is warned of where Pods are called by it, once', async () => {
  const pod = await created(core('pods'), { containers: [container()] }, { name: 'web.v1' });
  expect(pod).toEqual([
    "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]",
  ]);
  const spec = {
    selector: { matchLabels: { app: 'web' } },
    template: { ...labelled, spec: { containers: [container()] } },
  };
  const said = [
    'metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]',
  ];
  const apps = (resource: string) => ({ ...core(resource), group: 'apps' });
  expect(await created(apps('deployments'), spec, { name: 'web.v1' })).toEqual(said);
  expect(await created(apps('replicasets'), spec, { name: 'web.v1' })).toEqual(said);
  expect(await created(apps('daemonsets'), spec, { name: 'web.v1' })).toEqual([]);
});

test('twenty thousand equal ports are warned of no more often than anybody is told', async () => {
  const ports = Array.from({ length: 20_000 }, () => ({ containerPort: 80 }));
  expect((await created(core('pods'), { containers: [container({ ports })] })).length).toBe(1_000);
});

test('what makes Pods is warned of at its template, and again only when that changes', async () => {
  const target = { ...core('deployments'), group: 'apps' };
  const spec = {
    selector: { matchLabels: { app: 'web' } },
    template: {
      ...labelled,
      spec: { containers: [container()], nodeSelector: { 'beta.kubernetes.io/os': 'linux' } },
    },
  };
  const warnings = [
    'spec.template.spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead',
  ];
  const object = { metadata: { name: 'old' }, spec };
  expect(await told((call) => api.verbs.create(call, target, { kind: 'object', object }))).toEqual(warnings);
  const change = (patch: object) =>
    told((call) =>
      api.verbs.patch(
        call,
        { ...target, name: 'old' },
        { type: 'merge', bytes: Buffer.from(JSON.stringify(patch)) },
      ),
    );
  expect(await change({ spec: { replicas: 2 } })).toEqual([]);
  expect(await change({ spec: { template: { metadata: { labels: { tier: 'a' } } } } })).toEqual(warnings);
});

test('a Service is warned of what nobody heeds', async () => {
  const ports = [{ port: 80 }];
  expect(await created(core('services'), { ports })).toEqual([]);
  expect(await created(core('services'), { ports, clusterIP: 'None', sessionAffinity: 'ClientIP' })).toEqual([
    'spec.SessionAffinity is ignored for headless services',
  ]);
  expect(await created(core('services'), { ports, externalName: 'a.example.com' })).toEqual([
    'spec.externalName is ignored when spec.type is not "ExternalName"',
  ]);
});

test('whoever uses a kind that is on its way out is told', async () => {
  const endpoints = ['v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice'];
  expect(await told((call) => api.verbs.list(call, core('endpoints')))).toEqual(endpoints);
  expect(await created(core('endpoints'), {})).toContain(endpoints[0]);
  const statuses = { group: '', version: 'v1', resource: 'componentstatuses' };
  expect(await told((call) => api.verbs.list(call, statuses))).toEqual([
    'v1 ComponentStatus is deprecated in v1.19+',
  ]);
  expect(await told((call) => api.verbs.list(call, core('pods')))).toEqual([]);
});
