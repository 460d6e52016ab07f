import { describe, expect, test } from 'vitest';
import { pod } from '../../test/builders/pod.ts';
import { containerResources, cpuQuotaUs, cpuShares, oomScoreAdj } from './container-resources.ts';
import { qosClassOf } from './quality-of-service.ts';

const node = { memoryBytes: 8 * 2 ** 30, pidsLimit: 1024 };
const best = pod();
const burstable = pod().requesting({ memory: '2Gi' });
const guaranteed = pod().limitedTo({ cpu: '500m', memory: '1Gi' });

test.each([
  ['BestEffort', best],
  ['Burstable', burstable],
  ['Burstable', pod().limitedTo({ cpu: '1' })],
  ['Guaranteed', guaranteed],
  ['Guaranteed', guaranteed.requesting({ cpu: '0.5', memory: '1024Mi' })],
  ['Burstable', guaranteed.requesting({ cpu: '100m', memory: '1Gi' })],
  ['Burstable', guaranteed.withContainer({ name: 'other', image: 'other:1' })],
])('a Pod is %s (%#)', (expected, builder) => {
  expect(qosClassOf(builder.build())).toBe(expected);
});

test.each([
  [0, 2],
  [1, 2],
  [100, 102],
  [1000, 1024],
  [1_000_000, 262_144],
])('%i millicores are %i shares', (millicores, shares) => {
  expect(cpuShares(millicores)).toBe(shares);
});

test.each([
  [0, undefined],
  [1, 1000],
  [100, 10_000],
  [2500, 250_000],
])('a limit of %i millicores is a quota of %s µs', (millicores, quota) => {
  expect(cpuQuotaUs(millicores)).toBe(quota);
});

describe('oomScoreAdj', () => {
  const score = (builder: typeof best) => {
    const subject = builder.build();
    return oomScoreAdj(subject, subject.spec.containers[0] ?? { name: '' }, node.memoryBytes);
  };
  test('spares those who asked for most', () => {
    expect([score(guaranteed), score(burstable), score(best)]).toEqual([-997, 750, 1000]);
  });
  test('keeps a burstable Pod between the others', () => {
    expect(score(pod().requesting({ memory: '1Ki' }))).toBe(999);
    expect(score(pod().requesting({ memory: '8Gi' }))).toBe(3);
  });
  test('spares what is critical to the node', () => {
    expect(score(best.withPriority(2_000_001_000))).toBe(-997);
  });
});

test('a limit without a request is the request', () => {
  const subject = guaranteed.build();
  expect(containerResources(subject, subject.spec.containers[0] ?? { name: '' }, node)).toEqual({
    cpuShares: 512,
    cpuQuotaUs: 50_000,
    memoryLimitBytes: 2 ** 30,
    oomScoreAdj: -997,
    pidsLimit: 1024,
  });
});
