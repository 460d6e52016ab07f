import { JsonPath, JsonPathError } from '../api/custom/json-path.ts';
import type { KubernetesObject } from '../api/object.ts';

/** A heading, and the path to what stands below it. */
export interface ChosenColumn {
  readonly header: string;
  readonly path: JsonPath;
}

/**
 * Columns as `-o custom-columns=NAME:.metadata.name,IMAGE:.spec.containers[*].image` names them
 * (kubectl/pkg/cmd/get/customcolumn.go).
 * @throws JsonPathError
 */
export function parseCustomColumns(text: string): readonly ChosenColumn[] {
  if (text === '') throw new JsonPathError('custom-columns format specified but no custom columns given');
  return splitOutside(text).map((part) => {
    const colon = part.indexOf(':');
    if (colon < 1 || colon === part.length - 1)
      throw new JsonPathError(`unexpected custom-columns spec: ${part}, expected <header>:<json-path-expr>`);
    return { header: part.slice(0, colon), path: relaxedPath(part.slice(colon + 1)) };
  });
}

/** The same from a file: a line of headings, and a line of paths below them. */
export function parseCustomColumnsFile(text: string): readonly ChosenColumn[] {
  const [headers = [], paths = []] = text.split('\n').map((line) => line.trim().split(/\s+/).filter(Boolean));
  if (headers.length === 0 || headers.length !== paths.length)
    throw new JsonPathError(
      `number of headers (${headers.length}) and field specifications (${paths.length}) don't match`,
    );
  return headers.map((header, index) => ({ header, path: relaxedPath(paths[index] ?? '') }));
}

/** A path that people may write without its braces and its first dot. */
export function relaxedPath(text: string): JsonPath {
  const [, inner = ''] = /^\{(.*)\}$/s.exec(text) ?? [undefined, text];
  return JsonPath.parse(/^[.[$@]/.test(inner) ? inner : `.${inner}`);
}

export function customColumnsRow(columns: readonly ChosenColumn[], object: KubernetesObject): string[] {
  return columns.map(({ path }) => {
    const found = path.find(object);
    return found.length === 0 ? '<none>' : found.map(goText).join(',');
  });
}

/** As Go prints a value, which is what kubectl shows in such a cell. */
function goText(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (typeof value !== 'object') return typeof value === 'string' ? value : JSON.stringify(value);
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `map[${members.map(([key, member]) => `${key}:${goText(member)}`).join(' ')}]`;
}

/** Parts at commas that are not within brackets or quotes. */
function splitOutside(text: string): string[] {
  const parts: string[] = [''];
  let depth = 0;
  let quote: string | undefined;
  for (const character of text) {
    if (quote !== undefined) quote = character === quote ? undefined : quote;
    else if (character === '"' || character === "'") quote = character;
    else if (character === '[') depth++;
    else if (character === ']') depth--;
    if (character === ',' && depth === 0 && quote === undefined) parts.push('');
    else parts[parts.length - 1] += character;
  }
  return parts;
}
