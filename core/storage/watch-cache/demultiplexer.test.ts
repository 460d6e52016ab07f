import { expect, test } from 'vitest';
import { forever } from '../../../test/environment/watch-cache.ts';
import { SteppedClock } from '../../machinery/stepped-clock.ts';
import type { Revision } from '../storage.ts';
import { Demultiplexer } from './demultiplexer.ts';
import { StateChange } from './event.ts';
import { CacheWatcher } from './watcher.ts';

const prefix = '/registry/pods/';

/** Three watchers, the second of which fails as it is woken. */
function sceneOf(isWhole: boolean) {
  const clock = new SteppedClock();
  const errors: unknown[] = [];
  const demultiplexer = new Demultiplexer<string>(clock, (error) => errors.push(error));
  const cause = new Error('broken');
  let revision: Revision = 0;
  const watchers = [false, true, false].map((isBroken) => {
    const watcher = new CacheWatcher<string>({
      scope: { prefix, key: undefined, posting: undefined, labels: undefined, isWhole },
      matches: undefined,
      backlog: undefined,
      after: 0,
      maxBytes: 1_000,
      clock,
      progressIntervalMs: undefined,
      position() {
        if (isBroken) throw cause;
        return revision;
      },
      onEnd: (ended) => demultiplexer.remove(ended),
    });
    demultiplexer.add(watcher);
    watcher.start(forever);
    return watcher;
  });
  const change = (object: string) => {
    revision++;
    const at = { key: `${prefix}a/p`, modRevision: revision, createRevision: revision };
    const item = { ...at, object, bytes: 1, postings: [], labels: {} };
    demultiplexer.offer(new StateChange(item.key, revision, undefined, item));
    demultiplexer.flush(revision);
  };
  return { demultiplexer, errors, cause, watchers, change };
}

test.for([
  ['in a crowd', true],
  ['with a buffer of its own', false],
] as const)('a watcher %s that cannot be woken ends with why, and the others go on', async ([, isWhole]) => {
  const { demultiplexer, errors, cause, watchers, change } = sceneOf(isWhole);
  const read = () =>
    Promise.allSettled(
      watchers.map(async (watcher) => {
        const result = await watcher.next();
        return result.done === true ? [] : result.value.events.map(({ object }) => object);
      }),
    );
  const failure = expect.objectContaining({
    message: 'Cannot wake a watch of "/registry/pods/": it is ended',
    cause,
  }) as Error;
  for (const object of ['first', 'second']) {
    const reading = read();
    change(object);
    expect(await reading).toEqual([
      { status: 'fulfilled', value: [object] },
      { status: 'rejected', reason: failure },
      { status: 'fulfilled', value: [object] },
    ]);
  }
  expect(errors).toEqual([failure]);
  expect(demultiplexer.size).toBe(2);
});
