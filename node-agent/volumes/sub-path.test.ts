import { mkdir, mkdtemp, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openInside } from './sub-path.ts';

let root: string;
let volume: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'sub-path-'));
  volume = join(root, 'volume');
  await mkdir(join(volume, 'data/deep'), { recursive: true });
  await writeFile(join(volume, 'data/file'), 'inside');
  await writeFile(join(root, 'secret'), 'outside');
});

afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

async function opened(subPath: string): Promise<string> {
  const handle = await openInside(volume, subPath);
  try {
    return (await readlink(`/proc/self/fd/${handle.fd}`)).slice(root.length);
  } finally {
    await handle.close();
  }
}

test('opens directories and files of the volume', async () => {
  expect(await opened('data/deep')).toBe('/volume/data/deep');
  expect(await opened('data/file')).toBe('/volume/data/file');
  expect(await opened('./data//deep/')).toBe('/volume/data/deep');
});

test('makes what is missing', async () => {
  expect(await opened('data/new/deeper')).toBe('/volume/data/new/deeper');
});

test('follows links that stay inside', async () => {
  await symlink('data/file', join(volume, 'link'));
  await symlink(join(volume, 'data'), join(volume, 'absolute'));
  expect(await opened('link')).toBe('/volume/data/file');
  expect(await opened('absolute/deep')).toBe('/volume/data/deep');
});

test.each([
  ['a step up', '../secret'],
  ['a hidden step up', 'data/../../secret'],
  ['an absolute path', '/etc'],
])('refuses %s', async (_, subPath) => {
  await expect(openInside(volume, subPath)).rejects.toThrow('leads out of its volume');
});

test.each([
  ['a link to a file outside', '../secret'],
  ['a link to a directory outside', '..'],
  ['an absolute link outside', '/etc'],
])('refuses %s', async (_, destination) => {
  await symlink(destination, join(volume, 'link'));
  await expect(openInside(volume, 'link')).rejects.toThrow('leads out of its volume');
  await expect(openInside(volume, 'link/below')).rejects.toThrow('leads out of its volume');
});

test('a link that leads nowhere makes nothing outside', async () => {
  await symlink('../made', join(volume, 'dangling'));
  await expect(openInside(volume, 'dangling')).rejects.toThrow();
  await expect(openInside(volume, 'dangling/x')).rejects.toThrow();
});
