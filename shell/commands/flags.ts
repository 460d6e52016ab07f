import { UsageError } from './command.ts';
import type { Flag, Flags } from './command.ts';

/** Flags that every command knows. */
export const globalFlags: readonly Flag[] = [
  { name: 'namespace', short: 'n', type: 'string', help: 'Namespace to work in', completes: 'namespace' },
  { name: 'context', type: 'string', help: 'Kubeconfig context to use', completes: 'context' },
  { name: 'kubeconfig', type: 'string', help: 'Kubeconfig file to use', completes: 'file' },
  { name: 'profile', short: 'p', type: 'string', help: 'Local cluster to use (default "wheelhouse")' },
  { name: 'request-timeout', type: 'string', help: 'Give up on a request after this long, such as 10s' },
  { name: 'color', type: 'string', help: 'When to use colour', choices: ['auto', 'always', 'never'] },
  { name: 'help', short: 'h', type: 'boolean', help: 'Show help for the command' },
];

export interface ParsedLine {
  readonly words: readonly string[];
  readonly afterDashes: readonly string[] | undefined;
  readonly flags: Flags;
}

/**
 * Parses words as kubectl does (pflag): `--name value`, `--name=value`, `-n value`, `-nvalue`, `-it`, flags and
 * words in any order, everything after "--" left alone. Throws `UsageError` naming the flag that is wrong.
 */
export function parseFlags(words: readonly string[], known: readonly Flag[]): ParsedLine {
  const values = new Map<string, string[]>();
  const positional: string[] = [];
  let index = 0;
  const takeValue = (flag: Flag, shown: string): string => {
    const value = words[++index];
    if (value === undefined) throw new UsageError(`flag needs an argument: ${shown}`);
    return checked(flag, value, shown);
  };
  const add = (flag: Flag, value: string) => values.set(flag.name, [...(values.get(flag.name) ?? []), value]);

  for (; index < words.length; index++) {
    const word = words[index] ?? '';
    if (word === '--') return result(positional, words.slice(index + 1), values);
    if (word.startsWith('--')) {
      const equals = word.indexOf('=');
      const name = equals < 0 ? word.slice(2) : word.slice(2, equals);
      const flag = known.find((candidate) => candidate.name === name);
      if (flag === undefined) throw new UsageError(`unknown flag: --${name}`);
      if (equals >= 0) add(flag, checked(flag, word.slice(equals + 1), `--${name}`));
      else add(flag, bareValue(flag) ?? takeValue(flag, `--${name}`));
    } else if (word.startsWith('-') && word.length > 1) {
      for (let at = 1; at < word.length; at++) {
        const letter = word[at] ?? '';
        const flag = known.find((candidate) => candidate.short === letter);
        if (flag === undefined) throw new UsageError(`unknown shorthand flag: '${letter}' in ${word}`);
        const rest = word.slice(at + 1);
        const bare = bareValue(flag);
        if (bare !== undefined && !rest.startsWith('=')) {
          add(flag, bare);
          continue;
        }
        add(
          flag,
          rest === '' ? takeValue(flag, `-${letter}`) : checked(flag, rest.replace(/^=/, ''), `-${letter}`),
        );
        break;
      }
    } else positional.push(word);
  }
  return result(positional, undefined, values);
}

function bareValue(flag: Flag): string | undefined {
  return flag.type === 'boolean' ? 'true' : flag.bare;
}

function checked(flag: Flag, value: string, shown: string): string {
  if (flag.type === 'integer' && !/^[+-]?\d+$/.test(value)) {
    throw new UsageError(`invalid argument "${value}" for "${shown}": it must be a whole number`);
  }
  if (flag.type === 'boolean' && !/^(true|false|1|0|t|f)$/i.test(value)) {
    throw new UsageError(`invalid argument "${value}" for "${shown}": it must be true or false`);
  }
  if (flag.choices?.some((choice) => isChoice(choice, value)) === false) {
    throw new UsageError(
      `invalid argument "${value}" for "${shown}": it must be one of ${flag.choices.join(', ')}`,
    );
  }
  return value;
}

function isChoice(choice: string, value: string): boolean {
  return choice.endsWith('=') ? value.startsWith(choice) : value === choice;
}

function result(
  words: readonly string[],
  afterDashes: readonly string[] | undefined,
  values: ReadonlyMap<string, readonly string[]>,
): ParsedLine {
  const last = (name: string) => values.get(name)?.at(-1);
  return {
    words,
    afterDashes,
    flags: {
      string: last,
      list: (name) => values.get(name) ?? [],
      commaList: (name) => (values.get(name) ?? []).flatMap((value) => value.split(',')),
      boolean: (name) => /^(true|1|t)$/i.test(last(name) ?? ''),
      integer: (name) => (last(name) === undefined ? undefined : Number(last(name))),
      given: (name) => values.has(name),
    },
  };
}
