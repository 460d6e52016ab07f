import { expect, test } from 'vitest';
import { configMap } from '../../test/builders/index.ts';
import { configmaps } from '../api/generated/resources.ts';
import type { KubernetesObject } from '../api/object.ts';
import { seededRandom } from '../machinery/random.ts';
import { SteppedClock } from '../machinery/stepped-clock.ts';
import { Followed } from './followed.ts';
import type { Lookup, ObjectEvent } from './lookup.ts';

test('what is followed is worked out when something changes, not when a watch says how far it has come', async () => {
  const one = configMap().named('one').build();
  const two = configMap().named('two').build();
  const progress = { type: 'BOOKMARK', resourceVersion: '9', initialEventsEnd: false } as const;
  const batches: ObjectEvent<KubernetesObject>[][] = [
    [{ type: 'ADDED', object: one }],
    [{ ...progress, initialEventsEnd: true }],
    [progress],
    [{ type: 'ADDED', object: two }, progress],
    [{ type: 'DELETED', object: one }],
    [progress],
  ];
  const stop = new AbortController();
  const lookup: Pick<Lookup, 'watch'> = {
    async *watch() {
      for (const batch of batches) yield batch as never;
      stop.abort();
    },
  };
  const derived: string[] = [];
  const names = (objects: readonly KubernetesObject[]) => {
    derived.push(objects.map(({ metadata }) => metadata.name).join(' '));
  };
  const options = { lookup: lookup as Lookup, clock: new SteppedClock(), random: seededRandom(1) };
  await new Followed(configmaps, names, options).run(stop.signal);
  expect(derived).toEqual(['', 'one', 'one two', 'two']);
});
