import { describe, expect, test } from 'vitest';
import type { Container, Pod } from '../../core/api/generated/core-v1.ts';
import { containerNamed, sandboxWith } from '../../test/builders/observed.ts';
import { pod } from '../../test/builders/pod.ts';
import { observePod } from './observed-pod.ts';
import { agreedPod, allocationOf, isAgreed, resizeActions, toldAllocation } from './resize.ts';

const node = { memoryBytes: 8 << 30, pidsLimit: undefined };

function web(cpu: string, memory: string, more: Partial<Container> = {}): Pod {
  const built = pod().requesting({ cpu, memory }).limitedTo({ cpu, memory }).build();
  const [main] = built.spec.containers;
  return { ...built, spec: { ...built.spec, containers: [{ ...(main as Container), ...more }] } };
}

/** Main runs with what "100m" of CPU and "64Mi" stand for. */
const runs = observePod([
  sandboxWith([
    containerNamed().with({
      resources: { cpuShares: 102, cpuQuotaUs: 10_000, memoryLimitBytes: 64 << 20 },
    }),
  ]),
]);

describe('what a node has agreed to', () => {
  test('stands in the Pod in place of what is asked for', () => {
    const allocation = allocationOf(web('100m', '64Mi'));
    const wanted = web('200m', '64Mi');
    expect(isAgreed(wanted, allocation)).toBe(false);
    expect(agreedPod(wanted, allocation).spec).toEqual(web('100m', '64Mi').spec);
    expect(agreedPod(wanted, allocationOf(wanted))).toBe(wanted);
  });

  test('is read from the status by the next agent', () => {
    const wanted = web('200m', '64Mi');
    const status = {
      containerStatuses: [
        {
          name: 'main',
          image: '',
          imageID: '',
          ready: true,
          restartCount: 0,
          allocatedResources: { cpu: '100m', memory: '64Mi' },
          resources: { limits: { cpu: '100m', memory: '64Mi' } },
        },
      ],
    };
    expect(toldAllocation(wanted, status)).toEqual(allocationOf(web('100m', '64Mi')));
    expect(toldAllocation(wanted, {})).toEqual(allocationOf(wanted));
  });
});

describe('a container', () => {
  test('that has what was agreed to is left alone', () => {
    expect(resizeActions(web('100m', '64Mi'), runs, node)).toEqual({ toUpdate: [], toRestart: [] });
  });

  test('is given what was agreed to', () => {
    const { toUpdate, toRestart } = resizeActions(web('200m', '32Mi'), runs, node);
    expect(toUpdate).toMatchObject([
      { id: 'main-0', to: { cpuShares: 204, cpuQuotaUs: 20_000, memoryLimitBytes: 32 << 20 } },
    ]);
    expect(toRestart).toEqual([]);
  });

  test('begins anew where its policy for what changes says so, and only there', () => {
    const resizePolicy = [
      { resourceName: 'cpu', restartPolicy: 'NotRequired' },
      { resourceName: 'memory', restartPolicy: 'RestartContainer' },
    ];
    expect(resizeActions(web('200m', '64Mi', { resizePolicy }), runs, node).toUpdate).toHaveLength(1);
    const { toUpdate, toRestart } = resizeActions(web('100m', '32Mi', { resizePolicy }), runs, node);
    expect(toUpdate).toEqual([]);
    expect(toRestart).toMatchObject([
      { kill: { reason: 'resized', message: 'Container main resize requires restart' } },
    ]);
  });

  test('that does not run is started with what was agreed to, as any other', () => {
    const ended = observePod([sandboxWith([containerNamed().exited(1)])]);
    expect(resizeActions(web('200m', '32Mi'), ended, node)).toEqual({ toUpdate: [], toRestart: [] });
  });
});
