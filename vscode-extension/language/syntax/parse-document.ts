import { NodeError } from '../../../core/machinery/yaml/convert-nodes.ts';
import { compose } from '../../../core/machinery/yaml/read-documents.ts';
import { l10n } from '../l10n.ts';
import { NodeBuilder, type NodeProblem } from './build-nodes.ts';
import { followed, type Range, type SyntaxNode } from './nodes.ts';
import { findActions, maskActions } from './templates.ts';

/** Longer documents are not parsed: this much takes half a second, and the editor must not wait longer. */
export const maxDocumentLength = 1024 * 1024;

const maxDepth = 200;
const maxProblems = 20;

/** Something that keeps the text from being the YAML it shall be. */
export type SyntaxProblem =
  NodeProblem | { readonly range: Range; readonly code: 'too-long'; readonly message: string };

/** One document, parsed as far as it can be. All offsets count from its own beginning. */
export interface ParsedDocument {
  readonly text: string;
  /** Undefined where there is nothing but blanks and comments. */
  readonly root: SyntaxNode | undefined;
  readonly problems: readonly SyntaxProblem[];
  /** It becomes YAML only when a template engine has rendered it; parsed with its actions out of the way. */
  readonly template: boolean;
  /** Where actions such as `{{ .Values.name }}` stand, within quotes too. */
  readonly actions: readonly Range[];
}

/** Never throws: half-typed text gives what can be made out, and what is wrong with the rest. */
export function parseDocument(text: string): ParsedDocument {
  if (text.length > maxDocumentLength) return tooLong(text);
  const actions = text.includes('{{') ? findActions(text) : [];
  const plain = parseYaml(text);
  if (actions.every((action) => isQuoted(plain.root, action)))
    return { text, ...plain, template: false, actions };
  // What is wrong with the rest of a template is often right once it is rendered.
  return { text, root: parseYaml(maskActions(text, actions)).root, problems: [], template: true, actions };
}

/** As YAML and nothing else, however it is meant. */
export function parseYaml(text: string): Pick<ParsedDocument, 'root' | 'problems'> {
  const builder = new NodeBuilder(text);
  const problems: SyntaxProblem[] = [];
  let root: SyntaxNode | undefined;
  try {
    for (const document of compose(text, maxDepth)) {
      for (const { pos, message } of document.errors)
        problems.push({ range: visible(text, pos[0], pos[1]), code: 'yaml', message });
      // A second one can only follow a line "...", which nobody writes in manifests.
      if (root === undefined && document.contents !== null) root = builder.build(document.contents, 0);
    }
  } catch (error) {
    if (!(error instanceof NodeError)) throw error;
    problems.push({
      range: visible(text, error.offset, error.offset),
      code: 'yaml',
      message: error.message,
    });
  }
  if (root?.kind === 'scalar' && root.style === 'missing') root = undefined;
  return { root, problems: [...problems, ...builder.problems].slice(0, maxProblems) };
}

/** What is wrong at the end of the text is shown at its last word; a range of nothing cannot be seen. */
function visible(text: string, start: number, end: number): Range {
  const length = text.trimEnd().length;
  if (start >= length) return { start: Math.max(0, length - 1), end: length };
  // The line on which it begins: most mistakes are on one.
  const shown = (text.slice(start, end).split('\n', 1)[0] ?? '').trimEnd().length;
  return { start, end: start + Math.max(shown, 1) };
}

function tooLong(text: string): ParsedDocument {
  const lineEnd = text.indexOf('\n');
  const range = { start: 0, end: lineEnd < 0 ? Math.min(text.length, 200) : lineEnd };
  const message = l10n.t(
    'This document has {0} characters and is not checked: at most {1} are',
    text.length,
    maxDocumentLength,
  );
  return {
    text,
    root: undefined,
    problems: [{ range, code: 'too-long', message }],
    template: false,
    actions: [],
  };
}

/** An action within quotes or a block of text is that text to YAML; rules and dashboards are full of them. */
function isQuoted(root: SyntaxNode | undefined, action: Range): boolean {
  const node = scalarAt(root, action);
  return node !== undefined && node.style !== 'plain';
}

function scalarAt(
  node: SyntaxNode | undefined,
  { start, end }: Range,
): Extract<SyntaxNode, { kind: 'scalar' }> | undefined {
  if (node === undefined || node.range.start > start || node.range.end < end) return undefined;
  switch (node.kind) {
    case 'scalar':
      return node;
    case 'alias':
      return undefined;
    default: {
      const children = node.kind === 'list' ? node.items : node.entries.map(({ value }) => value);
      const child = children.find(({ range }) => range.start <= start && end <= range.end);
      return child === undefined || followed(child) === undefined
        ? undefined
        : scalarAt(child, { start, end });
    }
  }
}
