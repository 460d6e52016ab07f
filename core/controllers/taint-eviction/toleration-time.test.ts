import { expect, test } from 'vitest';
import { toleratedMs } from './toleration-time.ts';

const lost = { key: 'lost', effect: 'NoExecute' } as const;
const full = { key: 'full', effect: 'NoExecute' } as const;
const tolerating = (key: string, tolerationSeconds?: number) => ({
  key,
  operator: 'Exists' as const,
  ...(tolerationSeconds === undefined ? {} : { tolerationSeconds }),
});

test.each([
  {
    name: 'no taint that evicts',
    taints: [{ key: 'lost', effect: 'NoSchedule' } as const],
    tolerations: [],
    ms: Infinity,
  },
  { name: 'a taint nobody tolerates', taints: [lost], tolerations: [], ms: 0 },
  { name: 'a toleration for ever', taints: [lost], tolerations: [tolerating('lost')], ms: Infinity },
  { name: 'a toleration for a time', taints: [lost], tolerations: [tolerating('lost', 300)], ms: 300_000 },
  {
    name: 'the shorter of two',
    taints: [lost, full],
    tolerations: [tolerating('lost', 300), tolerating('full', 20)],
    ms: 20_000,
  },
  { name: 'one of two taints', taints: [lost, full], tolerations: [tolerating('lost', 300)], ms: 0 },
  { name: 'a negative time', taints: [lost], tolerations: [tolerating('lost', -1)], ms: 0 },
])('$name allows $ms ms', ({ taints, tolerations, ms }) => {
  expect(toleratedMs(taints, tolerations)).toBe(ms);
});
