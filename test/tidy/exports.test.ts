import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

/** Called by what is not of ours, or by a bundle. */
const entries = new Set(['vscode-extension/extension.ts', 'test/bench/main.ts']);

const texts = new Map(
  ['core', 'node-agent', 'shell', 'vscode-extension', 'test'].flatMap((room) =>
    readdirSync(join(root, room), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(ts|mts)$/.test(entry.name))
      .map((entry) => relative(root, join(entry.parentPath, entry.name)))
      .filter((file) => !file.includes('node_modules/'))
      .map((file) => [file, readFileSync(join(root, file), 'utf8')] as const),
  ),
);

test('every function, class and constant that a file exports is imported somewhere', () => {
  const imported = new Set([...texts].flatMap(([file, text]) => namesImported(file, text)));
  const dead = [...texts.keys()]
    .filter((file) => !entries.has(file) && !file.includes('/generated/'))
    .flatMap((file) =>
      valuesExported(texts.get(file) ?? '')
        .filter((name) => !imported.has(`${file} ${name}`) && !imported.has(`${file} *`))
        .map((name) => `${file} exports ${name}`),
    );
  expect(dead).toEqual([]);
});

function valuesExported(text: string): string[] {
  const found = text.matchAll(
    /^export (?:async |abstract )*(?:function\*?|class|const|let) (?:\{([^}]*)\}|(\w+))/gm,
  );
  return [...found].flatMap(([, several, one]) => (one === undefined ? namesIn(several) : [one]));
}

/** "file name" of each name that a file takes from another of ours; "file *" where it takes all. */
function namesImported(file: string, text: string): string[] {
  const at = (path = '') => relative(root, resolve(root, dirname(file), path));
  const named = text.matchAll(/(?:import|export)\s+(?:type\s+)?\{([^}]*)\}\s*from\s*'(\.[^']+)'/g);
  const whole = text.matchAll(/\*\s+as\s+\w+\s+from\s*'(\.[^']+)'|import\('(\.[^']+)'\)/g);
  return [
    ...[...named].flatMap(([, names, path]) => namesIn(names).map((name) => `${at(path)} ${name}`)),
    ...[...whole].map(([, namespace, dynamic]) => `${at(namespace ?? dynamic)} *`),
  ];
}

function namesIn(list = ''): string[] {
  return list
    .split(',')
    .map(
      (part) =>
        part
          .trim()
          .replace(/^type /, '')
          .split(/ as |:/)[0] ?? '',
    )
    .filter((name) => name !== '');
}
