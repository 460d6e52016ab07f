import { mkdtemp, readdir, readFile, readlink, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkPath, writeAtomically, type Payload } from './atomic-writer.ts';

let target: string;

beforeEach(async () => {
  target = await mkdtemp(join(tmpdir(), 'atomic-writer-'));
});

afterEach(async () => {
  await rm(target, { recursive: true, force: true });
});

const payload = (files: Readonly<Record<string, string>>, mode = 0o644): Payload =>
  new Map(Object.entries(files).map(([path, text]) => [path, { data: Buffer.from(text), mode }]));

const write = (files: Readonly<Record<string, string>>, mode?: number) =>
  writeAtomically(target, payload(files, mode), { nowMs: Date.UTC(2030, 0, 1), groupId: undefined });

const visible = async () => (await readdir(target)).filter((name) => !name.startsWith('..')).sort();
const generations = async () => (await readdir(target)).filter((name) => name.startsWith('..2'));

describe('writeAtomically', () => {
  test('shows files through one link', async () => {
    await write({ color: 'blue', 'etc/app.conf': 'x=1' });
    expect(await visible()).toEqual(['color', 'etc']);
    expect(await readFile(join(target, 'etc/app.conf'), 'utf8')).toBe('x=1');
    expect(await readlink(join(target, 'color'))).toBe('..data/color');
    expect(await readlink(join(target, '..data'))).toMatch(/^\.\.2030_01_01_00_00_00\.\d+$/);
  });

  test('replaces all files together and removes what is gone', async () => {
    await write({ a: '1', b: '1' });
    const before = await readlink(join(target, '..data'));
    expect(await write({ a: '2', c: '2' })).toBe('written');
    expect(await visible()).toEqual(['a', 'c']);
    expect(await readFile(join(target, 'a'), 'utf8')).toBe('2');
    expect(await readlink(join(target, '..data'))).not.toBe(before);
    expect(await generations()).toHaveLength(1);
  });

  test('leaves the same content alone', async () => {
    await write({ a: '1' });
    const before = await readlink(join(target, '..data'));
    expect(await write({ a: '1' })).toBe('unchanged');
    expect(await readlink(join(target, '..data'))).toBe(before);
  });

  test('gives files their mode, whatever the umask, and follows a changed one', async () => {
    await write({ a: '1' }, 0o400);
    expect((await stat(join(target, 'a'))).mode & 0o777).toBe(0o400);
    expect(await write({ a: '1' }, 0o666)).toBe('written');
    expect((await stat(join(target, 'a'))).mode & 0o777).toBe(0o666);
  });

  test('repairs links that an interrupted write left out', async () => {
    await write({ a: '1' });
    await rm(join(target, 'a'));
    await write({ a: '1' });
    expect(await visible()).toEqual(['a']);
  });

  test('may become empty', async () => {
    await write({ a: '1' });
    await write({});
    expect(await visible()).toEqual([]);
  });
});

test.each(['', '/etc/passwd', '../x', 'a/../../x', '..data', 'x'.repeat(5000)])(
  'refuses the path %j',
  (path) => {
    expect(() => checkPath(path)).toThrow('invalid path');
  },
);
