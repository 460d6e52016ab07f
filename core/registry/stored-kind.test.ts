import { expect, test, vi } from 'vitest';
import { createScheme } from '../api/kinds/scheme.ts';
import { SteppedClock } from '../machinery/stepped-clock.ts';
import { MemoryStore } from '../storage/memory/store.ts';
import { StoredKind } from './stored-kind.ts';

/** Everything there is of Secrets, read once. */
async function secretsIn(store: MemoryStore, signal: AbortSignal) {
  const declaration = createScheme().byResource('', 'v1', 'secrets');
  if (declaration === undefined) throw new Error('There are no Secrets');
  const kind = new StoredKind({
    declaration,
    strategy: {},
    store,
    clock: new SteppedClock(),
    soleWriter: true,
  });
  const running = kind.cache.run(signal);
  await kind.loaded();
  return { kind, running };
}

async function putBroken(store: MemoryStore, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const key = `/registry/core/secrets/default/${name}`;
    await store.transact([], [{ kind: 'put', key, value: Buffer.from('broken') }], {});
  }
}

test('of very many objects that cannot be read, no more are read again than are named', async () => {
  const store = new MemoryStore();
  await putBroken(
    store,
    Array.from({ length: 300 }, (_, index) => `secret-${index}`),
  );
  const stop = new AbortController();
  const { kind, running } = await secretsIn(store, stop.signal);
  const get = vi.spyOn(store, 'get');
  const error: unknown = await kind.checkReadable('default').catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ reason: 'StorageReadError' });
  const { causes } = (error as { status: { details?: { causes?: object[] } } }).status.details ?? {};
  expect(causes?.length).toBe(101);
  expect(causes?.at(-1)).toMatchObject({ reason: 'TooMany' });
  expect(get).toHaveBeenCalledTimes(101);
  stop.abort();
  await running;
});
