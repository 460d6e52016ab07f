import type { CommandTerminal } from '../../repl/command-line.ts';
import { UsageError } from '../command.ts';
import type { Command, Invocation } from '../command.ts';
import { completeNames } from '../complete-targets.ts';
import { joinProcess } from '../join-process.ts';
import { containerOf, podOf } from '../pod-of.ts';
import { parseObject } from '../targets.ts';

export const exec: Command = {
  name: 'exec',
  summary: 'Run a command in a container',
  usage: '(POD | TYPE/NAME) [-c CONTAINER] [-i] [-t] -- COMMAND [ARG ...]',
  examples: [
    { says: 'A shell', line: 'exec -it web-1 -- /bin/sh' },
    { says: 'One command; its exit code becomes ours', line: 'exec web-1 -- cat /etc/hostname' },
  ],
  flags: [
    { name: 'stdin', short: 'i', type: 'boolean', help: 'Pass what is typed on to the command' },
    { name: 'tty', short: 't', type: 'boolean', help: 'Give the command a terminal' },
    { name: 'container', short: 'c', type: 'string', help: 'Container of the Pod' },
    { name: 'quiet', short: 'q', type: 'boolean', help: 'Print only what the command prints' },
  ],
  complete: (request) => completeNames(request, 'pods'),

  async run(invocation) {
    const { words, afterDashes, flags, session, io } = invocation;
    const [pod] = words;
    const command = afterDashes ?? words.slice(1);
    if (pod === undefined) throw new UsageError('pod or type/name must be specified');
    if (command.length === 0) throw new UsageError('you must specify at least one command for the container');
    const { resource, name } = parseObject([pod], await session.resources(io.signal), 'pod');
    const found = await podOf(session, resource, name, io.signal);
    const quiet = flags.boolean('quiet');
    const container = await containerOf(found, flags.string('container'), quiet ? undefined : io);
    const terminal = await terminalFor(invocation);
    const process = await session.cluster.containers.exec(
      { signal: io.signal },
      { namespace: session.namespace, name: found.metadata.name ?? '' },
      {
        command,
        container: container.name,
        stdin: flags.boolean('stdin'),
        tty: terminal !== undefined,
      },
    );
    return joinProcess(process, io, terminal);
  },
};

async function terminalFor({ flags, io }: Invocation): Promise<CommandTerminal | undefined> {
  if (!flags.boolean('tty')) return undefined;
  if (!flags.boolean('stdin')) throw new UsageError('-t needs -i: a terminal without input cannot be left');
  if (io.terminal === undefined) {
    await io.stderr.write('Unable to use a TTY - input is not a terminal or the right kind of file\n');
  }
  return io.terminal;
}
