import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../core/machinery/clock.ts';
import { HistoryFile, historyPath } from './history-file.ts';
import { remember } from './history-policy.ts';
import { HistorySearch, HistoryWalk } from './history-walk.ts';
import { History } from './history.ts';

async function historyOf(...lines: string[]): Promise<History> {
  const history = new History();
  for (const line of lines) await history.add(line);
  return history;
}

describe('History', () => {
  test('keeps each line once, at its last use, and no more than its limit', async () => {
    const history = new History(undefined, 3);
    for (const line of ['a', 'b', 'a', 'c', 'd']) await history.add(line);
    expect(history.lines).toEqual(['a', 'c', 'd']);
  });

  test('suggests the newest line that goes on like this', async () => {
    const history = await historyOf('get pods', 'get nodes', 'get pods -A');
    expect(history.suggestion('get p')).toBe('get pods -A');
    expect(history.suggestion('get pods -A')).toBeUndefined();
    expect(history.suggestion('')).toBeUndefined();
  });
});

describe('what is remembered', () => {
  test.each([
    'get pods',
    'get secrets -o yaml',
    'describe secret db',
    'delete secret db',
    'create configmap c --from-literal=a=b',
    'create token default',
    'logs deploy/token-service',
    'get pods -l app=secretary',
  ])('%s: always', (line) => {
    expect(remember(line)).toBe('always');
  });

  test.each([
    'create secret generic db --from-literal=password=hunter2',
    'kubectl create secret generic db --from-literal key=v',
    'create secret docker-registry r --docker-password=x',
    'wh join --token abcdef',
    'config set-credentials me --token=abc',
    'config set-credentials me --password hunter2',
    'set env deploy/web DB_PASSWORD=hunter2',
    'patch secret db -p {"stringData":{"a":"b"}}',
    'run x --image=y --env=API_KEY=abc',
    'apply -f - <<EOF\nkind: Secret\nstringData:\n  a: b\nEOF',
    'exec web -- curl -H "Authorization: Bearer abcdefghijkl"',
  ])('%s: not on disk', (line) => {
    expect(remember(line)).toBe('session');
  });

  test('nothing that begins with a space', () => {
    expect(remember(' get pods')).toBe('never');
    expect(remember('')).toBe('never');
  });
});

describe('walking', () => {
  test('goes through lines with the same beginning and back to what was typed', async () => {
    const walk = new HistoryWalk(await historyOf('get pods', 'logs web', 'get nodes'), 'get', 'get');
    expect([walk.older(), walk.older(), walk.older()]).toEqual(['get nodes', 'get pods', undefined]);
    expect([walk.newer(), walk.newer(), walk.newer()]).toEqual(['get nodes', 'get', undefined]);
  });

  test('searches further with each Ctrl-R and stays where nothing more is found', async () => {
    const search = new HistorySearch(await historyOf('get pods', 'logs web', 'get nodes'));
    search.type('g');
    search.type('et');
    expect(search.match).toEqual({ line: 'get nodes', at: 0 });
    search.next(-1, '');
    expect(search.match?.line).toBe('get pods');
    search.next(-1, '');
    expect([search.match?.line, search.failed]).toEqual(['get pods', true]);
    search.next(1, '');
    expect([search.match?.line, search.failed]).toEqual(['get nodes', false]);
    search.erase();
    search.erase();
    search.erase();
    expect(search.match).toBeUndefined();
    search.next(-1, 'web');
    expect(search.match).toEqual({ line: 'logs web', at: 5 });
  });
});

describe('HistoryFile', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'terminal-history-unit-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test('follows the XDG specification', () => {
    expect(historyPath({}, '/home/u')).toBe('/home/u/.local/state/wheelhouse/history');
    expect(historyPath({ XDG_STATE_HOME: '/state' }, '/home/u')).toBe('/state/wheelhouse/history');
    expect(historyPath({ XDG_STATE_HOME: 'relative' }, '/home/u')).toBe(
      '/home/u/.local/state/wheelhouse/history',
    );
  });

  test('brings back what was written, several lines and all', async () => {
    const path = join(folder, 'deep', 'history');
    await new History(new HistoryFile(path, systemClock)).add('apply -f - <<X\na: "1"\nX');
    const history = new History(new HistoryFile(path, systemClock));
    await history.load();
    expect(history.lines).toEqual(['apply -f - <<X\na: "1"\nX']);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, 'deep'))).mode & 0o777).toBe(0o700);
  });

  test('loses nothing when two shells write at once', async () => {
    const path = join(folder, 'history');
    const shells = ['a', 'b', 'c'].map((name) => ({ name, file: new HistoryFile(path, systemClock) }));
    await Promise.all(
      shells.map(async ({ name, file }) => {
        for (let index = 0; index < 20; index += 1) await file.append(`${name} ${index}`);
      }),
    );
    expect(new Set(await new HistoryFile(path, systemClock).load()).size).toBe(60);
  });

  test('closes a file that was open to others and leaves broken records out', async () => {
    const path = join(folder, 'history');
    await writeFile(path, '"good"\n{"not": "a line"}\n"cut sho', { mode: 0o644 });
    const file = new HistoryFile(path, systemClock);
    expect(await file.load()).toEqual(['good']);
    await file.append('next');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await file.load()).toEqual(['good', 'next']);
  });

  test('rewrites a file that has grown far beyond its limit, newest lines kept', async () => {
    const path = join(folder, 'history');
    await writeFile(
      path,
      Array.from({ length: 25_000 }, (_, index) => `"line ${index % 12_000}"\n`).join(''),
    );
    await new HistoryFile(path, systemClock).load();
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
    expect(lines).toHaveLength(10_000);
    expect(lines.at(-1)).toBe('"line 999"');
  });
});
