import { EmbeddedStore } from '../../core/storage/embedded/store.ts';

/**
 * Run as a process by the crash test: writes pairs of keys in one transaction each, several transactions at a time,
 * and prints the number of each that was acknowledged.
 */
const [folder = '', first = '0'] = process.argv.slice(2);
const store = EmbeddedStore.open({ path: folder });

async function writeFrom(start: number, step: number): Promise<void> {
  for (let number = start; ; number += step) {
    const value = Buffer.from(`${number}`.padEnd(2_000, '.'));
    const writes = ['left', 'right'].map(
      (side) => ({ kind: 'put', key: `/registry/${side}/${start % step}`, value }) as const,
    );
    await store.transact([], writes, {});
    process.stdout.write(`${number}\n`);
  }
}

const writers = 4;
await Promise.all(Array.from({ length: writers }, (_, index) => writeFrom(Number(first) + index, writers)));
