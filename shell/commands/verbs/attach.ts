import { UsageError } from '../command.ts';
import type { Command } from '../command.ts';
import { completeNames } from '../complete-targets.ts';
import { joinProcess } from '../join-process.ts';
import { containerOf, podOf } from '../pod-of.ts';
import { parseObject } from '../targets.ts';

export const attach: Command = {
  name: 'attach',
  summary: 'Join the process a container was started with',
  usage: '(POD | TYPE/NAME) [-c CONTAINER] [-i] [-t]',
  examples: [
    { says: 'What it prints from now on', line: 'attach web-1' },
    { says: 'And type into it, where it has a terminal', line: 'attach -it console-1' },
  ],
  flags: [
    { name: 'stdin', short: 'i', type: 'boolean', help: 'Pass what is typed on to the process' },
    { name: 'tty', short: 't', type: 'boolean', help: 'Use its terminal' },
    { name: 'container', short: 'c', type: 'string', help: 'Container of the Pod' },
    { name: 'quiet', short: 'q', type: 'boolean', help: 'Print only what the process prints' },
  ],
  complete: (request) => completeNames(request, 'pods'),

  async run({ words, flags, session, io }) {
    const { signal } = io;
    if (words.length === 0) throw new UsageError('at least 1 argument is required for attach');
    if (words.length > 1)
      throw new UsageError('expected POD, TYPE/NAME, or TYPE NAME, (at most 2 arguments) saw too many');
    const { resource, name } = parseObject(words, await session.resources(signal), 'pod');
    const pod = await podOf(session, resource, name, signal);
    const { phase = 'Pending' } = pod.status;
    if (phase === 'Succeeded' || phase === 'Failed')
      throw new Error(`cannot attach a container in a completed pod; current phase is ${phase}`);
    const quiet = flags.boolean('quiet');
    const container = await containerOf(pod, flags.string('container'), quiet ? undefined : io);
    const stdin = flags.boolean('stdin');
    const hasTerminal = container.tty === true;
    if (flags.boolean('tty') && !hasTerminal && !quiet)
      await io.stderr.write(
        `error: Unable to use a TTY - container ${container.name} did not allocate one\n`,
      );
    const terminal = flags.boolean('tty') && stdin && hasTerminal ? io.terminal : undefined;
    if (stdin && !quiet)
      await io.stderr.write(
        'All commands and output from this session will be recorded in container logs, including credentials and sensitive information passed through the command prompt.\n' +
          "If you don't see a command prompt, try pressing enter.\n",
      );
    const process = await session.cluster.containers.attach(
      { signal },
      { namespace: session.namespace, name: pod.metadata.name ?? '' },
      { container: container.name, stdin, tty: hasTerminal },
    );
    return joinProcess(process, io, terminal);
  },
};
