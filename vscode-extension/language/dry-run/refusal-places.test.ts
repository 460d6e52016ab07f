import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LimitRange } from '../../../core/api/generated/core-v1.ts';
import {
  deployments,
  limitranges,
  namespaces,
  persistentvolumeclaims,
  pods,
  resourcequotas,
} from '../../../core/api/generated/resources.ts';
import type { KubernetesObject } from '../../../core/api/object.ts';
import type { Resource } from '../../../core/api/resource.ts';
import { createTestApi, type TestApi } from '../../../test/environment/api.ts';
import { deployment } from '../checks/check-story.ts';
import { objectsOf } from '../checks/manifest-objects.ts';
import { builtInModel } from '../schema/built-in.ts';
import { parseDocument } from '../syntax/parse-document.ts';
import { askServer } from './ask-server.ts';
import { serverProblems } from './server-problems.ts';

let server: TestApi;
beforeAll(async () => {
  server = await createTestApi();
});
afterAll(() => server.close());

const model = builtInModel();

/** What the real server says to a manifest: `line: underlined text: message`. */
async function ask(resource: Resource<unknown>, namespace: string, text: string): Promise<string[]> {
  const document = parseDocument(text);
  const [object] = objectsOf(document.root);
  if (object === undefined) throw new Error('no object');
  const { signal } = new AbortController();
  const { verbs } = server;
  const answer = await askServer({ verbs, resource, object, namespace, fieldManager: 'editor', signal });
  return serverProblems(answer, object, { document, model, namespace }).map(
    ({ range, message }) =>
      `${text.slice(0, range.start).split('\n').length}: ${text.slice(range.start, range.end)}: ${message}`,
  );
}

const make = (name: string, labels: Readonly<Record<string, string>> = {}) =>
  server.client.create(namespaces, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels },
    spec: {},
  });

async function makeQuota(namespace: string, hard: Readonly<Record<string, string>>): Promise<void> {
  await make(namespace);
  const made = await server.client.create(resourcequotas, {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'small', namespace },
    spec: { hard },
  });
  const used = Object.fromEntries(Object.keys(hard).map((name) => [name, '0']));
  await server.client.updateStatus(resourcequotas, {
    ...made,
    status: { hard, used },
  } as KubernetesObject as never);
}

async function makeLimits(namespace: string, limit: LimitRange['spec']['limits'][number]): Promise<void> {
  await make(namespace);
  await server.client.create(limitranges, {
    apiVersion: 'v1',
    kind: 'LimitRange',
    metadata: { name: 'small', namespace },
    spec: { limits: [limit] },
  });
}

const pod = `apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  volumes:
    - name: host
      hostPath: { path: / }
  containers:
    - name: quiet
      image: busybox
    - name: loud
      image: busybox
      ports:
        - hostPort: 80
          containerPort: 80
      securityContext:
        privileged: true
      resources:
        requests: { cpu: 200m }
        limits:
          cpu: 2
          memory: 1Gi
`;

describe('PodSecurity is told of', () => {
  const hidden = 'pods "web" is forbidden: violates PodSecurity "baseline:latest": ';

  test('at each container, volume and setting that it names', async () => {
    await make('baseline', { 'pod-security.kubernetes.io/enforce': 'baseline' });
    const shared = pod.replace('spec:\n', 'spec:\n  hostNetwork: true\n');
    expect(await ask(pods, 'baseline', shared)).toEqual([
      `6: true: ${hidden}host namespaces (hostNetwork=true)`,
      `8: host: ${hidden}hostPath volumes (volume "host")`,
      `15: ports: ${hidden}hostPort (container "loud" uses hostPort 80)`,
      `19: true: ${hidden}privileged (container "loud" must not set securityContext.privileged=true)`,
    ]);
  });

  test('at the names of containers that say nothing, and in templates as a warning', async () => {
    await make('restricted', { 'pod-security.kubernetes.io/warn': 'restricted' });
    const found = await ask(deployments, 'restricted', deployment);
    expect(found).toHaveLength(4);
    expect(found[0]).toBe(
      '16: web: would violate PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "web" must set securityContext.allowPrivilegeEscalation=false)',
    );
    expect(found.every((line) => line.startsWith('16: web: '))).toBe(true);
  });
});

describe('a quota is told of', () => {
  test('at the amount that is too much', async () => {
    await makeQuota('small', { 'limits.cpu': '1', 'requests.memory': '8Gi' });
    const asks = pod.replace(
      '      image: busybox\n',
      '      image: busybox\n      resources: { limits: { cpu: 1, memory: 1Gi } }\n',
    );
    expect(await ask(pods, 'small', asks)).toEqual([
      '12: 1: pods "web" is forbidden: exceeded quota: small, requested: limits.cpu=3, used: limits.cpu=0, limited: limits.cpu=1',
    ]);
  });

  test('at the containers that do not say what they take', async () => {
    await makeQuota('strict', { 'limits.memory': '1Gi' });
    const [found, ...more] = await ask(pods, 'strict', pod);
    expect(found).toBe(
      '10: quiet: pods "web" is forbidden: failed quota: small: must specify limits.memory for: quiet',
    );
    expect(more).toEqual([]);
  });

  test('at the name when it counts objects', async () => {
    await makeQuota('full', { pods: '0' });
    expect(await ask(pods, 'full', pod)).toEqual([
      '4: web: pods "web" is forbidden: exceeded quota: small, requested: pods=1, used: pods=0, limited: pods=0',
    ]);
  });

  test('at the size of a claim', async () => {
    await makeQuota('storage', { 'requests.storage': '1Gi' });
    const claim =
      'apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: a}\nspec:\n  accessModes: [ReadWriteOnce]\n  resources:\n    requests:\n      storage: 2Gi\n';
    const [found] = await ask(persistentvolumeclaims, 'storage', claim);
    expect(found).toMatch(/^8: 2Gi: .*exceeded quota: small, requested: requests\.storage=2Gi/);
  });
});

test('limits are told of at the container that goes beyond them', async () => {
  await makeLimits('limited', { type: 'Container', max: { cpu: '1' }, min: { cpu: '10m' } });
  const both = pod.replace(
    '      image: busybox\n',
    '      image: busybox\n      resources: { limits: { cpu: 5m } }\n',
  );
  expect(await ask(pods, 'limited', both)).toEqual([
    '12: 5m: pods "web" is forbidden: minimum cpu usage per Container is 10m, but request is 5m',
    '23: 2: pods "web" is forbidden: maximum cpu usage per Container is 1, but limit is 2',
  ]);
});

describe('policies and webhooks are told of', () => {
  const said = (message: string, text = deployment) => {
    const document = parseDocument(text);
    const [object] = objectsOf(document.root);
    if (object === undefined) throw new Error('no object');
    const refusal = { metadata: {}, message, reason: 'Invalid', details: { causes: [{ message }] } } as const;
    const context = { document, model, namespace: 'default' };
    return serverProblems({ refusal, warnings: [] }, object, context).map(({ range }) =>
      text.slice(range.start, range.end),
    );
  };
  const denied =
    "deployments.apps \"web\" is forbidden: ValidatingAdmissionPolicy 'few' with binding 'few' denied request: ";

  test.each([
    ['the field of an expression', `${denied}failed expression: object.spec.replicas <= 2`, '3'],
    ['a field that an author names', `${denied}spec.replicas must be no more than 2`, '3'],
    [
      'an item',
      'admission webhook "a.example.com" denied the request: spec.template.spec.containers[0].image is not ours',
      'busybox',
    ],
    [
      'what has no such field',
      `${denied}failed expression: object.spec.template.spec.containers.all(c, c.image != "")`,
      'containers',
    ],
    ['the name otherwise', `${denied}use example.com/images instead`, 'web'],
    ['the name where nobody is quoted', 'spec.replicas is something else', 'web'],
  ])('at %s', (_, message, place) => expect(said(message)).toEqual([place]));
});
