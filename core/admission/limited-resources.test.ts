import { expect, test } from 'vitest';
import type { Pod, ResourceQuota } from '../api/generated/core-v1.ts';
import { createScheme } from '../api/kinds/scheme.ts';
import type { KubernetesObject } from '../api/object.ts';
import { pod } from '../../test/builders/index.ts';
import type { AdmissionRequest } from './chain.ts';
import type { LimitedResource } from './limited-resources.ts';
import type { Lookup } from './lookup.ts';
import { ResourceQuotaAdmission } from './resource-quota.ts';

const scheme = createScheme();
const high = { scopeName: 'PriorityClass', operator: 'In', values: ['high'] } as const;
const onlyHigh: LimitedResource = { group: '', resource: 'pods', matchContains: [], matchScopes: [high] };
const noCpu: LimitedResource = { group: '', resource: 'pods', matchContains: ['cpu'], matchScopes: [] };
const claims: LimitedResource = {
  group: '',
  resource: 'persistentvolumeclaims',
  matchContains: ['gold.storageclass.storage.k8s.io/requests.storage'],
  matchScopes: [],
};

function quota(
  hard: Readonly<Record<string, string>>,
  spec: Partial<ResourceQuota['spec']> = {},
): ResourceQuota {
  const used = Object.fromEntries(Object.keys(hard).map((name) => [name, '0']));
  return {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'quota', namespace: 'default' },
    spec: { hard, ...spec },
    status: { hard, used },
  };
}

async function outcome(
  limited: readonly LimitedResource[],
  object: KubernetesObject,
  quotas: readonly ResourceQuota[] = [],
  plural = 'pods',
): Promise<string> {
  const lookup = { list: () => Promise.resolve({ items: quotas }) } as unknown as Lookup;
  const plugin = new ResourceQuotaAdmission(lookup, () => Promise.resolve(), limited);
  const request = {
    operation: 'CREATE',
    declaration: scheme.byResource('', 'v1', plural),
    namespace: 'default',
    name: 'web',
    object,
    dryRun: false,
  } as unknown as AdmissionRequest;
  return plugin.validate(request).then(
    () => 'let in',
    (error: Error) => error.message,
  );
}

const web = pod().named('web').requesting({ cpu: '1', memory: '1Gi' }).build();
const urgent: Pod = { ...web, spec: { ...web.spec, priorityClassName: 'high' } };

test('what is limited is let in by a quota that covers it, and by nothing else', async () => {
  expect(await outcome([], web)).toBe('let in');
  expect(await outcome([noCpu], web)).toBe(
    'pods "web" is forbidden: insufficient quota to consume: cpu,requests.cpu',
  );
  expect(await outcome([noCpu], web, [quota({ cpu: '2' })])).toBe(
    'pods "web" is forbidden: insufficient quota to consume: requests.cpu',
  );
  expect(await outcome([noCpu], web, [quota({ cpu: '2' }), quota({ 'requests.cpu': '2' })])).toBe('let in');
  // One that is about other Pods covers nothing.
  const elsewhere = quota({ cpu: '2', 'requests.cpu': '2' }, { scopes: ['BestEffort'] });
  expect(await outcome([noCpu], web, [elsewhere])).toContain('insufficient quota');
  expect(await outcome([{ ...noCpu, group: 'apps' }], web)).toBe('let in');
});

test('of limited scopes, too', async () => {
  const refused =
    'pods "web" is forbidden: insufficient quota to match these scopes: [{PriorityClass In [high]}]';
  expect(await outcome([onlyHigh], web)).toBe('let in');
  expect(await outcome([onlyHigh], urgent)).toBe(refused);
  expect(await outcome([onlyHigh], urgent, [quota({ pods: '5' })])).toBe(refused);
  const selects = (values: readonly string[]) =>
    quota({ pods: '5' }, { scopeSelector: { matchExpressions: [{ ...high, values }] } });
  expect(await outcome([onlyHigh], urgent, [selects(['low'])])).toBe(refused);
  expect(await outcome([onlyHigh], urgent, [selects(['high', 'low'])])).toBe('let in');
});

test('an amount may be of one class of storage', async () => {
  const claim = (storageClassName: string) =>
    ({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'web', namespace: 'default' },
      spec: { storageClassName, resources: { requests: { storage: '1Gi' } } },
    }) as KubernetesObject;
  const ask = (name: string) => outcome([claims], claim(name), [], 'persistentvolumeclaims');
  expect(await ask('tin')).toBe('let in');
  expect(await ask('gold')).toContain(
    'insufficient quota to consume: gold.storageclass.storage.k8s.io/requests.storage',
  );
});
