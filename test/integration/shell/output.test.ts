import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configmaps, pods } from '../../../core/api/generated/resources.ts';
import { pod } from '../../builders/index.ts';
import { createTestApi, type TestApi } from '../../environment/api.ts';
import { TestShell } from '../../environment/shell.ts';

let api: TestApi;
let shell: TestShell;
let folder: string;

beforeAll(async () => {
  api = await createTestApi();
  shell = new TestShell(api);
  folder = mkdtempSync(join(tmpdir(), 'output-'));
  const containers = (image: string) => ({ containers: [{ name: 'main', image }] });
  for (const [name, image] of [
    ['web', 'web:2'],
    ['db', 'db:1'],
  ] as const)
    await api.client.create(
      pods,
      pod().named(name).labelled({ app: name }).withSpec(containers(image)).build(),
    );
  await api.client.create(configmaps, {
    metadata: { namespace: 'default', name: 'settings' },
    data: { color: 'blue' },
  });
});

afterAll(async () => {
  shell[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
  await api.close();
});

const stdout = async (line: string) => {
  const result = await shell.run(line);
  expect([result.code, result.stderr]).toEqual([0, '']);
  return result.stdout;
};

describe('get -o', () => {
  test('jsonpath shows what a path leads to, of one object or of a list', async () => {
    expect(await stdout("get pod web -o jsonpath='{.spec.containers[0].image}'")).toBe('web:2');
    expect(await stdout("get pods -o jsonpath='{.items[*].metadata.name}'")).toBe('db web');
    const lines = `{range .items[*]}{.metadata.name}{"\\t"}{.metadata.labels}{"\\n"}{end}`;
    expect(await stdout(`get pods -o=jsonpath='${lines}'`)).toBe('db\t{"app":"db"}\nweb\t{"app":"web"}\n');
    expect(await stdout("get services -o jsonpath='{.items[*].metadata.name}'")).toBe('');
  });

  test('jsonpath-as-json keeps what things are', async () => {
    expect(JSON.parse(await stdout("get pod web -o jsonpath-as-json='{.metadata.labels}'"))).toEqual([
      { app: 'web' },
    ]);
  });

  test('custom-columns makes a table of paths', async () => {
    expect(
      await stdout('get pods -o custom-columns=NAME:.metadata.name,IMAGE:spec.containers[*].image,X:.none'),
    ).toBe('NAME   IMAGE   X\ndb     db:1    <none>\nweb    web:2   <none>\n');
    expect(await stdout('get pods --no-headers -o custom-columns=NAME:.metadata.name')).toBe('db\nweb\n');
    expect(await stdout('get services -l a=b -o custom-columns=NAME:.metadata.name')).toBe('NAME\n');
  });

  test('takes templates from files', async () => {
    writeFileSync(join(folder, 'columns'), 'NAME APP\nmetadata.name metadata.labels.app\n');
    expect(await stdout(`get pod/db -o custom-columns-file=${join(folder, 'columns')}`)).toBe(
      'NAME   APP\ndb     db\n',
    );
    writeFileSync(join(folder, 'template'), '{.metadata.name}\n');
    expect(await stdout(`get pod/db -o jsonpath-file=${join(folder, 'template')}`)).toBe('db\n');
  });

  test('name and --sort-by a path go together', async () => {
    expect(await stdout('get pods -o name --sort-by=.spec.containers[0].image')).toBe('pod/db\npod/web\n');
    expect(await stdout("get pods -o name --sort-by='{.metadata.name}'")).toBe('pod/db\npod/web\n');
  });

  test.each([
    ["get pods -o jsonpath='{.items'", 'error: error parsing jsonpath {.items, unclosed action'],
    ['get pods -o jsonpath=', 'error: template format specified but no template given'],
    ['get pods -o custom-columns=', 'error: custom-columns format specified but no custom columns given'],
    [
      'get pods -o custom-columns=NAME',
      'error: unexpected custom-columns spec: NAME, expected <header>:<json-path-expr>',
    ],
  ])('%s is refused', async (line, message) => {
    const { code, stderr } = await shell.run(line);
    expect([code, stderr.split('\n')[0]]).toEqual([1, message]);
  });

  test('is completed, and goes on after "="', async () => {
    expect(await shell.complete('get pods -o custom')).toEqual(['custom-columns=', 'custom-columns-file=']);
  });
});

test('a verb that changes something shows it in any format', async () => {
  const created = await shell.run("create namespace fresh -o jsonpath='{.metadata.name} is {.status.phase}'");
  expect(created).toEqual({ code: 0, stdout: 'fresh is Active', stderr: '' });
});

test('a watch shows objects in the format that was asked for', async () => {
  const stop = new AbortController();
  let seen = '';
  const onOutput = (text: string) => {
    seen = text;
    if (text.includes('db') && text.includes('web')) stop.abort();
  };
  await shell.run('get pods -w -o name', { signal: stop.signal, onOutput });
  expect(seen.split('\n').toSorted()).toEqual(['', 'pod/db', 'pod/web']);
});
