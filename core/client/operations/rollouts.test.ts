import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { StatefulSet } from '../../api/generated/apps-v1.ts';
import {
  controllerrevisions,
  deployments,
  replicasets,
  statefulsets,
} from '../../api/generated/resources.ts';
import { deployment, replicaSet } from '../../../test/builders/index.ts';
import { createTestApi, type TestApi } from '../../../test/environment/api.ts';
import { revisionsOf } from './revisions.ts';
import { rollBack } from './rollouts.ts';

describe('revisions and rolling back', () => {
  const signal = AbortSignal.timeout(60_000);
  const name = { namespace: 'default', name: 'web' };
  let api: TestApi;

  beforeEach(async () => {
    api = await createTestApi();
  });

  afterEach(() => api.close());

  /** A Deployment that ran "app:1", then "app:2", as its controller would have kept that. */
  const rolledOut = async () => {
    const live = await api.client.create(deployments, deployment().running('app:2').build());
    for (const number of [1, 2]) {
      const set = replicaSet()
        .named(`web-${number}`)
        .ownedBy(live)
        .annotated({
          'deployment.kubernetes.io/revision': `${number}`,
          'kubernetes.io/change-cause': `release ${number}`,
        })
        .build();
      const template = { ...live.spec.template, spec: { ...live.spec.template.spec } };
      const containers = template.spec.containers?.map((each) => ({ ...each, image: `app:${number}` })) ?? [];
      await api.client.create(replicasets, {
        ...set,
        spec: {
          ...set.spec,
          template: {
            metadata: { ...template.metadata, labels: { app: 'web', 'pod-template-hash': `h${number}` } },
            spec: { ...template.spec, containers },
          },
        },
      });
    }
    return live;
  };

  const imagesOf = (template: {
    spec?: { containers?: readonly { image?: string | undefined }[] } | undefined;
  }) => template.spec?.containers?.map(({ image }) => image);

  test('of a Deployment are its ReplicaSets, as the Deployment had them, and one is what it says now', async () => {
    const live = await rolledOut();
    await api.client.create(replicasets, replicaSet().named('of-another').build());
    const revisions = await revisionsOf(api.client, live, { signal });
    expect(
      revisions.map(({ number, changeCause, current, template }) => [
        number,
        changeCause,
        current,
        imagesOf(template),
      ]),
    ).toEqual([
      [1, 'release 1', false, ['app:1']],
      [2, 'release 2', true, ['app:2']],
    ]);
    expect(revisions[0]?.template.metadata?.labels).toEqual({ app: 'web' });
  });

  test('bring back the template and the change cause, and leave what is the Deployment’s own', async () => {
    const live = await rolledOut();
    expect(await rollBack(api.client, live, 0, { signal })).toBe('rolled back');
    const after = await api.client.get(deployments, name);
    expect(imagesOf(after.spec.template)).toEqual(['app:1']);
    expect(after.metadata.annotations).toEqual({ 'kubernetes.io/change-cause': 'release 1' });
    expect(await rollBack(api.client, after, 1, { signal })).toMatch('already matches revision 1');
  });

  test('are not gone back to where somebody changed the workload since it was looked at', async () => {
    const live = await rolledOut();
    await api.client.patch(deployments, name, 'merge', { spec: { replicas: 4 } });
    await expect(rollBack(api.client, live, 1, { signal })).rejects.toThrow('resourceVersion');
    expect(imagesOf((await api.client.get(deployments, name)).spec.template)).toEqual(['app:2']);
  });

  test('that are not there, or of a paused Deployment, are refused', async () => {
    const live = await rolledOut();
    await expect(rollBack(api.client, live, 9, { signal })).rejects.toThrow(
      'unable to find specified revision 9',
    );
    const paused = await api.client.patch(deployments, name, 'merge', { spec: { paused: true } });
    await expect(rollBack(api.client, paused, 1, { signal })).rejects.toThrow('paused');
  });

  test('of a StatefulSet are ControllerRevisions, with the Pods its status counts', async () => {
    const { template } = deployment().running('db:2').build().spec;
    const live = await api.client.create(statefulsets, {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: name,
      spec: { serviceName: 'web', selector: { matchLabels: { app: 'web' } }, template },
      status: { replicas: 0 },
    });
    const { metadata, spec } = await api.client.updateStatus<StatefulSet>(statefulsets, {
      ...live,
      status: {
        replicas: 3,
        currentRevision: 'web-1',
        updateRevision: 'web-2',
        currentReplicas: 1,
        updatedReplicas: 2,
      },
    });
    for (const number of [1, 2]) {
      const containers = spec.template.spec?.containers?.map((each) => ({ ...each, image: `db:${number}` }));
      await api.client.create(controllerrevisions, {
        apiVersion: 'apps/v1',
        kind: 'ControllerRevision',
        metadata: {
          namespace: 'default',
          name: `web-${number}`,
          ownerReferences: [
            {
              apiVersion: 'apps/v1',
              kind: 'StatefulSet',
              name: 'web',
              uid: metadata.uid ?? '',
              controller: true,
            },
          ],
        },
        revision: number,
        data: {
          spec: {
            template: { ...spec.template, spec: { ...spec.template.spec, containers }, $patch: 'replace' },
          },
        },
      });
    }
    const seen = await api.client.get(statefulsets, name);
    const revisions = await revisionsOf(api.client, seen, { signal });
    expect(revisions.map(({ number, replicas, current }) => [number, replicas, current])).toEqual([
      [1, 1, false],
      [2, 2, true],
    ]);
    expect(await rollBack(api.client, seen, 1, { signal })).toBe('rolled back');
    expect(imagesOf((await api.client.get(statefulsets, name)).spec.template)).toEqual(['db:1']);
  });
});
