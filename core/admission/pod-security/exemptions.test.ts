import { expect, test } from 'vitest';
import type { Namespace, Pod } from '../../api/generated/core-v1.ts';
import { namespaces, pods } from '../../api/generated/resources.ts';
import type { KubernetesObject, Mutable } from '../../api/object.ts';
import { createScheme } from '../../api/kinds/scheme.ts';
import { SteppedClock } from '../../machinery/stepped-clock.ts';
import type { AdmissionRequest } from '../chain.ts';
import type { Lookup } from '../lookup.ts';
import { PodSecurityMetrics } from './metrics.ts';
import { PodSecurity } from './pod-security.ts';
import { parsePolicy } from './policy.ts';

const scheme = createScheme();
const privileged = { containers: [{ name: 'a', image: 'a', securityContext: { privileged: true } }] };
const strict: Namespace = {
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'strict', labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
  spec: {},
  status: {},
};

function setUp() {
  const metrics = new PodSecurityMetrics();
  const running = [
    { metadata: { name: 'exempt' }, spec: { ...privileged, runtimeClassName: 'walled' } },
    { metadata: { name: 'web' }, spec: privileged },
  ] as unknown as Pod[];
  const lookup = {
    get: () => Promise.resolve(strict),
    list: () => Promise.resolve({ items: running }),
  } as unknown as Pick<Lookup, 'get' | 'list'>;
  const configuration = {
    defaults: parsePolicy('enforce=baseline'),
    exemptions: {
      usernames: new Set(['operator']),
      namespaces: new Set(['system']),
      runtimeClasses: new Set(['walled']),
    },
  };
  const notes = new Map<string, string>();
  const warnings: string[] = [];
  const plugin = new PodSecurity(lookup, new SteppedClock(), configuration, metrics);
  const admit = (of: typeof pods | typeof namespaces, request: Partial<AdmissionRequest>) =>
    plugin.validate({
      operation: 'CREATE',
      declaration: scheme.byResource(of.group, of.version, of.plural) as AdmissionRequest['declaration'],
      subresource: '',
      namespace: 'strict',
      name: 'web',
      object: undefined,
      old: undefined,
      user: { name: 'somebody', groups: [] },
      dryRun: false,
      signal: undefined,
      warn: (text) => warnings.push(text),
      annotate: (key, value) => void notes.set(key.replace('pod-security.kubernetes.io/', ''), value),
      ...request,
    });
  const told = () =>
    metrics.families.flatMap((family) =>
      [...family.samples()].map(
        ({ labels, value }) =>
          `${family.name.slice('pod_security_'.length)} ${labels.map(([, text]) => text).join(' ')} ${value}`,
      ),
    );
  return { admit, notes, warnings, told };
}

const asObject = (value: object) => value as unknown as Mutable<KubernetesObject>;
const pod = (spec: object) => asObject({ metadata: { name: 'web' }, spec });

test('who is nobody special is held to the level of the namespace, and that is counted', async () => {
  const { admit, notes, told } = setUp();
  await expect(admit(pods, { object: pod(privileged) })).rejects.toThrow(
    'violates PodSecurity "restricted:latest"',
  );
  expect([...notes]).toEqual([['enforce-policy', 'restricted:latest']]);
  expect(told()).toEqual(['evaluations_total deny restricted latest enforce create pod  1']);
});

test.each<[string, Partial<AdmissionRequest>]>([
  ['namespace', { namespace: 'system', object: pod(privileged) }],
  ['user', { user: { name: 'operator', groups: [] }, object: pod(privileged) }],
  ['runtimeClass', { object: pod({ ...privileged, runtimeClassName: 'walled' }) }],
])('Pods exempt by their %s pass, which is noted and counted', async (why, request) => {
  const { admit, notes, told } = setUp();
  await admit(pods, request);
  expect([...notes]).toEqual([['exempt', why]]);
  expect(told()).toEqual(['exemptions_total create pod  1']);
});

test('whoever labels an exempt namespace is told that it does nothing', async () => {
  const { admit, warnings } = setUp();
  const object = asObject({ ...strict, metadata: { ...strict.metadata, name: 'system' } });
  await admit(namespaces, { name: 'system', namespace: undefined, object });
  expect(warnings).toEqual([
    'namespace "system" is exempt from Pod Security, and the policy (enforce=restricted:latest) will be ignored',
  ]);
});

test('Pods of an exempt runtime are not warned about when a namespace begins to enforce a level', async () => {
  const { admit, warnings } = setUp();
  const old = { ...strict, metadata: { name: 'strict' } };
  await admit(namespaces, { operation: 'UPDATE', name: 'strict', object: asObject(strict), old });
  expect(warnings[1]).toMatch(/^web: /);
});
