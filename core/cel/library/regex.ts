import { RE2JS } from 're2js';
import type { Meter } from '../cost.ts';
import { CelError, untraced } from '../errors.ts';
import { metered } from '../functions.ts';
import type { Overload } from '../functions.ts';
import { Items } from '../values.ts';

const maxKnown = 256;
/** Programs by their patterns; a text says what is wrong with one. */
const known = new Map<string, RE2JS | string>();

/** Of starting to search, of every match, and of making a pattern's program by its characters and instructions. */
const costs = { search: 10, match: 25, program: 1_000, character: 100, unicodeClass: 2_500, instruction: 40 };

/**
 * A pattern in RE2's syntax, which takes linear time, and what it costs to look through a text with it. A step of
 * the machine for every character and instruction is charged, where upstream charges for the pattern's length: a
 * short pattern such as "[a-z]{1,1000}" may be a long program. A pattern's first use pays for making that.
 * @throws CelError
 */
function searcher(meter: Meter, text: string, pattern: string): ReturnType<RE2JS['matcher']> {
  let program = known.get(pattern);
  if (program === undefined) {
    meter.charge(costs.program + costs.character * pattern.length);
    meter.charge(costs.unicodeClass * (pattern.split(/\\[pP]/).length - 1));
    program = compile(pattern);
    if (known.size >= maxKnown) known.delete(known.keys().next().value as string);
    known.set(pattern, program);
    if (typeof program !== 'string') meter.charge(costs.instruction * program.programSize());
  }
  meter.charge(costs.search);
  if (typeof program === 'string') throw new CelError(program);
  const steps = Math.max(program.programSize(), 0.2 * pattern.length);
  meter.charge(Math.ceil((text.length + 1) * steps));
  return program.matcher(text);
}

function compile(pattern: string): RE2JS | string {
  try {
    return untraced(() => RE2JS.compile(pattern));
  } catch (error) {
    return (error as Error).message;
  }
}

/** `matches`, and Kubernetes' own (apiserver/pkg/cel/library/regex.go). */
export const regexFunctions: readonly Overload[] = [
  metered('string.matches(string): bool', matches, free),
  metered('matches(string, string): bool', matches, free),
  metered(
    'string.find(string): string',
    (meter, text: string, pattern: string) => {
      const matcher = searcher(meter, text, pattern);
      return matcher.find() ? (matcher.group() ?? '') : '';
    },
    free,
  ),
  metered(
    'string.findAll(string): list<string>',
    (meter, text: string, pattern: string) => findAll(meter, text, pattern, -1n),
    free,
  ),
  metered('string.findAll(string, int): list<string>', findAll, free),
];

function free(): number {
  return 0;
}

function matches(meter: Meter, text: string, pattern: string): boolean {
  return searcher(meter, text, pattern).find();
}

function findAll(meter: Meter, text: string, pattern: string, limit: bigint): Items {
  const matcher = searcher(meter, text, pattern);
  const found: string[] = [];
  const most = limit < 0n ? Number.POSITIVE_INFINITY : Number(limit);
  while (found.length < most && matcher.find()) {
    meter.charge(costs.match);
    found.push(matcher.group() ?? '');
  }
  return new Items(found);
}
