import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A call of `l10n.t`, or of a `t` that was taken from it; group 1 is its first argument if that is a literal. */
const calls = /(?:\bl10n\.t|(?<![\w.$])t)\(\s*('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\$]|\\.)*`)?/g;

/** The only files that hand on texts which others wrote. */
const handingOn = new Set(['extension.ts', join('language', 'l10n.ts')]);

/**
 * Every text of the extension's code that people read, in order, as the editor's bundles of translations have them.
 * Throws at a text that is put together: only whole sentences can be translated.
 */
export function collectMessages(extension: string): readonly string[] {
  const messages = new Set<string>();
  for (const file of sourcesBelow(extension)) {
    const source = readFileSync(join(extension, file), 'utf8');
    const hasAlias = /\{ t \} = (?:vscode\.)?l10n/.test(source);
    for (const [call, literal] of source.matchAll(calls)) {
      if (call.startsWith('t(') && !hasAlias) continue;
      if (literal === undefined) throw new Error(`${file}: the text of ${call}…) is not a plain string`);
      messages.add(unquoted(literal));
    }
  }
  return [...messages].sort((a, b) => (a < b ? -1 : 1));
}

/** bundle.l10n.json: what translators begin with. */
export function messageBundle(messages: readonly string[]): string {
  return `${JSON.stringify(Object.fromEntries(messages.map((text) => [text, text])), undefined, 2)}\n`;
}

function sourcesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .filter((file) => !/^(?:l10n|dist|node_modules)\b/.test(file) && !handingOn.has(file));
}

function unquoted(literal: string): string {
  const inner = literal.slice(1, -1).replace(/\\(['`])/g, '$1');
  return JSON.parse(`"${inner.replace(/(?<!\\)"/g, '\\"')}"`) as string;
}
