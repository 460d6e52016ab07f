import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RotatingFile } from './rotating-file.ts';
import { SteppedClock } from './stepped-clock.ts';

let directory: string;
let path: string;
const clock = new SteppedClock(Date.UTC(2030, 0, 2, 3, 4, 5, 678));

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rotating-file-'));
  path = join(directory, 'logs', 'audit.log');
});
afterEach(() => rmSync(directory, { recursive: true }));

const opened = (more: Partial<ConstructorParameters<typeof RotatingFile>[0]> = {}) =>
  new RotatingFile({ path, maxBytes: 20, maxBackups: 2, maxAgeMs: 0, clock, ...more });
const line = (text: string) => Buffer.from(`${text}\n`);

describe('a rotating file', () => {
  test('is for its owner alone, and goes on where it ended', async () => {
    for (const text of ['one', 'two']) {
      const file = opened();
      await file.append(line(text));
      await file.close();
    }
    expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n');
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test('is set aside before it grows too large, and the newest are kept', async () => {
    const file = opened();
    for (let index = 0; index < 8; index++) {
      await file.append(line(`line ${index} ...`));
      clock.advance(1_000);
    }
    await file.close();
    expect(readFileSync(path, 'utf8')).toBe('line 7 ...\n');
    expect(readdirSync(join(directory, 'logs')).sort()).toEqual([
      'audit-2030-01-02T03-04-11.678.log',
      'audit-2030-01-02T03-04-12.678.log',
      'audit.log',
    ]);
  });

  test('forgets what was set aside long ago, and nothing that is not its own', async () => {
    const file = opened({ maxAgeMs: 3_600_000, maxBackups: 0 });
    await file.append(line('a first line of it'));
    writeFileSync(join(directory, 'logs', 'audit-notes.log'), 'mine');
    await file.append(line('a second line of it'));
    clock.advance(2 * 3_600_000);
    await file.append(line('a third line of it'));
    await file.close();
    expect(readdirSync(join(directory, 'logs'))).toHaveLength(3);
    expect(readFileSync(join(directory, 'logs', 'audit-notes.log'), 'utf8')).toBe('mine');
  });

  test('begins a new line after one that was torn', async () => {
    const first = opened();
    await first.append(Buffer.from('half'));
    await first.close();
    const file = opened();
    await file.append(line('whole'));
    await file.close();
    expect(readFileSync(path, 'utf8')).toBe('half\nwhole\n');
  });

  test('writes what it could not write before, once it can', async () => {
    writeFileSync(join(directory, 'logs'), 'a file where the folder should be');
    const file = opened();
    await expect(file.append(line('one'))).rejects.toThrow();
    await expect(file.append(Buffer.alloc(0))).rejects.toThrow();
    rmSync(join(directory, 'logs'));
    await file.append(line('two'));
    await file.close();
    expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n');
  });
});
