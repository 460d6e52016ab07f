import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { tarArchive } from './tar.ts';

test('files, folders and links come out of tar as they went in', () => {
  const content = Buffer.from('x'.repeat(513));
  const archive = tarArchive([
    { kind: 'directory', path: 'bin', mode: 0o755 },
    { kind: 'file', path: 'bin/program', mode: 0o750, content },
    { kind: 'symlink', path: 'bin/link', target: 'program' },
  ]);
  expect(archive.length % 512).toBe(0);
  const list = execFileSync('tar', ['-tvf', '-', '--numeric-owner'], {
    input: archive,
    encoding: 'utf8',
    env: { TZ: 'UTC' },
  });
  expect(list.split('\n').map((line) => line.replaceAll(/ +/g, ' '))).toEqual([
    'drwxr-xr-x 0/0 0 1970-01-01 00:00 bin',
    '-rwxr-x--- 0/0 513 1970-01-01 00:00 bin/program',
    'lrwxrwxrwx 0/0 0 1970-01-01 00:00 bin/link -> program',
    '',
  ]);
  expect(execFileSync('tar', ['-xOf', '-', 'bin/program'], { input: archive }).equals(content)).toBe(true);
});

test('the same entries always give the same bytes', () => {
  const entries = [{ kind: 'file', path: 'a', mode: 0o644, content: Buffer.from('a') }] as const;
  expect(tarArchive(entries).equals(tarArchive(entries))).toBe(true);
});

test('a path that the format has no room for is refused by name', () => {
  const path = 'p'.repeat(101);
  expect(() => tarArchive([{ kind: 'directory', path, mode: 0o755 }])).toThrow(`"${path}"`);
});
