import { RE2JS } from 're2js';
import { CelError } from '../errors.ts';
import { overload } from '../functions.ts';
import type { Overload } from '../functions.ts';
import { Items } from '../values.ts';

const maxKnown = 256;
const known = new Map<string, RE2JS>();

/** A pattern in RE2's syntax, which takes linear time. @throws CelError */
export function compilePattern(pattern: string): RE2JS {
  const before = known.get(pattern);
  if (before !== undefined) return before;
  try {
    const compiled = RE2JS.compile(pattern);
    if (known.size >= maxKnown) known.delete(known.keys().next().value as string);
    known.set(pattern, compiled);
    return compiled;
  } catch (cause) {
    throw new CelError((cause as Error).message, { cause });
  }
}

/**
 * A step of the machine for every character and instruction is charged, where upstream charges for the
 * pattern's length: a short pattern such as "[a-z]{1,1000}" may be a long program. A pattern's first use pays
 * for making it.
 */
function cost(text: string, pattern: string): number {
  const first = known.has(pattern) ? 0 : 500;
  const steps = (text.length + 1) * compilePattern(pattern).programSize();
  return (
    first + Math.ceil(Math.max(steps * 0.5, (text.length + 1) * 0.1 * Math.max(1, pattern.length * 0.25)))
  );
}

/** `matches`, and Kubernetes' own (apiserver/pkg/cel/library/regex.go). */
export const regexFunctions: readonly Overload[] = [
  overload('string.matches(string): bool', matches, cost),
  overload('matches(string, string): bool', matches, cost),
  overload(
    'string.find(string): string',
    (text: string, pattern: string) => {
      const matcher = compilePattern(pattern).matcher(text);
      return matcher.find() ? (matcher.group() ?? '') : '';
    },
    cost,
  ),
  overload(
    'string.findAll(string): list<string>',
    (text: string, pattern: string) => findAll(text, pattern, -1n),
    cost,
  ),
  overload('string.findAll(string, int): list<string>', findAll, cost),
];

function matches(text: string, pattern: string): boolean {
  return compilePattern(pattern).matcher(text).find();
}

function findAll(text: string, pattern: string, limit: bigint): Items {
  const matcher = compilePattern(pattern).matcher(text);
  const found: string[] = [];
  const most = limit < 0n ? Number.POSITIVE_INFINITY : Number(limit);
  while (found.length < most && matcher.find()) found.push(matcher.group() ?? '');
  return new Items(found);
}
