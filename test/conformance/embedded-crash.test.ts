import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EmbeddedStore } from '../../core/storage/embedded/store.ts';
import { collectUntil, text } from './storage-helpers.ts';

const root = resolve(import.meta.dirname, '../..');
const program = join(root, '.build/test/embedded-writer.mjs');
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wheelhouse-crash-'));
  await build({
    entryPoints: [join(import.meta.dirname, 'embedded-writer.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    packages: 'external',
  });
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('the embedded store', () => {
  test('loses no acknowledged write and tears no transaction when its process is killed while writing', async () => {
    let acknowledged = -1;
    for (const kills of [40, 90, 150]) {
      // Numbers go up in fours, one per writer; start a whole round later so that none repeats.
      const first = Math.ceil((acknowledged + 1) / 4) * 4 + 400;
      acknowledged = await writeUntilKilled(first, kills);
      const store = EmbeddedStore.open({ path: folder });
      const newest = await store.revision({});
      const { items } = await store.list('/registry/', {});
      const number = (key: string) => Number.parseInt(text(items.find((item) => item.key === key))!, 10);
      for (let writer = 0; writer < 4; writer++) {
        const [left, right] = [number(`/registry/left/${writer}`), number(`/registry/right/${writer}`)];
        expect(left).toBe(right);
        expect(left).toBeGreaterThanOrEqual(acknowledgedBy(writer));
      }
      const batches = await collectUntil(store, '/registry/', { after: 1 }, (changes) => {
        const last = changes.at(-1);
        return last?.kind === 'put' && last.entry.modRevision === newest;
      });
      const revisions = batches.flatMap((batch) =>
        batch.changes.map((change) => (change.kind === 'put' ? change.entry.modRevision : 0)),
      );
      // Every revision since the beginning, two keys each, no gap and no repetition.
      expect(revisions).toEqual(Array.from({ length: (newest - 1) * 2 }, (_, index) => 2 + (index >> 1)));
      await store.close();
    }
  });
});

/** The last number that each writer of the last run was told. */
const lastOf = new Map<number, number>();

function acknowledgedBy(writer: number): number {
  return lastOf.get(writer) ?? -1;
}

/** Runs the writer and kills it after so many acknowledgements. Returns the highest number acknowledged. */
async function writeUntilKilled(first: number, acknowledgements: number): Promise<number> {
  lastOf.clear();
  const child = spawn(process.execPath, [program, folder, String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  let highest = -1;
  let seen = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    const number = Number(line);
    highest = Math.max(highest, number);
    lastOf.set(number % 4, number);
    if (++seen === acknowledgements) child.kill('SIGKILL');
  }
  await exited;
  return highest;
}
