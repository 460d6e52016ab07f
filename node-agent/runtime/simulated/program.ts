/** What a simulated process does, decided when it starts. */
export interface Run {
  readonly output: readonly OutputLine[];
  /** Undefined: until it is stopped. */
  readonly lastsMs: number | undefined;
  readonly exitCode: number;
}

export interface OutputLine {
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
}

const unitsMs: Readonly<Record<string, number>> = {
  '': 1_000,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/**
 * Plays the few commands whose outcome tests and demonstrations depend on: sleep, true, false, exit, echo, hostname
 * and env, alone or as `sh -c` with several of them. Undefined for any other, which the caller takes for a program
 * that runs until it is stopped, or one it cannot run at all.
 */
export function play(argv: readonly string[], environment: Environment): Run | undefined {
  const [program, ...args] = argv;
  if (program === undefined) return undefined;
  const name = program.slice(program.lastIndexOf('/') + 1);
  if (name === 'sh' || name === 'ash' || name === 'bash') return playScript(args, environment);
  return Object.hasOwn(commands, name) ? commands[name]?.(args, environment) : undefined;
}

export interface Environment {
  readonly hostname: string;
  readonly env: readonly { readonly name: string; readonly value: string }[];
}

const commands: Readonly<
  Record<string, (args: readonly string[], environment: Environment) => Run | undefined>
> = {
  true: () => ended(0),
  false: () => ended(1),
  exit(args) {
    const code = Number.parseInt(args[0] ?? '0', 10);
    return Number.isNaN(code) ? ended(2, [], [`exit: not a number: ${args[0]}`]) : ended(code & 0xff);
  },
  echo: (args) => ended(0, [args.join(' ')]),
  hostname: (_, { hostname }) => ended(0, [hostname]),
  env: (args, environment) => (args.length === 0 ? commands['printenv']?.(args, environment) : undefined),
  printenv(args, { env }) {
    if (args.length === 0)
      return ended(
        0,
        env.map(({ name, value }) => `${name}=${value}`),
      );
    const found = env.findLast(({ name }) => name === args[0]);
    return found === undefined ? ended(1) : ended(0, [found.value]);
  },
  sleep(args) {
    if (args[0] === 'infinity') return { output: [], lastsMs: undefined, exitCode: 0 };
    const [, amount, unit] = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(args[0] ?? '') ?? [];
    if (amount === undefined) return ended(1, [], [`sleep: invalid time interval "${args[0] ?? ''}"`]);
    return { output: [], lastsMs: Number(amount) * (unitsMs[unit ?? ''] ?? 1_000), exitCode: 0 };
  },
};

/** `sh -c "a; b && c"` with plain words, one after the other. Undefined as soon as a statement is beyond this. */
function playScript(args: readonly string[], environment: Environment): Run | undefined {
  const [flag, ...rest] = args;
  const script = flag === '-c' ? rest.find((word) => word !== '--') : undefined;
  if (script === undefined || /[|<>()`{}]|\bwhile\b|\bfor\b|\bif\b|\btrap\b/.test(script)) return undefined;
  const output: OutputLine[] = [];
  let lastsMs = 0;
  let exitCode = 0;
  for (const [, joint, statement] of script.matchAll(/(^|;|&&|\n)([^;&\n]*)/g)) {
    const argv = words(statement ?? '', environment);
    if (argv.length === 0 || (joint === '&&' && exitCode !== 0)) continue;
    const run = play(argv, environment);
    if (run === undefined) return undefined;
    output.push(...run.output);
    exitCode = run.exitCode;
    if (run.lastsMs === undefined) return { output, lastsMs: undefined, exitCode };
    lastsMs += run.lastsMs;
    if (argv[0] === 'exit') break;
  }
  return { output, lastsMs, exitCode };
}

/** Words of a statement, quotes taken off and `$NAME` filled in outside single quotes. */
function words(statement: string, environment: Environment): string[] {
  return [...statement.matchAll(/'([^']*)'|"([^"]*)"|[^\s'"]+/g)].map(
    (match) => match[1] ?? expand(match[2] ?? match[0], environment),
  );
}

function expand(word: string, { env }: Environment): string {
  return word.replaceAll(
    /\$(\w+)/g,
    (_, name: string) => env.findLast((each) => each.name === name)?.value ?? '',
  );
}

function ended(exitCode: number, stdout: readonly string[] = [], stderr: readonly string[] = []): Run {
  const output = [
    ...stdout.map((text) => ({ stream: 'stdout', text }) as const),
    ...stderr.map((text) => ({ stream: 'stderr', text }) as const),
  ];
  return { output, lastsMs: 0, exitCode };
}
