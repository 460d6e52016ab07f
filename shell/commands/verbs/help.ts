import { UsageError } from '../command.ts';
import type { Command } from '../command.ts';
import { helpText, overview } from '../help-text.ts';
import { findCommand, verbNames } from '../registry.ts';

export const help: Command = {
  name: 'help',
  summary: 'Show the commands, or help for one of them',
  usage: '[COMMAND]',
  examples: [{ says: 'What can be applied and how', line: 'help apply' }],
  flags: [],
  complete: ({ words, word }) =>
    Promise.resolve(
      words.length > 0 ? [] : verbNames.filter((name) => name.startsWith(word)).map((text) => ({ text })),
    ),

  async run({ words, io }) {
    const [name, child] = words;
    if (name === undefined) {
      await io.stdout.write(await overview());
      return 0;
    }
    const command = await findCommand(name);
    if (command === undefined) throw new UsageError(`unknown command "${name}"`);
    const subcommand = command.subcommands?.find((candidate) => candidate.name === child);
    await io.stdout.write(
      subcommand === undefined ? helpText(command, name) : helpText(subcommand, `${name} ${subcommand.name}`),
    );
    return 0;
  },
};
