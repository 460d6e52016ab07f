import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

/** A room of the house and the rooms it may import from; its own is always allowed. */
const rooms: Record<string, readonly string[]> = {
  'core/machinery': [],
  'core/cel': ['core/machinery'],
  'core/api': ['core/cel', 'core/machinery'],
  'core/client': ['core/api', 'core/machinery'],
  'core/printers': ['core/api', 'core/machinery'],
  'core/storage': ['core/api', 'core/machinery'],
  'core/registry': ['core/storage', 'core/api', 'core/cel', 'core/machinery'],
  'core/admission': ['core/client', 'core/api', 'core/cel', 'core/machinery'],
  'core/apiextensions': ['core/registry', 'core/storage', 'core/api', 'core/cel', 'core/machinery'],
  'core/apiserver': [
    'core/cel',
    'core/admission',
    'core/apiextensions',
    'core/registry',
    'core/printers',
    'core/api',
    'core/machinery',
  ],
  'core/scheduler': ['core/client', 'core/api', 'core/machinery'],
  'core/controllers': ['core/client', 'core/api', 'core/cel', 'core/machinery'],
  'core/cloud': ['core/client', 'core/api', 'core/machinery'],
  'core/cmd': ['core'],
  'node-agent': ['core/api', 'core/client', 'core/machinery', 'core/printers'],
  shell: ['core/api', 'core/client', 'core/machinery', 'core/printers'],
  'vscode-extension': ['core/api', 'core/client', 'core/machinery', 'core/printers'],
  test: ['core', 'node-agent', 'shell', 'vscode-extension'],
};

/** Third parties that only some rooms may name. */
const fences: Record<string, readonly string[]> = {
  etcd3: ['core/storage/etcd'],
  lmdb: ['core/storage/embedded'],
  '@grpc/grpc-js': ['core/apiserver/grpc', 'core/client', 'core/storage/etcd', 'node-agent/streaming'],
  '@marcbachmann/cel-js': ['core/cel'],
  dockerode: ['node-agent/runtime/docker'],
  blessed: ['shell/panes'],
  'prom-client': ['core/cmd'],
  vscode: ['vscode-extension'],
};

const files = Object.keys(rooms)
  .flatMap((room) => sourceFiles(room))
  .filter((file, index, all) => all.indexOf(file) === index);

describe('imports', () => {
  test('stay within the rooms a room may use', () => {
    const violations = files.flatMap((file) =>
      importsOf(file)
        .filter((name) => name.startsWith('.'))
        .map((name) => relative(root, resolve(root, dirname(file), name)))
        .filter((target) => !mayImport(file, target))
        .map((target) => `${file} imports ${target}`),
    );
    expect(violations).toEqual([]);
  });

  test('reach fenced packages only from behind their fence', () => {
    const violations = files
      .filter((file) => !file.startsWith('test/') && !file.endsWith('.test.ts'))
      .flatMap((file) =>
        importsOf(file)
          .filter((name) => {
            const allowed = fences[packageOf(name)];
            return allowed !== undefined && !allowed.some((room) => file.startsWith(`${room}/`));
          })
          .map((name) => `${file} imports ${name}`),
      );
    expect(violations).toEqual([]);
  });

  test('leave the language of manifests free of the editor', () => {
    const violations = files
      .filter((file) => /^vscode-extension\/language\/(?!providers\/|register\.ts$)/.test(file))
      .filter((file) => importsOf(file).includes('vscode'));
    expect(violations).toEqual([]);
  });

  test('name what they export: no export *', () => {
    const violations = files.filter((file) => /^export \* /m.test(readFileSync(join(root, file), 'utf8')));
    expect(violations).toEqual([]);
  });
});

function mayImport(file: string, target: string): boolean {
  // Unit tests may build what they test from test/ helpers; nothing else may import test.
  if (file.endsWith('.test.ts') && target.startsWith('test/')) return true;
  const room = roomOf(file);
  return [room, ...(rooms[room] ?? [])].some((allowed) => target.startsWith(`${allowed}/`));
}

function roomOf(file: string): string {
  const room = Object.keys(rooms).find((name) => file.startsWith(`${name}/`));
  if (room === undefined) throw new Error(`"${file}" belongs to no room: name its folder in test/tidy`);
  return room;
}

function packageOf(name: string): string {
  return name.startsWith('@') ? name.split('/').slice(0, 2).join('/') : (name.split('/')[0] ?? name);
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  const found = text.matchAll(/(?:^|\s)(?:from|import)\s*\(?\s*'([^'\n]+)'|require\.resolve\('([^'\n]+)'/g);
  return [...found].map((match) => match[1] ?? match[2] ?? '');
}

function sourceFiles(folder: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|mts)$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}
