import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { collectUntil, put, remove, text } from '../../../test/conformance/storage-helpers.ts';
import { EmbeddedStore } from './store.ts';

let path: string;

beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'wheelhouse-embedded-'));
});

afterEach(async () => {
  await rm(path, { recursive: true, force: true });
});

describe('EmbeddedStore', () => {
  test('keeps values, revisions and history over a restart', async () => {
    const before = EmbeddedStore.open({ path });
    const first = await put(before, '/a', 'one');
    await put(before, '/a', 'two');
    const last = await remove(before, '/a');
    await before.close();

    const after = EmbeddedStore.open({ path });
    expect(await after.revision({})).toBe(last);
    expect((await after.list('/', { revision: first })).items.map(text)).toEqual(['one']);
    const batches = await collectUntil(
      after,
      '/',
      { after: first, withPrevious: true },
      (seen) => seen.length > 1,
    );
    expect(batches.flatMap(({ changes }) => changes).map((change) => text(change.previous))).toEqual([
      'one',
      'two',
    ]);
    expect(await put(after, '/b', 'x')).toBe(last + 1);
    await after.close();
  });

  test('a compaction holds over a restart and leaves current values alone', async () => {
    const before = EmbeddedStore.open({ path });
    const first = await put(before, '/a', 'one');
    for (let round = 0; round < 700; round++) await put(before, '/b', String(round));
    const newest = await before.revision({});
    await before.compact(newest, {});
    await before.close();

    const after = EmbeddedStore.open({ path });
    await expect(after.list('/', { revision: first })).rejects.toMatchObject({ reason: 'compacted' });
    expect((await after.list('/', { revision: newest })).items.map(text)).toEqual(['one', '699']);
    await after.close();
  });

  test('refuses a folder that holds something else', async () => {
    expect(() => EmbeddedStore.open({ path: '/dev/null/nowhere' })).toThrow('Cannot open the embedded store');
  });
});
