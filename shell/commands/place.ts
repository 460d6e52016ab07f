import type { Flags } from './command.ts';
import { globalFlags, parseFlags } from './flags.ts';
import type { Place } from './session.ts';

/** Where the flags of a command say to work. */
export function placeFrom(flags: Flags): Place {
  return {
    profile: flags.string('profile'),
    kubeconfig: flags.string('kubeconfig'),
    context: flags.string('context'),
    namespace: flags.string('namespace'),
  };
}

/** The place that words consisting of nothing but such flags name; undefined when there is a command among them. */
export function placeOf(words: readonly string[]): Place | undefined {
  try {
    const { words: rest, flags } = parseFlags(words, globalFlags);
    return rest.length === 0 && !flags.boolean('help') ? placeFrom(flags) : undefined;
  } catch {
    return undefined;
  }
}

/** Moves flags that stand before the verb to the end, as in `-n dev get pods`, which kubectl accepts too. */
export function verbFirst(line: readonly string[]): readonly string[] {
  const words = withoutProgram(line);
  const leading: string[] = [];
  let index = 0;
  for (; words[index]?.startsWith('-') === true; index++) {
    const word = words[index] ?? '';
    const flag = globalFlags.find(({ name, short }) => word === `--${name}` || word === `-${short}`);
    // By its long name, because a verb may use the letter for something else.
    leading.push(flag === undefined ? word : `--${flag.name}`);
    if (flag !== undefined && flag.type !== 'boolean') leading.push(words[++index] ?? '');
  }
  const rest = withoutProgram(words.slice(index));
  if (rest.length === 0) return words;
  const dashes = rest.indexOf('--');
  return dashes < 0 ? [...rest, ...leading] : [...rest.slice(0, dashes), ...leading, ...rest.slice(dashes)];
}

/** People paste lines from elsewhere: a leading "kubectl" or "wh" changes nothing. */
export function withoutProgram(words: readonly string[]): readonly string[] {
  return words[0] === 'kubectl' || words[0] === 'wh' ? words.slice(1) : words;
}
