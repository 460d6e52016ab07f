import { expect, test } from 'vitest';
import { StatusError } from '../../core/api/errors.ts';
import type { PodDisruptionBudget } from '../../core/api/generated/policy-v1.ts';
import { deployments, poddisruptionbudgets, pods } from '../../core/api/generated/resources.ts';
import type { New } from '../../core/api/object.ts';
import { deployment } from '../builders/index.ts';
import { expectEventually } from '../expectations/eventually.ts';
import { ControlPlane } from './control-plane.ts';

const web = { namespace: 'default', name: 'web' };

function budget(spec: PodDisruptionBudget['spec']): New<PodDisruptionBudget> {
  return { metadata: web, spec: { selector: { matchLabels: { app: 'web' } }, ...spec } };
}

async function startWith(replicas: number, spec: PodDisruptionBudget['spec']): Promise<ControlPlane> {
  const plane = await ControlPlane.start();
  await plane.client.create(deployments, deployment().withReplicas(replicas).build());
  await plane.client.create(poddisruptionbudgets, budget(spec));
  await expectEventually(plane.clock, async () => {
    const { status } = await plane.client.get(poddisruptionbudgets, web);
    expect(status).toMatchObject({ currentHealthy: replicas, observedGeneration: 1 });
  });
  return plane;
}

async function evict(plane: ControlPlane, index: number, options: { dryRun?: boolean } = {}): Promise<void> {
  const { namespace, name = '' } = (await plane.list(pods))[index]?.metadata ?? {};
  const body = { metadata: { namespace, name } };
  await plane.client.createSubresource(pods, { namespace, name }, 'eviction', body, options);
}

test('a budget allows as many evictions as leave enough healthy Pods, and then refuses', async () => {
  await using plane = await startWith(4, { maxUnavailable: '50%' });
  const { status } = await plane.client.get(poddisruptionbudgets, web);
  expect(status).toMatchObject({
    expectedPods: 4,
    desiredHealthy: 2,
    disruptionsAllowed: 2,
    conditions: [{ type: 'DisruptionAllowed', status: 'True', reason: 'SufficientPods' }],
  });
  await evict(plane, 0, { dryRun: true });
  expect((await plane.client.get(poddisruptionbudgets, web)).status.disruptionsAllowed).toBe(2);
  await evict(plane, 0);
  await evict(plane, 1);
  const refused = await evict(plane, 2).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(StatusError);
  const { code, message, details } = (refused as StatusError).status;
  expect(code).toBe(429);
  expect(message).toBe("Cannot evict pod as it would violate the pod's disruption budget.");
  expect(details?.causes).toEqual([
    {
      reason: 'DisruptionBudget',
      message: expect.stringMatching(
        /^The disruption budget web needs 2 healthy pods and has \d currently$/,
      ) as string,
    },
  ]);
  await expectEventually(plane.clock, async () => {
    const after = await plane.client.get(poddisruptionbudgets, web);
    expect(after.status).toMatchObject({ currentHealthy: 4, disruptionsAllowed: 2 });
    expect(after.status).not.toHaveProperty('disruptedPods');
  });
});

test('a budget that needs every Pod lets none go, and those of others are not its business', async () => {
  await using plane = await startWith(1, { minAvailable: 1 });
  await expect(evict(plane, 0)).rejects.toThrow('violate');
  await plane.client.delete(poddisruptionbudgets, web);
  await evict(plane, 0);
});
