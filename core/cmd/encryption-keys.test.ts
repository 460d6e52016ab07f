import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { addKey, ensureKeys, forgetOldKeys, readKeys } from './encryption-keys.ts';

let directory: string;
beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), 'wheelhouse-keys-')), 'encryption');
});
afterEach(() => rmSync(join(directory, '..'), { recursive: true }));

test('the first key is made once, and nobody else may read it', () => {
  expect(readKeys(directory)).toBeUndefined();
  const { current } = ensureKeys(directory);
  expect(ensureKeys(directory).keys).toEqual([current]);
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  expect(readdirSync(directory)).toEqual(['key-000001']);
  expect(statSync(join(directory, 'key-000001')).mode & 0o777).toBe(0o600);
  expect(readFileSync(join(directory, 'key-000001'), 'latin1').trim()).toBe(current.key.toString('base64'));
});

test('a new key stands before the others, until they are forgotten', () => {
  const first = ensureKeys(directory).current;
  const second = addKey(directory).current;
  const third = addKey(directory).current;
  expect(readKeys(directory)?.keys.map(({ id }) => id)).toEqual([third.id, second.id, first.id]);
  expect(forgetOldKeys(directory)).toBe(2);
  expect(readKeys(directory)?.keys.map(({ id }) => id)).toEqual([third.id]);
  // Its number is not used again: who has seen it knows which key is newer.
  addKey(directory);
  expect(readdirSync(directory)).toEqual(['key-000003', 'key-000004']);
});

test('a file that is no key is not taken for one', () => {
  ensureKeys(directory);
  writeFileSync(join(directory, 'key-000002'), 'too short');
  expect(() => readKeys(directory)).toThrow('it must be 32 bytes in base64');
});

test('a key that is forgotten while it is read is left out', () => {
  const { current } = ensureKeys(directory);
  symlinkSync(join(directory, 'gone'), join(directory, 'key-000002'));
  expect(readKeys(directory)?.keys).toEqual([current]);
});
