import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { collectMessages, messageBundle } from './collect.ts';

describe('the texts of the extension', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'l10n-'));
    mkdirSync(join(folder, 'views'));
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);

  test('are those of every call, each once and in order', () => {
    write('views/a.ts', `vscode.l10n.t('Zebra');\nl10n.t(\n  'It is "{0}"', name);\nl10n.t("it's");`);
    write('b.ts', `const { t } = vscode.l10n;\nt('Alpha', 1); t('Zebra');`);
    expect(collectMessages(folder)).toEqual(['Alpha', 'It is "{0}"', 'Zebra', "it's"]);
  });

  test('are not those of tests, and not of other functions called t', () => {
    write('a.test.ts', `l10n.t('Test');`);
    write('a.ts', `start('Beta'); t('Gamma'); list.t('Delta');`);
    expect(collectMessages(folder)).toEqual([]);
  });

  test('must be written out', () => {
    write('a.ts', 'l10n.t(`Cannot ${doing}`);');
    expect(() => collectMessages(folder)).toThrow('a.ts');
  });

  test('stand for themselves in the bundle that is translated', () => {
    expect(JSON.parse(messageBundle(['a', 'b']))).toEqual({ a: 'a', b: 'b' });
  });
});
