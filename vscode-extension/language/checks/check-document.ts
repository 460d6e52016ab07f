import { l10n } from '../l10n.ts';
import { entryOf, type Range } from '../syntax/nodes.ts';
import type { ParsedDocument } from '../syntax/parse-document.ts';
import { checkObject } from './check-object.ts';
import type { CheckContext } from './document-context.ts';
import { objectsOf, type ManifestObject } from './manifest-objects.ts';
import type { Fix, Problem } from './problem.ts';
import { removeEntry } from '../fixes/edits.ts';
import { followed, type MapNode, type SyntaxNode } from '../syntax/nodes.ts';

const maxProblems = 200;

/** Checks one document by itself. Pure: the same document, schemas and namespace give the same problems. */
export function checkDocument(context: CheckContext): Problem[] {
  const { document } = context;
  const objects = objectsOf(document.root);
  // What is wrong with other YAML is not for us to say.
  if (objects.length === 0 && !looksLikeManifest(document.text)) return [];
  const problems = document.problems.map((problem) => syntaxProblem(problem, document));
  const broken = document.problems.filter(({ code }) => code !== 'duplicate-key');
  const found = objects.flatMap((object) => checkObject(object, context));
  // While a line is being typed, nobody wants to hear what is missing; what stands before it is still true.
  const first = Math.min(...broken.map(({ range }) => lineStart(document.text, range.start)));
  const told = found.filter(
    ({ code, range }) => range.end <= first && (broken.length === 0 || isLocal(code)),
  );
  if (document.template) problems.push(...templateNote(objects));
  return [...problems, ...told].slice(0, maxProblems);
}

/** Whether it means to be an object, as far as can be seen without parsing it. */
export function looksLikeManifest(text: string): boolean {
  return /^(apiVersion|kind)[ \t]*:/m.test(text);
}

function isLocal(code: Problem['code']): boolean {
  return code !== 'required' && code !== 'selector';
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}

function syntaxProblem(problem: ParsedDocument['problems'][number], document: ParsedDocument): Problem {
  const { code, range, message } = problem;
  return {
    range,
    code,
    message,
    severity: code === 'too-long' ? 'information' : 'error',
    fixes: code === 'duplicate-key' ? duplicateFixes(document, range) : [],
  };
}

function duplicateFixes({ text, root }: ParsedDocument, range: Range): Fix[] {
  const map = mapWithKeyAt(root, range.start);
  const entry = map?.entries.find(({ keyRange }) => keyRange.start === range.start);
  if (map === undefined || entry === undefined) return [];
  return [{ title: l10n.t('Remove "{0}"', entry.key), edits: [removeEntry(text, map, entry)] }];
}

function mapWithKeyAt(node: SyntaxNode | undefined, offset: number): MapNode | undefined {
  if (node === undefined || offset < node.range.start || offset > node.range.end) return undefined;
  if (node.kind === 'list') return firstOf(node.items, offset);
  if (node.kind !== 'map') return undefined;
  if (node.entries.some(({ keyRange }) => keyRange.start === offset)) return node;
  return firstOf(
    node.entries.map(({ value }) => value),
    offset,
  );
}

function firstOf(nodes: readonly SyntaxNode[], offset: number): MapNode | undefined {
  for (const node of nodes) {
    const found = followed(node) === undefined ? undefined : mapWithKeyAt(node, offset);
    if (found !== undefined) return found;
  }
  return undefined;
}

function templateNote([object]: readonly ManifestObject[]): Problem[] {
  const kind = object === undefined ? undefined : entryOf(object.node, 'kind');
  if (kind === undefined) return [];
  const message = l10n.t('A template: only what does not depend on its values is checked');
  return [{ range: kind.keyRange, severity: 'hint', code: 'template', message }];
}
