import { expect, test } from 'vitest';
import type { Pod } from '../../api/generated/core-v1.ts';
import { SteppedClock } from '../../machinery/stepped-clock.ts';
import type { Lookup } from '../lookup.ts';
import { warningsAboutExisting } from './existing-pods.ts';
import { parsePolicy } from './policy.ts';

interface Listed {
  readonly limit?: number;
  readonly continue?: string;
  readonly signal?: AbortSignal;
}

const violating = { containers: [{ name: 'a', image: 'a' }], hostPID: true };
const pod = (name: string, more: object = {}) =>
  ({ metadata: { name, ...more }, spec: violating }) as unknown as Pod;
const of = (uid: string) => ({ ownerReferences: [{ controller: true, uid }] });

function scene(running: readonly Pod[], onPage: (clock: SteppedClock) => unknown = () => undefined) {
  const clock = new SteppedClock();
  const lookup = {
    list: async (_: unknown, { limit = 0, continue: from = '0', signal }: Listed) => {
      await onPage(clock);
      signal?.throwIfAborted();
      const next = Number(from) + limit;
      const remaining = running.length - next;
      return {
        items: running.slice(Number(from), next),
        resourceVersion: '1',
        continue: remaining > 0 ? String(next) : undefined,
        remainingItemCount: remaining > 0 ? remaining : undefined,
      };
    },
  } as unknown as Pick<Lookup, 'list'>;
  return (signal?: AbortSignal) =>
    warningsAboutExisting({
      lookup,
      clock,
      namespace: 'big',
      enforce: parsePolicy('enforce=baseline').enforce,
      isExempt: ({ metadata }) => metadata.name?.startsWith('exempt') === true,
      signal,
    });
}

const many = (count: number, more?: object) =>
  Array.from({ length: count }, (_, index) => pod(`p${String(index).padStart(5, '0')}`, more));
const heading =
  'existing pods in namespace "big" violate the new PodSecurity enforce level "baseline:latest"';

test('of many Pods 3,000 are looked at, one of every controller first', async () => {
  const lone = {
    ...pod('lone'),
    spec: { ...violating, hostPID: false, hostNetwork: true },
  } as unknown as Pod;
  const nets = 'host namespaces';
  expect(await scene([...many(4_000, of('rs')), lone, pod('exempt')])()).toEqual([
    'new PodSecurity enforce level only checked against the first 3000 of 4001 existing pods',
    heading,
    `lone (and 2999 other pods): ${nets}`,
  ]);
});

test('what is not listed in half a second is counted and not waited for', async () => {
  const warnings = scene(many(2_000), (clock) => clock.advance(300));
  expect(await warnings()).toEqual([
    'new PodSecurity enforce level only checked against the first 500 of 2000 existing pods',
    heading,
    'p00000 (and 499 other pods): host namespaces',
  ]);
});

test('a list that hangs or fails is said, and does not hold up the change', async () => {
  const told = ['failed to list pods while checking new PodSecurity enforce level'];
  expect(await scene([pod('a')], (clock) => clock.advance(1_000))()).toEqual(told);
  expect(await scene([pod('a')], () => Promise.reject(new Error('broken')))()).toEqual(told);
});

test('a request that has ended ends it', async () => {
  await expect(scene([pod('a')])(AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
});
