/** For tests: snippets as they are when every stop is left as it is proposed. */
import { builtInModel } from '../schema/built-in.ts';
import { objectSnippets } from './object-snippets.ts';

export function expanded(snippet: string): string {
  return snippet
    .replace(/\$\{\d+:((?:[^\\}]|\\.)*)\}/g, '$1')
    .replace(/\$\{?\d+\}?/g, '')
    .replace(/\\([\\$}])/g, '$1');
}

/** A manifest of every kind. */
export function expandedSnippets(): string[] {
  return objectSnippets(builtInModel().all()).map(({ apiVersion, kind, lines }) =>
    expanded([`apiVersion: ${apiVersion}`, `kind: ${kind}`, ...lines, ''].join('\n')),
  );
}
