import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { actionNames } from '../../vscode-extension/commands/action-names.ts';
import { collectMessages, messageBundle } from '../../vscode-extension/l10n/collect.ts';

const extension = resolve(import.meta.dirname, '../../vscode-extension');
const manifestText = readFileSync(join(extension, 'package.json'), 'utf8');
const read = (file: string) =>
  JSON.parse(readFileSync(join(extension, file), 'utf8')) as Readonly<Record<string, string>>;
const words = read('package.nls.json');

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

/** Files of ours that a file imports, as it writes them. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(extension, file), 'utf8');
  return [...text.matchAll(/from '(\.[^']+)'/g)].map(([, path = '']) => path);
}

describe('the manifest of the extension', () => {
  test('has words for every key it uses, and no others', () => {
    const used = [...manifestText.matchAll(/"%([^%"]+)%"/g)].map(([, key]) => key);
    expect(new Set(used)).toEqual(new Set(Object.keys(words)));
  });

  test('declares only commands that are registered', () => {
    expect(commands.filter((command) => !sources.includes(`'${command}'`))).toEqual([]);
  });

  test('names all that is registered on demand, and nothing else', () => {
    const files = importsOf('commands/actions.ts').filter((file) =>
      /-commands\.ts$|port-forward\.ts$/.test(file),
    );
    const registered = files
      .map((file) => readFileSync(join(extension, 'commands', file), 'utf8'))
      .flatMap((text) => [...text.matchAll(/(?:registerCommand|each|command)\('(wheelhouse\.\w+)'/g)])
      .map(([, command]) => command);
    expect(new Set(actionNames)).toEqual(new Set(registered));
    expect(actionNames.filter((command) => !commands.includes(command))).toEqual([]);
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
      steps.map(({ media }) => media.markdown.replace(/^%(.*)%$/, (_, key: string) => words[key] ?? '')),
    );
    expect([manifest.icon, ...pages].filter((file) => !existsSync(join(extension, file)))).toEqual([]);
  });
});

describe('the texts of the extension', () => {
  const bundle = read('l10n/bundle.l10n.json');

  test('are in the bundle that translators begin with (npm run generate)', () => {
    const text = readFileSync(join(extension, 'l10n/bundle.l10n.json'), 'utf8');
    expect(text).toBe(messageBundle(collectMessages(extension)));
  });

  const translations = readdirSync(join(extension, 'l10n'))
    .map((file) => /^bundle\.l10n\.([\w-]+)\.json$/.exec(file)?.[1])
    .filter((language) => language !== undefined);

  test.each(translations)('are all translated into %s, and nothing else is', (language) => {
    expect(Object.keys(read(`l10n/bundle.l10n.${language}.json`))).toEqual(Object.keys(bundle));
    expect(Object.keys(read(`package.nls.${language}.json`))).toEqual(Object.keys(words));
  });

  test.each(translations)('keep their places, links and icons in %s', (language) => {
    const kept = (text: string) =>
      [...text.matchAll(/\{\d+\}|\]\([^)]*\)|\$\([\w~-]+\)|`[^`]*`/g)].map(([part]) => part).sort();
    const translated = {
      ...read(`l10n/bundle.l10n.${language}.json`),
      ...read(`package.nls.${language}.json`),
    };
    const broken = Object.entries({ ...bundle, ...words }).filter(
      ([key, text]) => kept(text).join() !== kept(translated[key] ?? '').join(),
    );
    expect(broken).toEqual([]);
  });

  test.each(translations)('lead to pages that are there in %s', (language) => {
    const pages = Object.entries(read(`package.nls.${language}.json`)).filter(([key]) =>
      key.endsWith('.page'),
    );
    expect(pages.filter(([, file]) => !existsSync(join(extension, file)))).toEqual([]);
  });
});
