import { alignColumns } from '../../core/printers/columns-text.ts';
import type { Command, Flag } from './command.ts';
import { globalFlags } from './flags.ts';
import { allCommands } from './registry.ts';

/** The verbs in the order people meet them. */
const sections: readonly (readonly [title: string, names: readonly string[]])[] = [
  ['Look', ['get', 'describe', 'events', 'logs', 'panes']],
  ['Change', ['apply', 'create', 'delete', 'scale', 'rollout']],
  ['Work in containers', ['exec', 'attach', 'port-forward']],
  ['Nodes', ['cordon', 'uncordon', 'drain']],
  [
    'The cluster',
    [
      'up',
      'down',
      'status',
      'delete',
      'kubeconfig',
      'user',
      'certificates',
      'encryption',
      'namespace',
      'version',
      'api-resources',
    ],
  ],
];

/** The page that `help` alone shows. */
export async function overview(): Promise<string> {
  const commands = new Map((await allCommands()).map((command) => [command.name, command]));
  const blocks = sections.map(([title, names]) => {
    const rows = names.flatMap((name) => {
      const command = commands.get(name);
      return command === undefined ? [] : [[`  ${command.name}`, command.summary]];
    });
    return `${title}:\n${alignColumns(rows).join('\n')}`;
  });
  return `${[
    'wh steers a Wheelhouse cluster. Without a command it opens the shell; a leading "kubectl" is ignored.',
    ...blocks,
    'wh help COMMAND says more, with examples.',
  ].join('\n\n')}\n`;
}

/** The page of one verb. */
export function helpText(command: Command, path: string): string {
  const parts = [
    command.summary,
    `Usage:\n  wh ${path} ${command.usage}`,
    ...(command.examples.length === 0 ? [] : [`Examples:\n${command.examples.map(example).join('\n')}`]),
    ...(command.subcommands === undefined ? [] : [`Subcommands:\n${subcommands(command.subcommands)}`]),
    ...(command.flags.length === 0 ? [] : [`Flags:\n${flagLines(command.flags)}`]),
    `Flags of every command:\n${flagLines(globalFlags)}`,
  ];
  return `${parts.join('\n\n')}\n`;
}

function example({ says, line }: { readonly says: string; readonly line: string }): string {
  return `  # ${says}\n  wh ${line}`;
}

function subcommands(commands: readonly Command[]): string {
  return alignColumns(commands.map(({ name, summary }) => [`  ${name}`, summary])).join('\n');
}

function flagLines(flags: readonly Flag[]): string {
  const rows = flags.map((flag) => {
    const short = flag.short === undefined ? '    ' : `-${flag.short}, `;
    const value = flag.type === 'boolean' ? '' : `=${flag.choices?.join('|') ?? flag.type.toUpperCase()}`;
    return [`  ${short}--${flag.name}${value}`, flag.help];
  });
  return alignColumns(rows).join('\n');
}
