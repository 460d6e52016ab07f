import { describe, expect, test } from 'vitest';
import { pod, type PodBuilder } from '../../test/builders/pod.ts';
import { node } from '../../test/builders/node.ts';
import { admitPod, podRequests } from './admission.ts';

const subject = node()
  .named('a')
  .labelled({ zone: 'x' })
  .withStatus({ allocatable: { cpu: '2', memory: '4Gi', pods: '3' } })
  .build();

const refused = (builder: PodBuilder, others: readonly PodBuilder[] = []) =>
  admitPod(
    builder.build(),
    subject,
    others.map((other) => other.build()),
  );

describe('admitPod', () => {
  test('takes what fits beside the others', () => {
    expect(refused(pod().requesting({ cpu: '1' }), [pod().requesting({ cpu: '1' })])).toBeUndefined();
  });

  test('refuses what does not, with the numbers', () => {
    expect(refused(pod().requesting({ cpu: '1500m' }), [pod().requesting({ cpu: '1' })])).toEqual({
      reason: 'OutOfcpu',
      message: "Node didn't have enough resource: cpu, requested: 1500, used: 1000, capacity: 2000",
    });
    expect(refused(pod().requesting({ 'example.com/gpu': '1' }))?.reason).toBe('OutOfexample.com/gpu');
  });

  test('refuses one Pod too many', () => {
    expect(refused(pod(), [pod(), pod(), pod()])?.reason).toBe('OutOfpods');
  });

  test('refuses a Pod that asks for another kind of node', () => {
    expect(refused(pod().selectingNodes({ zone: 'x' }))).toBeUndefined();
    expect(refused(pod().selectingNodes({ zone: 'y' }))?.reason).toBe('NodeAffinity');
    const term = (operator: 'In' | 'NotIn') => ({
      matchExpressions: [{ key: 'zone', operator, values: ['x'] }],
    });
    const required = (operator: 'In' | 'NotIn') =>
      pod().withAffinity({
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term(operator)] },
        },
      });
    expect(refused(required('In'))).toBeUndefined();
    expect(refused(required('NotIn'))?.reason).toBe('NodeAffinity');
  });

  test('refuses a port that is taken, by address and protocol', () => {
    const taken = [pod().exposingHostPort(80, { hostIP: '10.0.0.1' })];
    expect(refused(pod().exposingHostPort(80), taken)?.reason).toBe('NodePorts');
    expect(refused(pod().exposingHostPort(80, { hostIP: '10.0.0.2' }), taken)).toBeUndefined();
    expect(refused(pod().exposingHostPort(80, { protocol: 'UDP' }), taken)).toBeUndefined();
  });
});

test('podRequests counts sidecars with all, init containers by their peak', () => {
  const cpu = (request: string) => ({ resources: { requests: { cpu: request } } });
  const built = pod()
    .requesting({ cpu: '1' })
    .withInitContainer({ name: 'mesh', restartPolicy: 'Always', ...cpu('500m') })
    .withInitContainer({ name: 'big', ...cpu('3') })
    .build();
  expect(podRequests(built).get('cpu')?.toMilli()).toBe(3500);
});
