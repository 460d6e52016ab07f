import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { put, remove } from '../../../test/conformance/storage-helpers.ts';
import { CacheScene, forever, is, key, next } from '../../../test/environment/watch-cache.ts';
import type { Pod } from '../../../test/environment/watch-cache.ts';
import { InterruptibleStore } from '../../../test/environment/interruptible-store.ts';
import type { CacheBatch } from './watcher.ts';

let scene: CacheScene;
beforeEach(() => {
  scene = new CacheScene();
});
afterEach(() => scene.stop());

describe('any watcher', () => {
  test('that replays what it is told holds what a list with its filter shows, whenever it began', async () => {
    const step = fc.record({
      name: fc.constantFrom('p', 'q', 'r'),
      value: fc.constantFrom('n1/yes', 'n2/yes', 'n1/no', undefined),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.nat(40), async (steps, beginning) => {
        scene.store = new InterruptibleStore();
        const cache = await scene.started();
        const filter = (pod: Pod) => pod.text.endsWith('yes');
        const scopes = [
          {},
          { prefix: '/registry/pods/a/' },
          { filter },
          { filter, index: { name: 'node', value: 'n1' } },
          { key: key('a', 'q') },
          { labels: is('yes') },
          { labels: is('yes'), index: { name: 'node', value: 'n2' } },
        ];
        let held: { replica: Map<string, string>; watch: AsyncIterator<CacheBatch<Pod>> }[] = [];
        for (const [index, { name, value }] of steps.entries()) {
          if (index === beginning % steps.length) {
            held = scopes.map((scope) => ({
              replica: new Map(),
              watch: cache.watch({
                ...scope,
                initialEvents: true,
                progressIntervalMs: 1_000,
                signal: forever,
              }),
            }));
          }
          const at = key('a', name);
          await cache.waitFor(
            value === undefined ? await remove(scene.store, at) : await put(scene.store, at, value),
          );
        }
        for (const [index, { replica, watch }] of held.entries()) {
          scene.clock.advance(1_000);
          for (;;) {
            const batch = await next(watch);
            for (const event of batch.events) {
              expect(event.type === 'added').toBe(!replica.has(event.key));
              if (event.type === 'deleted') replica.delete(event.key);
              else replica.set(event.key, event.object.text);
            }
            if (!batch.initialEventsEnd && batch.revision === cache.revision) break;
            scene.clock.advance(1_000);
          }
          const { items } = await cache.list(scopes[index]);
          const expected = items.filter((item) => index !== 4 || item.key === key('a', 'q'));
          expect(replica).toEqual(new Map(expected.map((item) => [item.key, item.object.text])));
        }
      }),
      { numRuns: 60, seed: 11 },
    );
  });
});
