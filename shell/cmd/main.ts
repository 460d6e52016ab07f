import { systemClock } from '../../core/machinery/clock.ts';
import type { ColorChoice } from '../terminal/colors.ts';

// The clock's timers keep no process alive, so a command that only waits would end in the middle.
const alive = setInterval(() => undefined, 2 ** 30);
process.exitCode = await main(process.argv.slice(2)).finally(() => clearInterval(alive));

/** `wh` alone opens the shell; with a verb it runs one command. What is not needed is not loaded. */
async function main(words: readonly string[]): Promise<number> {
  if (words[0] === 'supervise') return supervise(words[2] ?? '');
  const [{ Session }, { connectCluster }, { CommandInterpreter }, { placeOf }, { runOneShot, runShell }] =
    await Promise.all([
      import('../commands/session.ts'),
      import('../commands/connect.ts'),
      import('../commands/interpreter.ts'),
      import('../commands/place.ts'),
      import('../repl/index.ts'),
    ]);
  const options = { process, clock: systemClock, color: colorChoice(words) };
  // Only flags that say where to work: the shell opens there.
  const place = placeOf(words);
  const session = new Session(connectCluster, place ?? {});
  const interpreter = new CommandInterpreter(session);
  try {
    if (place === undefined) return await runOneShot(options, (io) => interpreter.run(words, io));
    const greeting = 'Type "help" for the commands, Tab to complete, "exit" to leave.';
    return await runShell({ ...options, interpreter, greeting });
  } finally {
    session.close();
  }
}

async function supervise(profile: string): Promise<number> {
  const [{ runSupervisor }, { profileNamed }] = await Promise.all([
    import('../cluster/supervisor.ts'),
    import('../cluster/profile.ts'),
  ]);
  return runSupervisor(profileNamed(profile));
}

function colorChoice(words: readonly string[]): ColorChoice {
  const given = words.find((word) => word.startsWith('--color='))?.slice('--color='.length);
  return given === 'always' || given === 'never' ? given : 'auto';
}
