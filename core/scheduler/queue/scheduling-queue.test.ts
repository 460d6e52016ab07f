import { describe, expect, test } from 'vitest';
import { node, pod, type PodBuilder } from '../../../test/builders/index.ts';
import { SteppedClock } from '../../machinery/stepped-clock.ts';
import { PodFactsReader } from '../cluster/pod-facts.ts';
import type { ClusterEvent } from '../framework/plugin.ts';
import { SchedulingQueue } from './scheduling-queue.ts';

const reader = new PodFactsReader();
const nodeAdded: ClusterEvent = { kind: 'node-added', node: node().build() };
const refusedByFit = new Set(['Fit']);

function newQueue(mayHelp: (plugin: string) => boolean = () => true) {
  const clock = new SteppedClock();
  const queue = new SchedulingQueue({ clock, classKeyOf: ({ shape }) => JSON.stringify(shape), mayHelp });
  const add = (...builders: PodBuilder[]) => {
    for (const builder of builders) queue.add(reader.read(builder.build()));
  };
  const pop = () => queue.pop()?.facts.pod.metadata.name;
  const refuse = (by: ReadonlySet<string> = refusedByFit) => {
    const popped = queue.pop();
    if (popped === undefined) throw new Error('Nothing to refuse');
    queue.returnRefused(popped, by);
  };
  return { clock, queue, add, pop, refuse };
}

test('higher priority comes first, then who came first', () => {
  const { add, pop } = newQueue();
  add(pod().named('a'), pod().named('b').withPriority(5), pod().named('c'), pod().named('d').withPriority(5));
  expect([pop(), pop(), pop(), pop(), pop()]).toEqual(['b', 'd', 'a', 'c', undefined]);
});

test('a Pod that is gone or changed leaves its place or keeps it', () => {
  const { queue, add, pop } = newQueue();
  add(pod().named('a'), pod().named('b'), pod().named('c'));
  queue.delete('pod-a');
  add(pod().named('c').withPriority(1));
  expect([pop(), pop(), pop()]).toEqual(['c', 'b', undefined]);
});

describe('a refused Pod', () => {
  test('waits for an event that may help it', () => {
    const { clock, queue, add, pop, refuse } = newQueue((plugin) => plugin === 'Fit');
    add(pod().named('a'), pod().named('b'));
    refuse();
    refuse(new Set(['Taint']));
    clock.advance(60_000);
    expect(pop()).toBeUndefined();
    queue.onEvent(nodeAdded);
    expect([pop(), pop()]).toEqual(['a', undefined]);
  });

  test('backs off longer with every try, up to ten seconds', () => {
    const { clock, queue, add, pop, refuse } = newQueue();
    add(pod().named('a'));
    for (const delayMs of [1000, 2000, 4000, 8000, 10_000, 10_000]) {
      refuse();
      queue.onEvent(nodeAdded);
      clock.advance(delayMs - 1);
      expect(queue.sizes).toEqual({ active: 0, backingOff: 1, waiting: 0 });
      clock.advance(1);
      expect(queue.sizes.active).toBe(1);
    }
    expect(pop()).toBe('a');
  });

  test('is tried again after five minutes whatever happens', () => {
    const { clock, add, pop, refuse } = newQueue(() => false);
    add(pod().named('a'));
    refuse();
    clock.advance(5 * 60_000 - 1);
    expect(pop()).toBeUndefined();
    clock.advance(1);
    expect(pop()).toBe('a');
  });

  test('is tried again when it asks for something else, not when its status changes', () => {
    const { clock, queue, add, pop, refuse } = newQueue(() => false);
    add(pod().named('a').requesting({ cpu: '9' }));
    refuse();
    clock.advance(2000);
    queue.update(reader.read(pod().named('a').requesting({ cpu: '9' }).inPhase('Pending').build()));
    expect(pop()).toBeUndefined();
    queue.update(reader.read(pod().named('a').requesting({ cpu: '1' }).build()));
    expect(pop()).toBe('a');
  });

  test('for want of any node waits for one to come', () => {
    const { clock, queue, add, pop, refuse } = newQueue(() => false);
    add(pod().named('a'));
    refuse(new Set());
    clock.advance(2000);
    queue.onEvent(nodeAdded);
    expect(pop()).toBe('a');
  });
});

test('a Pod whose bind failed comes again after its back-off, unless it is gone', () => {
  const { clock, queue, add, pop } = newQueue();
  add(pod().named('a'), pod().named('b'));
  const [a, b] = [queue.pop(), queue.pop()];
  if (a === undefined || b === undefined) throw new Error('Both were queued');
  queue.delete('pod-b');
  queue.returnFailed(a);
  queue.returnFailed(b);
  clock.advance(1000);
  expect([pop(), pop()]).toEqual(['a', undefined]);
});

test('whoever waits for a Pod is woken by one', async () => {
  const { queue, add } = newQueue();
  const stop = new AbortController();
  let woken = false;
  const waiting = queue.ready(stop.signal).then(() => (woken = true));
  await Promise.resolve();
  expect(woken).toBe(false);
  add(pod().named('a'));
  await waiting;
  expect(woken).toBe(true);
});
