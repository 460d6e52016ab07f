import { expect, test } from 'vitest';
import { deployments, pods, resourcequotas, services } from '../../core/api/generated/resources.ts';
import { deployment } from '../builders/index.ts';
import { expectEventually } from '../expectations/eventually.ts';
import { ControlPlane, isReadyPod } from './control-plane.ts';

const where = { namespace: 'default', name: 'room' };

async function startWith(hard: Readonly<Record<string, string>>): Promise<ControlPlane> {
  const plane = await ControlPlane.start();
  await plane.client.create(resourcequotas, { metadata: where, spec: { hard } });
  await expectEventually(plane.clock, async () => {
    expect((await plane.client.get(resourcequotas, where)).status.hard).toEqual(hard);
  });
  return plane;
}

async function used(plane: ControlPlane): Promise<unknown> {
  return (await plane.client.get(resourcequotas, where)).status.used;
}

test('a quota is never exceeded, says why it refuses, and has room again when something goes', async () => {
  await using plane = await startWith({ pods: '2', 'count/deployments.apps': '1' });
  const web = { namespace: 'default', name: 'web' };
  await plane.client.create(deployments, deployment().withReplicas(4).build());
  await expectEventually(plane.clock, async () => {
    expect((await plane.list(pods)).filter(isReadyPod)).toHaveLength(2);
    expect(await used(plane)).toEqual({ pods: '2', 'count/deployments.apps': '1' });
  });
  await expect(plane.client.create(deployments, deployment().named('api').build())).rejects.toThrow(
    'deployments.apps "api" is forbidden: exceeded quota: room, requested: count/deployments.apps=1, used: count/deployments.apps=1, limited: count/deployments.apps=1',
  );
  await plane.client.delete(deployments, web);
  await expectEventually(plane.clock, async () => {
    expect(await used(plane)).toEqual({ pods: '0', 'count/deployments.apps': '0' });
  });
});

test('a quota on an amount wants Pods to say theirs, and a dry run takes nothing', async () => {
  await using plane = await startWith({ 'requests.cpu': '1', 'services.nodeports': '1' });
  const pod = (cpu?: string) => ({
    metadata: { namespace: 'default', name: 'a' },
    spec: {
      containers: [
        { name: 'main', image: 'web:1', ...(cpu === undefined ? {} : { resources: { requests: { cpu } } }) },
      ],
    },
  });
  await expect(plane.client.create(pods, pod())).rejects.toThrow(
    'pods "a" is forbidden: failed quota: room: must specify requests.cpu for: main',
  );
  await plane.client.create(pods, pod('700m'), { dryRun: true });
  await plane.client.create(pods, pod('700m'));
  expect(await used(plane)).toMatchObject({ 'requests.cpu': '700m' });
  await expect(
    plane.client.create(pods, { ...pod('400m'), metadata: { namespace: 'default', name: 'b' } }),
  ).rejects.toThrow('requested: requests.cpu=400m, used: requests.cpu=700m, limited: requests.cpu=1');
  const service = (type: 'NodePort' | 'ClusterIP') => ({
    metadata: { namespace: 'default', name: 'web' },
    spec: {
      type,
      ports: [
        { name: 'a', port: 1 },
        { name: 'b', port: 2 },
      ],
    },
  });
  await expect(plane.client.create(services, service('NodePort'))).rejects.toThrow('services.nodeports=2');
  await plane.client.create(services, service('ClusterIP'));
});
