import { describe, expect, test } from 'vitest';
import type { DaemonSet, StatefulSet } from '../../core/api/generated/apps-v1.ts';
import type { Pod, PodSpec, Service } from '../../core/api/generated/core-v1.ts';
import type { KubernetesObject } from '../../core/api/object.ts';
import { configMap, deployment, pod } from '../../test/builders/index.ts';
import { impactOf } from './impact.ts';

describe('the impact of a change', () => {
  const impact = (live: KubernetesObject, wanted: KubernetesObject, pods?: readonly Pod[]) =>
    impactOf(live, wanted, () => Promise.resolve(pods));
  const web = deployment().running('web:1').withReplicas(3).withStatus({ replicas: 3 });

  test('is nothing where no Pod is concerned', async () => {
    expect(await impact(web.build(), web.labelled({ team: 'a' }).build())).toEqual([]);
    expect(await impact(configMap().build(), configMap().labelled({ team: 'a' }).build(), [])).toEqual([]);
  });

  test.each([
    ['a few at a time', web.running('web:2'), 'restarts 3 Pods, a few at a time'],
    ['all at once', web.running('web:2').recreating(), 'stops all Pods (3) before new ones start'],
    [
      'not while the rollout is paused',
      web.running('web:2').paused(),
      'no Pod restarts until the rollout is resumed',
    ],
    ['not, when only their number changes', web.withReplicas(5), 'starts Pods: 5 instead of 3'],
    ['not, when there are fewer of them', web.withReplicas(1), 'stops Pods: 1 instead of 3'],
  ])('Pods of a Deployment restart %s', async (_, wanted, sentence) => {
    expect(await impact(web.build(), wanted.build())).toEqual([sentence]);
  });

  const { selector, template } = web.build().spec;
  const { template: newer } = web.running('web:2').build().spec;
  const metadata = { namespace: 'default', name: 'web' };

  const statefulSet = (spec: Partial<StatefulSet['spec']> = {}): StatefulSet => ({
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata,
    spec: { replicas: 3, selector, template, serviceName: 'web', ...spec },
    status: { replicas: 3 },
  });

  test.each<[string, Partial<StatefulSet['spec']>, string[]]>([
    ['one after the other', {}, ['restarts 3 Pods, a few at a time']],
    ['from the partition on', { updateStrategy: { rollingUpdate: { partition: 2 } } }, ['restarts its Pod']],
    ['not at all beyond the partition', { updateStrategy: { rollingUpdate: { partition: 3 } } }, []],
    [
      'when they are deleted',
      { updateStrategy: { type: 'OnDelete' } },
      ['Pods restart only when somebody deletes them'],
    ],
  ])('Pods of a StatefulSet restart %s', async (_, spec, sentences) => {
    expect(await impact(statefulSet(), statefulSet({ template: newer, ...spec }))).toEqual(sentences);
  });

  test('Pods of a DaemonSet restart on all of its nodes', async () => {
    const daemonSet = (spec: DaemonSet['spec']): DaemonSet => ({
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata,
      spec,
      status: { desiredNumberScheduled: 4 } as DaemonSet['status'],
    });
    expect(await impact(daemonSet({ selector, template }), daemonSet({ selector, template: newer }))).toEqual(
      ['restarts 4 Pods, a few at a time'],
    );
  });

  test('Pods that mount a ConfigMap see a change, those that have it as environment do not', async () => {
    const using = (spec: Partial<PodSpec>) => pod().withSpec(spec).build();
    const from = (name: string) => [{ name: 'main', envFrom: [{ configMapRef: { name } }] }];
    const pods = [
      using({ volumes: [{ name: 'a', configMap: { name: 'settings' } }] }),
      using({ containers: from('settings') }),
      using({ initContainers: from('settings') }),
      using({ containers: from('other') }),
    ];
    const settings = configMap().named('settings').build();
    expect(await impact(settings, { ...settings, data: { a: 'b' } } as KubernetesObject, pods)).toEqual([
      'Pods that mount it see the change soon: 1',
      'Pods that have it as environment see it when they restart: 2',
    ]);
  });

  test('a Service leads to other Pods', async () => {
    const service = (app?: string): Service => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { selector: app === undefined ? {} : { app } },
      status: {},
    });
    const pods = ['a', 'a', 'b'].map((app) => pod().labelled({ app }).build());
    expect(await impact(service('a'), service('b'), pods)).toEqual(['leads to other Pods: 1 instead of 2']);
    expect(await impact(service('a'), service(), pods)).toEqual(['leads to other Pods: 0 instead of 2']);
    expect(await impact(service('a'), service('b'))).toEqual([]);
  });
});
