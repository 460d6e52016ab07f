import { describe, expect, test } from 'vitest';
import { MemoryStore } from '../memory/store.ts';
import type { KeyValueStore } from '../storage.ts';
import { encryptedStore } from './encrypted-store.ts';
import { keyIdOf } from './envelope.ts';
import { KeyRing, newKey } from './key-ring.ts';
import { rewriteStale } from './rewrite.ts';

const prefixes = ['/s/'];
const never = new AbortController().signal;

function put(store: KeyValueStore, key: string, value: string) {
  return store.transact([], [{ kind: 'put', key, value: Buffer.from(value) }], {});
}

async function keyIds(store: KeyValueStore): Promise<ReadonlySet<string | undefined>> {
  const { items } = await store.list('/s/', {});
  return new Set(items.map(({ value }) => keyIdOf(value)));
}

describe('after a rotation', () => {
  test('everything is encrypted under the new key, what was plain before too, and nothing else is touched', async () => {
    const inner = new MemoryStore();
    const old = new KeyRing([newKey()]);
    await put(inner, '/s/plain', 'p');
    await put(inner, '/t/other', 'o');
    await put(encryptedStore({ store: inner, ring: () => old, prefixes }), '/s/sealed', 's');
    const ring = old.rotated();
    expect(await rewriteStale({ store: inner, ring, prefixes }, never)).toEqual({
      rewritten: 2,
      unreadable: [],
    });
    expect(await keyIds(inner)).toEqual(new Set([ring.current.id]));
    const store = encryptedStore({ store: inner, ring: () => ring, prefixes });
    const { items } = await store.list('/', {});
    expect(items.map(({ key, value }) => [key, value.toString()])).toEqual([
      ['/s/plain', 'p'],
      ['/s/sealed', 's'],
      ['/t/other', 'o'],
    ]);
    expect((await inner.get('/t/other', {}))?.value.toString()).toBe('o');
    // Nothing is left to do: no revision is taken.
    const before = await inner.revision({});
    expect(await rewriteStale({ store: inner, ring, prefixes }, never)).toMatchObject({ rewritten: 0 });
    expect(await inner.revision({})).toBe(before);
  });

  test('whoever dies in the middle is followed by somebody who finishes', async () => {
    const inner = new MemoryStore();
    const old = new KeyRing([newKey()]);
    const store = encryptedStore({ store: inner, ring: () => old, prefixes });
    for (let i = 0; i < 450; i++) await put(store, `/s/${i}`, `value ${i}`);
    const ring = old.rotated();
    let left = 123;
    const dying: KeyValueStore = Object.create(inner, {
      transact: {
        value: (...args: Parameters<KeyValueStore['transact']>) =>
          left-- > 0 ? inner.transact(...args) : Promise.reject(new Error('killed')),
      },
      list: { value: inner.list.bind(inner) },
    }) as KeyValueStore;
    await expect(rewriteStale({ store: dying, ring, prefixes }, never)).rejects.toThrow('killed');
    expect((await keyIds(inner)).size).toBe(2);
    const { rewritten } = await rewriteStale({ store: inner, ring, prefixes }, never);
    expect(rewritten).toBe(450 - 123);
    expect(await keyIds(inner)).toEqual(new Set([ring.current.id]));
    const { items } = await encryptedStore({ store: inner, ring: () => ring, prefixes }).list('/s/', {});
    expect(items.every(({ key, value }) => value.toString() === `value ${key.slice(3)}`)).toBe(true);
  });

  test('a value that somebody changes meanwhile keeps the change', async () => {
    const inner = new MemoryStore();
    const old = new KeyRing([newKey()]);
    await put(encryptedStore({ store: inner, ring: () => old, prefixes }), '/s/a', 'first');
    const ring = old.rotated();
    let raced = false;
    const racing: KeyValueStore = Object.create(inner, {
      transact: {
        value: async (...args: Parameters<KeyValueStore['transact']>) => {
          if (!raced)
            await put(encryptedStore({ store: inner, ring: () => old, prefixes }), '/s/a', 'second');
          raced = true;
          return inner.transact(...args);
        },
      },
      list: { value: inner.list.bind(inner) },
    }) as KeyValueStore;
    await rewriteStale({ store: racing, ring, prefixes }, never);
    const store = encryptedStore({ store: inner, ring: () => ring, prefixes });
    expect((await store.get('/s/a', {}))?.value.toString()).toBe('second');
    expect(await keyIds(inner)).toEqual(new Set([ring.current.id]));
  });

  test('what cannot be decrypted is named and stays as it is', async () => {
    const inner = new MemoryStore();
    const lost = new KeyRing([newKey()]);
    await put(encryptedStore({ store: inner, ring: () => lost, prefixes }), '/s/lost', 'x');
    const ring = new KeyRing([newKey()]);
    expect(await rewriteStale({ store: inner, ring, prefixes }, never)).toEqual({
      rewritten: 0,
      unreadable: ['/s/lost'],
    });
    expect(await keyIds(inner)).toEqual(new Set([lost.current.id]));
  });
});

test('a key that another core made a moment ago is looked for once', async () => {
  const inner = new MemoryStore();
  const mine = new KeyRing([newKey()]);
  const theirs = mine.rotated();
  await put(encryptedStore({ store: inner, ring: () => theirs, prefixes }), '/s/a', 'x');
  await put(encryptedStore({ store: inner, ring: () => new KeyRing([newKey()]), prefixes }), '/s/b', 'x');
  let ring = mine;
  let reloads = 0;
  const reload = () => {
    reloads++;
    return (ring = theirs);
  };
  const store = encryptedStore({ store: inner, ring: () => ring, reload, prefixes });
  expect((await store.get('/s/a', {}))?.value.toString()).toBe('x');
  for (let i = 0; i < 3; i++) expect((await store.get('/s/b', {}))?.unreadable).toBeInstanceOf(Error);
  expect(reloads).toBe(2);
});
