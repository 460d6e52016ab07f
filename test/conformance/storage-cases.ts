import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Change, KeyValue, KeyValueStore, Revision, WatchBatch } from '../../core/storage/storage.ts';
import { maxValueBytes } from '../../core/storage/storage.ts';
import { bytes, collectUntil, put, putAll, remove, text } from './storage-helpers.ts';

/** The contract of `core/storage/storage.ts`, one test per promise. `open` gives a store that other cases share. */
export function storageCases(
  name: string,
  open: () => Promise<KeyValueStore>,
  largestBytes = maxValueBytes,
): void {
  describe(`${name} store`, () => {
    let store: KeyValueStore;
    let caseNumber = 0;
    /** Each case has keys of its own. */
    let root: string;
    const nextRoot = () => `/registry/case-${++caseNumber}/`;

    beforeAll(async () => {
      store = await open();
    });
    afterAll(async () => {
      await store.close();
    });
    const at = (key: string) => {
      return `${root}${key}`;
    };
    const scenario = (title: string, body: () => Promise<void>) =>
      test(title, async () => {
        root = nextRoot();
        await body();
      });

    describe('keys and revisions', () => {
      scenario('an absent key is undefined', async () => {
        expect(await store.get(at('nothing'), {})).toBeUndefined();
      });

      scenario('a key remembers when it was created and last changed', async () => {
        const created = await put(store, at('a'), 'one');
        const updated = await put(store, at('a'), 'two');
        expect(updated).toBeGreaterThan(created);
        const entry = await store.get(at('a'), {});
        expect(text(entry)).toBe('two');
        expect(entry).toMatchObject({ key: at('a'), createRevision: created, modRevision: updated });
        expect(await store.revision({})).toBeGreaterThanOrEqual(updated);
      });

      scenario('a key that was deleted and comes back is a new creation', async () => {
        await put(store, at('a'), 'one');
        await remove(store, at('a'));
        expect(await store.get(at('a'), {})).toBeUndefined();
        const again = await put(store, at('a'), 'two');
        expect(await store.get(at('a'), {})).toMatchObject({ createRevision: again, modRevision: again });
      });

      scenario('bytes come back as they were, text in keys too', async () => {
        const value = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
        const key = at('grüße/ключ:1');
        await store.transact([], [{ kind: 'put', key, value }], {});
        expect((await store.get(key, {}))?.value.equals(value)).toBe(true);
        await store.transact([], [{ kind: 'put', key: at('empty'), value: Buffer.alloc(0) }], {});
        expect((await store.get(at('empty'), {}))?.value.length).toBe(0);
      });

      scenario(
        'the largest value is accepted and one byte more is refused with nothing written',
        async () => {
          const largest = Buffer.alloc(largestBytes, 7);
          await store.transact([], [{ kind: 'put', key: at('big'), value: largest }], {});
          expect((await store.get(at('big'), {}))?.value.equals(largest)).toBe(true);
          const beyond = Buffer.alloc(largestBytes + 1);
          await expect(
            store.transact([], [{ kind: 'put', key: at('beyond'), value: beyond }], {}),
          ).rejects.toMatchObject({ reason: 'too-large' });
          expect(await store.get(at('beyond'), {})).toBeUndefined();
          await put(store, at('after'), 'the store is not offended');
        },
      );
    });

    describe('transactions', () => {
      scenario('create-if-absent succeeds once', async () => {
        const write = { kind: 'put', key: at('a'), value: bytes('x') } as const;
        const absent = [{ key: at('a'), modRevision: 0 }];
        const first = await store.transact(absent, [write], {});
        expect(first.committed).toBe(true);
        const second = await store.transact(absent, [write], {});
        expect(second).toMatchObject({ committed: false, current: [{ modRevision: first.revision }] });
      });

      scenario('a stale update changes nothing and says what is there', async () => {
        const created = await put(store, at('a'), 'one');
        const updated = await put(store, at('a'), 'two');
        const outcome = await store.transact(
          [
            { key: at('a'), modRevision: created },
            { key: at('b'), modRevision: 0 },
          ],
          [
            { kind: 'put', key: at('a'), value: bytes('mine') },
            { kind: 'put', key: at('b'), value: bytes('mine') },
          ],
          {},
        );
        expect(outcome.committed).toBe(false);
        if (outcome.committed) return;
        expect(outcome.current.map((entry) => entry?.modRevision)).toEqual([updated, undefined]);
        expect(text(outcome.current[0])).toBe('two');
        expect(await store.get(at('b'), {})).toBeUndefined();
      });

      scenario('all keys of a transaction are there at its revision, and none before', async () => {
        await put(store, at('gone'), 'x');
        const before = await store.revision({});
        const outcome = await store.transact(
          [],
          [
            { kind: 'put', key: at('a'), value: bytes('1') },
            { kind: 'put', key: at('b'), value: bytes('2') },
            { kind: 'delete', key: at('gone') },
          ],
          {},
        );
        expect((await store.list(root, { revision: outcome.revision })).items.map(({ key }) => key)).toEqual([
          at('a'),
          at('b'),
        ]);
        expect((await store.list(root, { revision: before })).items.map(({ key }) => key)).toEqual([
          at('gone'),
        ]);
      });

      scenario('writes at the same time have revisions of their own', async () => {
        const before = await store.revision({});
        const keys = Array.from({ length: 300 }, (_, index) => at(`k${100 + index}`));
        const outcomes = await Promise.all(
          keys.map((key) =>
            store.transact([{ key, modRevision: 0 }], [{ kind: 'put', key, value: bytes(key) }], {}),
          ),
        );
        const told = outcomes.map(({ revision }) => revision);
        expect(new Set(told).size).toBe(300);
        const { items } = await store.list(root, {});
        expect(items.map(({ modRevision }) => modRevision)).toEqual(told);
        // Whoever saw only some of them goes on with the others.
        const inOrder = told.toSorted((a, b) => a - b);
        for (const seen of [0, 1, 150, 298]) {
          const rest = inOrder.slice(seen + 1);
          const batches = await watchUntil(root, inOrder[seen]!, (changes) => changes.length >= rest.length);
          expect(batches.flatMap((batch) => batch.changes).map(revisionOf)).toEqual(rest);
        }
        const all = await watchUntil(root, before, (changes) => changes.length >= 300, true);
        expect(all.flatMap((batch) => batch.changes).map(revisionOf)).toEqual(inOrder);
      });

      scenario('120 keys with a condition each commit at once', async () => {
        const keys = Array.from({ length: 120 }, (_, index) => at(`k${1000 + index}`));
        const outcome = await store.transact(
          keys.map((key) => ({ key, modRevision: 0 })),
          keys.map((key) => ({ kind: 'put', key, value: Buffer.alloc(3_000, 1) })),
          {},
        );
        expect(outcome.committed).toBe(true);
        const { items } = await store.list(root, { revision: outcome.revision });
        expect(items.length).toBe(120);
      });

      scenario('a transaction that changes nothing takes no revision', async () => {
        await put(store, at('a'), 'x');
        const before = await store.revision({});
        const outcome = await store.transact([], [{ kind: 'delete', key: at('nothing') }], {});
        expect(outcome.committed).toBe(true);
        expect(await store.revision({})).toBe(before);
      });

      scenario('a key written twice and too many keys are refused', async () => {
        const write = { kind: 'delete', key: at('a') } as const;
        await expect(store.transact([], [write, write], {})).rejects.toThrow(TypeError);
        const many = Array.from(
          { length: 129 },
          (_, index) => ({ kind: 'delete', key: at(`${index}`) }) as const,
        );
        await expect(store.transact([], many, {})).rejects.toMatchObject({ reason: 'too-large' });
      });

      scenario('of many writers that increment one counter none is lost', async () => {
        await put(store, at('counter'), '0');
        const increment = async () => {
          for (;;) {
            const entry = await store.get(at('counter'), {});
            const value = bytes(String(Number(text(entry)) + 1));
            const condition = { key: at('counter'), modRevision: entry!.modRevision };
            const outcome = await store.transact(
              [condition],
              [{ kind: 'put', key: at('counter'), value }],
              {},
            );
            if (outcome.committed) return outcome.revision;
          }
        };
        const writers = Array.from({ length: 12 }, async () => {
          const revisions: Revision[] = [];
          for (let round = 0; round < 5; round++) revisions.push(await increment());
          return revisions;
        });
        const revisions = (await Promise.all(writers)).flat();
        expect(text(await store.get(at('counter'), {}))).toBe('60');
        expect(new Set(revisions).size).toBe(60);
      });

      scenario('a read that begins after a write was acknowledged sees it', async () => {
        for (let round = 0; round < 20; round++) {
          const revision = await put(store, at('a'), String(round));
          const [entry, page, newest] = await Promise.all([
            store.get(at('a'), {}),
            store.list(root, {}),
            store.revision({}),
          ]);
          expect(text(entry)).toBe(String(round));
          expect(page.items[0]?.modRevision).toBe(revision);
          expect(page.revision).toBeGreaterThanOrEqual(revision);
          expect(newest).toBeGreaterThanOrEqual(revision);
        }
      });
    });

    describe('lists', () => {
      scenario('are in key order and stay within the prefix', async () => {
        await putAll(store, [at('b/2'), at('a/1'), at('b/1'), at('b'), at('bb/1')]);
        const page = await store.list(at('b/'), {});
        expect(page.items.map(({ key }) => key)).toEqual([at('b/1'), at('b/2')]);
        expect(page.remaining).toBe(0);
        expect((await store.list(at('none/'), {})).items).toEqual([]);
      });

      scenario('page at one revision while keys come, change and go', async () => {
        const keys = Array.from({ length: 10 }, (_, index) => at(`k${index}`));
        await putAll(store, keys);
        const first = await store.list(root, { limit: 4 });
        const { revision } = first;
        expect(first.remaining).toBe(6);
        await put(store, at('k5'), 'changed');
        await put(store, at('k55'), 'new');
        await remove(store, at('k6'));
        const second = await store.list(root, { limit: 4, startAfter: at('k3'), revision });
        expect(second).toMatchObject({ revision, remaining: 2 });
        expect(second.items.map(({ key }) => key)).toEqual([at('k4'), at('k5'), at('k6'), at('k7')]);
        expect(second.items.map(({ modRevision }) => modRevision).every((mod) => mod <= revision)).toBe(true);
        const third = await store.list(root, { limit: 4, startAfter: at('k7'), revision });
        expect(third.items.map(({ key }) => key)).toEqual([at('k8'), at('k9')]);
        expect(third.remaining).toBe(0);
      });

      scenario('of 2,500 entries come whole without a limit', async () => {
        const keys = Array.from({ length: 2_500 }, (_, index) => at(`k${10_000 + index}`));
        for (let index = 0; index < keys.length; index += 100)
          await putAll(store, keys.slice(index, index + 100));
        const page = await store.list(root, {});
        expect(page.items.map(({ key }) => key)).toEqual(keys);
        expect(page.remaining).toBe(0);
      });

      scenario('at a revision that is not reached throw "future"', async () => {
        const revision = await put(store, at('a'), 'x');
        await expect(store.list(root, { revision: revision + 1_000_000 })).rejects.toMatchObject({
          reason: 'future',
        });
      });
    });

    describe('watches', () => {
      scenario(
        'deliver every later change once and in order, and nothing from outside the prefix',
        async () => {
          const before = await put(store, at('in/a'), '0');
          const watching = watchUntil(at('in/'), before, (changes) => changes.length >= 4);
          const expected = [
            await put(store, at('in/a'), '1'),
            await put(store, at('in/b'), '2'),
            (await put(store, at('out/a'), '3'), await remove(store, at('in/a'))),
            await put(store, at('in/a'), '4'),
          ];
          const changes = (await watching).flatMap((batch) => batch.changes);
          expect(changes.map(revisionOf)).toEqual(expected);
          expect(changes.map((change) => change.kind)).toEqual(['put', 'put', 'delete', 'put']);
          expect(changes.map((change) => text(entryOf(change)))).toEqual(['1', '2', undefined, '4']);
        },
      );

      scenario('resume from any revision in the past', async () => {
        const revisions: Revision[] = [];
        for (let index = 0; index < 8; index++) revisions.push(await put(store, at('a'), String(index)));
        for (const from of [0, 3, 6]) {
          const rest = revisions.slice(from + 1);
          const batches = await watchUntil(root, revisions[from]!, (seen) => seen.length >= rest.length);
          expect(batches.flatMap((batch) => batch.changes).map(revisionOf)).toEqual(rest);
        }
      });

      scenario('never tear a revision into two batches', async () => {
        const start = await store.revision({});
        const keys = Array.from({ length: 60 }, (_, index) => at(`k${100 + index}`));
        const watching = watchUntil(root, start, (changes) => changes.length >= 300);
        for (let round = 0; round < 5; round++) await putAll(store, keys);
        const batches = await watching;
        const all = batches.flatMap((batch) => batch.changes).map(revisionOf);
        expect(all).toEqual(all.toSorted((a, b) => a - b));
        for (const revision of new Set(all)) {
          const holding = batches.filter((batch) =>
            batch.changes.some((change) => revisionOf(change) === revision),
          );
          expect(holding.length).toBe(1);
        }
        for (const batch of batches) {
          const last = batch.changes.at(-1);
          if (last !== undefined) expect(batch.revision).toBeGreaterThanOrEqual(revisionOf(last));
        }
      });

      scenario('give previous values to those who ask and to nobody else', async () => {
        const before = await put(store, at('a'), 'one');
        await put(store, at('a'), 'two');
        await remove(store, at('a'));
        await put(store, at('a'), 'three');
        const three = (changes: readonly Change[]) => changes.length >= 3;
        const asked = (await watchUntil(root, before, three, true)).flatMap((batch) => batch.changes);
        expect(asked.map((change) => text(change.previous))).toEqual(['one', 'two', undefined]);
        const unasked = (await watchUntil(root, before, three)).flatMap((batch) => batch.changes);
        expect(unasked.map((change) => change.previous)).toEqual([undefined, undefined, undefined]);
      });

      scenario('report progress past changes of other prefixes', async () => {
        const before = await put(store, at('mine/a'), 'x');
        const controller = new AbortController();
        const reached = (async () => {
          for await (const batch of store.watch(at('mine/'), { after: before, signal: controller.signal })) {
            expect(batch.changes).toEqual([]);
            if (batch.revision > before) return batch.revision;
          }
          return 0;
        })();
        const other = await put(store, at('other/a'), 'x');
        // Unasked they tell, too, but as late as suits the store.
        store.requestProgress(at('mine/'), other);
        expect(await reached).toBeGreaterThanOrEqual(other);
        controller.abort();
      });

      scenario('many at once all see the same history', async () => {
        const start = await store.revision({});
        const watching = Array.from({ length: 20 }, () =>
          watchUntil(root, start, (seen) => seen.length >= 50),
        );
        const writers = Array.from({ length: 5 }, async (_, writer) => {
          for (let round = 0; round < 10; round++) await put(store, at(`w${writer}`), String(round));
        });
        await Promise.all(writers);
        const histories = (await Promise.all(watching)).map((batches) =>
          batches
            .flatMap((batch) => batch.changes)
            .map((change) => `${revisionOf(change)} ${text(entryOf(change))}`),
        );
        for (const history of histories) expect(history).toEqual(histories[0]);
        expect(histories[0]!.length).toBe(50);
      });

      scenario('end normally when the signal aborts, before or while waiting', async () => {
        const after = await store.revision({});
        expect(await drain(root, after, AbortSignal.abort())).toBe('ended');
        const controller = new AbortController();
        const waiting = drain(root, after, controller.signal);
        await put(store, `${root}x`, 'x');
        controller.abort();
        expect(await waiting).toBe('ended');
      });
    });

    describe('compaction', () => {
      scenario('forgets what is before it and nothing else', async () => {
        const old = await put(store, at('a'), 'old');
        await put(store, at('a'), 'middle');
        const middle = await store.revision({});
        const newest = await put(store, at('b'), 'new');
        await store.compact(middle, {});
        await expect(store.list(root, { revision: old })).rejects.toMatchObject({ reason: 'compacted' });
        const kept = await store.list(root, { revision: middle });
        expect(kept.items.map(text)).toEqual(['middle']);
        await expect(drain(root, old, new AbortController().signal)).rejects.toMatchObject({
          reason: 'compacted',
        });
        const batches = await watchUntil(root, middle, (changes) => changes.length >= 1);
        expect(batches.flatMap((batch) => batch.changes).map(revisionOf)).toEqual([newest]);
        await store.compact(middle, {});
        await store.compact(old, {});
        await expect(store.compact(newest + 1_000_000, {})).rejects.toMatchObject({ reason: 'future' });
      });

      scenario('at a deletion keeps the deletion out of reach rather than losing it silently', async () => {
        const before = await put(store, at('a'), 'x');
        await remove(store, at('a'));
        const deleted = await store.revision({});
        await put(store, at('b'), 'x');
        await store.compact(deleted, {});
        await expect(drain(root, before, new AbortController().signal)).rejects.toMatchObject({
          reason: 'compacted',
        });
      });
    });

    describe('calls', () => {
      scenario('with an aborted signal are rejected with its reason and do nothing', async () => {
        const signal = AbortSignal.abort(new Error('no longer wanted'));
        await expect(store.get(at('a'), { signal })).rejects.toThrow('no longer wanted');
        await expect(store.list(root, { signal })).rejects.toThrow('no longer wanted');
        const write = { kind: 'put', key: at('a'), value: bytes('x') } as const;
        await expect(store.transact([], [write], { signal })).rejects.toThrow('no longer wanted');
        expect(await store.get(at('a'), {})).toBeUndefined();
      });

      scenario('report health', async () => {
        await expect(store.health({})).resolves.toBeUndefined();
      });

      test('after close() throw "closed", and so do watches that still run', async () => {
        const closing = await open();
        const after = await closing.revision({});
        const watching = closing.watch('/registry/', { after, signal: new AbortController().signal });
        const next = watching[Symbol.asyncIterator]().next();
        await closing.close();
        await expect(next).rejects.toMatchObject({ reason: 'closed' });
        await expect(closing.get('/registry/a', {})).rejects.toMatchObject({ reason: 'closed' });
        await expect(closing.transact([], [], {})).rejects.toMatchObject({ reason: 'closed' });
        await closing.close();
      });
    });

    function watchUntil(
      prefix: string,
      after: Revision,
      enough: (changes: readonly Change[]) => boolean,
      withPrevious = false,
    ): Promise<WatchBatch[]> {
      return collectUntil(store, prefix, { after, withPrevious }, enough);
    }

    async function drain(prefix: string, after: Revision, signal: AbortSignal): Promise<'ended'> {
      for await (const batch of store.watch(prefix, { after, signal })) void batch;
      return 'ended';
    }
  });
}

function revisionOf(change: Change): Revision {
  return change.kind === 'put' ? change.entry.modRevision : change.revision;
}

function entryOf(change: Change): KeyValue | undefined {
  return change.kind === 'put' ? change.entry : undefined;
}
