import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { contextColor } from './context-color.ts';
import { chooseContext, filesToWatch, kubeconfigFiles, watchFiles } from './kubeconfig-source.ts';

const cluster = (name: string, grpc: boolean) =>
  `- name: ${name}\n  cluster: {${grpc ? 'extensions: [{name: wheelhouse.dev/grpc, extension: {endpoint: "127.0.0.1:1"}}]' : ''}}\n`;
const config = (current: string, ...names: readonly [name: string, grpc: boolean][]) =>
  [
    `current-context: ${current}\nclusters:\n`,
    ...names.map(([name, grpc]) => cluster(name, grpc)),
    'contexts:\n',
    ...names.map(([name]) => `- name: ${name}\n  context: {cluster: ${name}}\n`),
  ].join('');

describe('the kubeconfig of the editor', () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kubeconfig-source-'));
    file = join(folder, 'config');
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const chosen = (text: string, before?: string) => {
    writeFileSync(file, text);
    const choice = chooseContext([file], before);
    return choice.kind === 'context' ? choice.context.name : choice.kind;
  };

  test('opens the current context', () => {
    expect(chosen(config('b', ['a', true], ['b', true]))).toBe('b');
  });

  test('opens the one chosen before, while it is there', () => {
    const both = config('b', ['a', true], ['b', true]);
    expect(chosen(both, 'a')).toBe('a');
    expect(chosen(both, 'gone')).toBe('b');
  });

  test('passes over a current context that leads elsewhere, where only one leads here', () => {
    expect(chosen(config('cloud', ['cloud', false], ['local', true]))).toBe('local');
  });

  test('does not guess between several', () => {
    expect(chosen(config('cloud', ['cloud', false], ['a', true], ['b', true]))).toBe('none');
  });

  test('says what is broken', () => {
    writeFileSync(file, 'clusters: [');
    expect(chooseContext([file], undefined)).toMatchObject({
      kind: 'broken',
      why: expect.stringContaining(file) as string,
    });
  });

  test('is the setting, then KUBECONFIG, then the local clusters', () => {
    mkdirSync(join(folder, 'dev'));
    const env = { WHEELHOUSE_HOME: folder };
    expect(kubeconfigFiles({ setting: '/a', env: { KUBECONFIG: '/b' } })).toEqual(['/a']);
    expect(kubeconfigFiles({ setting: '', env: { KUBECONFIG: '/b:/c' } })).toEqual(['/b', '/c']);
    expect(kubeconfigFiles({ setting: '', env })).toContain(join(folder, 'dev', 'kubeconfig'));
  });

  test('may name files, from its own folder, which are read and watched like itself', () => {
    const own = config('a', ['a', true]).replace('context: {cluster: a}', 'context: {cluster: a, user: ann}');
    writeFileSync(join(folder, 'token'), 'one');
    writeFileSync(file, `${own}users:\n- name: ann\n  user: {tokenFile: token}\n`);
    expect(chooseContext([file], undefined)).toMatchObject({ context: { token: 'one' } });
    expect(filesToWatch([file])).toEqual([file, join(folder, 'token')]);
    writeFileSync(join(folder, 'token'), 'two');
    expect(chooseContext([file], undefined)).toMatchObject({ context: { token: 'two' } });
  });

  test('is looked at again when it appears in a folder that was not there', async () => {
    const later = join(folder, 'new', 'kubeconfig');
    let end = () => {};
    const changed = new Promise<void>((resolve) => (end = watchFiles([later], resolve)));
    mkdirSync(join(folder, 'new'));
    await changed;
    end();
  });
});

describe('the colour of a context', () => {
  test('is what the settings say, by pattern', () => {
    expect(contextColor('eu-prod-1', { '*prod*': 'red' })).toBe('red');
    expect(contextColor('a.b', { 'a.b': 'blue' })).toBe('blue');
  });

  test('is otherwise always the same, and never the one of danger', () => {
    expect(contextColor('dev', {})).toBe(contextColor('dev', { other: 'red' }));
    for (let index = 0; index < 100; index++) expect(contextColor(`c${index}`, {})).not.toBe('red');
  });
});
