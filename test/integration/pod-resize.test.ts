import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Pod, ResourceRequirements } from '../../core/api/generated/core-v1.ts';
import { limitranges, pods } from '../../core/api/generated/resources.ts';
import { pod } from '../builders/pod.ts';
import { expectEventually } from '../expectations/eventually.ts';
import { kubeletScene, type KubeletScene } from './kubelet-scene.ts';

let dataDirectory: string;
let scene: KubeletScene;

beforeEach(async () => {
  dataDirectory = await mkdtemp(join(tmpdir(), 'resize-scene-'));
  scene = await kubeletScene({ dataDirectory });
});

afterEach(async () => {
  await scene[Symbol.asyncDispose]();
  await rm(dataDirectory, { recursive: true, force: true });
});

const quarter = { requests: { cpu: '250m', memory: '64Mi' }, limits: { cpu: '500m', memory: '64Mi' } };

const web = (name = 'web', { requests, limits }: typeof quarter = quarter) =>
  pod().named(name).running('main:1').requesting(requests).limitedTo(limits);

const eventually = (assertion: () => void | Promise<void>) => expectEventually(scene.clock, assertion);

function resize(resources: ResourceRequirements, name = 'web') {
  const target = {
    group: '',
    version: 'v1',
    resource: 'pods',
    subresource: 'resize',
    namespace: 'default',
    name,
  };
  const value = { spec: { containers: [{ name: 'main', resources }] } };
  return scene.api.verbs.patch({}, target, {
    type: 'strategic',
    bytes: Buffer.from(JSON.stringify(value)),
  });
}

async function main(name = 'web') {
  return (await scene.pod(name))?.status.containerStatuses?.[0];
}

function conditions({ status }: Pod): unknown[] {
  return (status.conditions ?? []).filter(({ type }) => type.startsWith('PodResize'));
}

async function running(...names: readonly string[]): Promise<void> {
  for (const name of names) await eventually(async () => expect((await main(name))?.ready).toBe(true));
}

describe('a Pod that runs', () => {
  test('is given other resources without a restart, and tells of them', async () => {
    await scene.create(web());
    await running('web');
    expect(await main()).toMatchObject({ allocatedResources: quarter.requests, resources: quarter });
    const half = { requests: { cpu: '500m', memory: '32Mi' }, limits: { cpu: '1', memory: '128Mi' } };
    const resized = (await resize(half)).object as Pod;
    expect([resized.metadata.generation, resized.spec.containers[0]?.resources]).toEqual([2, half]);
    await eventually(async () => expect((await main())?.resources).toEqual(half));
    expect(await main()).toMatchObject({ allocatedResources: half.requests, restartCount: 0 });
    expect(scene.runtime.calls.slice(2)).toEqual([`update main 512/100000/${128 << 20}`]);
    await eventually(async () => expect(conditions((await scene.pod()) as Pod)).toEqual([]));
    expect(await scene.reasons()).toEqual(expect.arrayContaining(['ResizeStarted', 'ResizeCompleted']));
  });

  test('begins anew where its containers want that', async () => {
    const [container] = web().build().spec.containers;
    const resizePolicy = [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }];
    await scene.create(web().withSpec({ containers: [{ ...container, name: 'main', resizePolicy }] }));
    await running('web');
    await resize({ limits: { memory: '128Mi' } });
    await eventually(() => expect(scene.runtime.running()).toEqual(['main/1']));
    await running('web');
    expect((await main())?.resources?.limits).toEqual({ cpu: '500m', memory: '128Mi' });
  });

  test('waits for what others have, and gets it when they go', async () => {
    const most = { requests: { cpu: '3', memory: '64Mi' }, limits: { cpu: '3', memory: '128Mi' } };
    await scene.create(web('other', most));
    await scene.create(web());
    await running('other', 'web');
    await resize({ requests: { cpu: '2' }, limits: { cpu: '3' } });
    await eventually(async () =>
      expect(conditions((await scene.pod()) as Pod)).toMatchObject([
        {
          type: 'PodResizePending',
          reason: 'Deferred',
          message: "Node didn't have enough resource: cpu, requested: 2000, used: 3000, capacity: 4000",
        },
      ]),
    );
    expect((await main())?.resources).toEqual(quarter);
    // The next agent knows what was agreed to.
    await scene.restartAgent();
    await eventually(async () => expect(conditions((await scene.pod()) as Pod)).toHaveLength(1));
    expect((await main())?.resources).toEqual(quarter);
    await scene.delete('other', 0);
    await eventually(async () =>
      expect(await main()).toMatchObject({ allocatedResources: { cpu: '2' }, restartCount: 0 }),
    );
    await eventually(async () => expect(conditions((await scene.pod()) as Pod)).toEqual([]));
  });

  test('is told that a node can never give that much', async () => {
    await scene.create(web());
    await running('web');
    await resize({ requests: { cpu: '5' }, limits: { cpu: '6' } });
    await eventually(async () =>
      expect(conditions((await scene.pod()) as Pod)).toMatchObject([{ reason: 'Infeasible' }]),
    );
    await resize({ requests: { cpu: '250m' }, limits: { cpu: '500m' } });
    await eventually(async () => expect(conditions((await scene.pod()) as Pod)).toEqual([]));
    expect(scene.runtime.calls.filter((call) => call.startsWith('update'))).toEqual([]);
  });

  test('says why the runtime refuses, and has it as soon as it does not', async () => {
    await scene.create(web());
    await running('web');
    scene.runtime.updateFailures.set('main', 'device or resource busy');
    await resize({ requests: { memory: '16Mi' }, limits: { memory: '16Mi' } });
    await eventually(async () =>
      expect(conditions((await scene.pod()) as Pod)).toMatchObject([
        {
          type: 'PodResizeInProgress',
          reason: 'Error',
          message: 'container main: device or resource busy',
        },
      ]),
    );
    expect((await main())?.resources?.limits?.['memory']).toBe('64Mi');
    scene.runtime.updateFailures.clear();
    await eventually(async () => expect((await main())?.resources?.limits?.['memory']).toBe('16Mi'));
    await eventually(async () => expect(conditions((await scene.pod()) as Pod)).toEqual([]));
  });
});

describe('a resize', () => {
  test.each([
    [{ requests: { cpu: '500m', memory: '64Mi' } }, 'Pod QOS Class may not change as a result of resizing'],
    [{ limits: { cpu: null } }, 'resource limits cannot be removed'],
    [{ requests: { cpu: '1' } }, 'must be less than or equal to cpu limit of 500m'],
    [{ requests: { 'ephemeral-storage': '1Gi' } }, 'only cpu and memory resources are mutable'],
  ])('to %j is refused', async (resources, message) => {
    await scene.create(web());
    await expect(resize(resources as unknown as ResourceRequirements)).rejects.toMatchObject({
      reason: 'Invalid',
      message: expect.stringContaining(message) as unknown,
    });
  });

  test('changes resources and nothing else', async () => {
    await scene.create(web());
    const target = { group: '', version: 'v1', resource: 'pods', namespace: 'default', name: 'web' };
    const change = {
      metadata: { labels: { a: 'b' } },
      spec: { containers: [{ name: 'main', image: 'other:1' }] },
    };
    const body = { type: 'strategic', bytes: Buffer.from(JSON.stringify(change)) } as const;
    await scene.api.verbs.patch({}, { ...target, subresource: 'resize' }, body);
    const { metadata, spec } = await scene.api.client.get(pods, { namespace: 'default', name: 'web' });
    expect([metadata.labels, spec.containers[0]?.image]).toEqual([undefined, 'main:1']);
  });

  test('keeps to the limits of the namespace', async () => {
    await scene.api.client.create(limitranges, {
      metadata: { namespace: 'default', name: 'limits' },
      spec: { limits: [{ type: 'Container', max: { cpu: '1' } }] },
    });
    await scene.create(web());
    await expect(resize({ limits: { cpu: '2' } })).rejects.toThrow('maximum cpu usage per Container is 1');
  });
});
