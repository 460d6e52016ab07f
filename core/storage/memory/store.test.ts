import { describe, expect, test } from 'vitest';
import { put } from '../../../test/conformance/storage-helpers.ts';
import { MemoryStore } from './store.ts';

describe('MemoryStore', () => {
  test('compacts its oldest revisions beyond its bounds in number and bytes', async () => {
    const byNumber = new MemoryStore({ maxHistoryRevisions: 10 });
    const byBytes = new MemoryStore({ maxHistoryBytes: 5_000 });
    for (const store of [byNumber, byBytes]) {
      const first = await put(store, '/a', 'x'.repeat(1_000));
      for (let round = 0; round < 20; round++) await put(store, '/a', 'x'.repeat(1_000));
      await expect(store.list('/', { revision: first })).rejects.toMatchObject({ reason: 'compacted' });
      const newest = await store.revision({});
      await expect(store.list('/', { revision: newest })).resolves.toMatchObject({ revision: newest });
      await expect(store.list('/', { revision: newest - 2 })).resolves.toMatchObject({ remaining: 0 });
    }
  });

  test('a watch that falls out of the kept history throws "compacted" instead of skipping', async () => {
    const store = new MemoryStore({ maxHistoryRevisions: 10 });
    const after = await put(store, '/a', '0');
    await put(store, '/a', '1');
    const watching = store.watch('/', { after, signal: new AbortController().signal });
    expect((await watching.next()).value).toMatchObject({ changes: [{ kind: 'put' }] });
    for (let round = 0; round < 30; round++) await put(store, '/a', 'x');
    await expect(watching.next()).rejects.toMatchObject({ reason: 'compacted' });
  });
});
