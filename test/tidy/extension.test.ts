import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const extension = resolve(import.meta.dirname, '../../vscode-extension');
const manifestText = readFileSync(join(extension, 'package.json'), 'utf8');
const words = JSON.parse(readFileSync(join(extension, 'package.nls.json'), 'utf8')) as Record<string, string>;

interface Manifest {
  readonly version: string;
  readonly icon: string;
  readonly contributes: {
    readonly commands: readonly { readonly command: string; readonly title: string }[];
    readonly menus: Readonly<Record<string, readonly { readonly command: string }[]>>;
    readonly walkthroughs: readonly {
      readonly steps: readonly { readonly media: { readonly markdown: string } }[];
    }[];
  };
}

const manifest = JSON.parse(manifestText) as Manifest;
const commands = manifest.contributes.commands.map(({ command }) => command);
const sources = readdirSync(extension, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.includes('node_modules'))
  .map((file) => readFileSync(join(extension, file), 'utf8'))
  .join('\n');

describe('the manifest of the extension', () => {
  test('has words for every key it uses, and no others', () => {
    const used = [...manifestText.matchAll(/"%([^%"]+)%"/g)].map(([, key]) => key);
    expect(new Set(used)).toEqual(new Set(Object.keys(words)));
  });

  test('declares only commands that are registered', () => {
    expect(commands.filter((command) => !sources.includes(`'${command}'`))).toEqual([]);
  });

  test('declares every command once', () => {
    expect(commands).toHaveLength(new Set(commands).size);
  });

  test('offers only declared commands in menus and texts', () => {
    const inMenus = Object.values(manifest.contributes.menus)
      .flat()
      .map(({ command }) => command);
    const inTexts = [...JSON.stringify(words).matchAll(/command:(wheelhouse\.\w+)(?!\.)\)/g)].map(
      ([, name]) => name,
    );
    const missing = [...inMenus, ...inTexts].filter((command) => !commands.includes(command ?? ''));
    expect(missing).toEqual([]);
  });

  test('names files that are there', () => {
    const pages = manifest.contributes.walkthroughs.flatMap(({ steps }) =>
      steps.map(({ media }) => media.markdown),
    );
    expect([manifest.icon, ...pages].filter((file) => !existsSync(join(extension, file)))).toEqual([]);
  });
});
