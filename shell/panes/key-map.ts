import type { Binding } from '../repl/key-map.ts';
import type { PaneAction } from './pane-model.ts';

export type PanesAction =
  | PaneAction
  | 'back'
  | 'command'
  | 'filter'
  | 'focus-next'
  | 'focus-previous'
  | 'help'
  | 'interrupt'
  | 'line-down'
  | 'line-up'
  | 'page-down'
  | 'page-up'
  | 'redraw'
  | 'sort-age'
  | 'sort-name'
  | 'sort-namespace'
  | 'sort-status'
  | 'suspend'
  | 'to-end'
  | 'to-start'
  | 'wrap';

/** k9s's keys where it has them. The help is printed from this table. */
export const panesKeys: readonly Binding<PanesAction>[] = [
  { keys: [':'], action: 'command', help: 'type a command' },
  { keys: ['/'], action: 'filter', help: 'filter: words that must occur, ! in front for the rest' },
  { keys: ['Tab'], action: 'focus-next', help: 'next pane' },
  { keys: ['Shift-Tab'], action: 'focus-previous', help: 'previous pane' },
  { keys: ['↓', 'j'], action: 'line-down', help: 'down' },
  { keys: ['↑', 'k'], action: 'line-up', help: 'up' },
  { keys: ['PgDn', 'Ctrl-F', 'Space'], action: 'page-down', help: 'a page down' },
  { keys: ['PgUp', 'Ctrl-B'], action: 'page-up', help: 'a page up' },
  { keys: ['g', 'Home'], action: 'to-start', help: 'to the first row' },
  { keys: ['G', 'End'], action: 'to-end', help: 'to the last row; follow the output' },
  { keys: ['Enter', 'd'], action: 'describe', help: 'describe' },
  { keys: ['y'], action: 'yaml', help: 'show as YAML' },
  { keys: ['l'], action: 'logs', help: 'follow logs' },
  { keys: ['p'], action: 'previous-logs', help: 'logs of the previous run' },
  { keys: ['s'], action: 'shell', help: 'open a shell inside' },
  { keys: ['Ctrl-D'], action: 'delete', help: 'delete, after asking' },
  { keys: ['N'], action: 'sort-name', help: 'sort by name, again to turn round' },
  { keys: ['A'], action: 'sort-age', help: 'sort by age' },
  { keys: ['S'], action: 'sort-status', help: 'sort by status' },
  { keys: ['P'], action: 'sort-namespace', help: 'sort by namespace' },
  { keys: ['w'], action: 'wrap', help: 'wrap long lines of output, or cut them' },
  { keys: ['Ctrl-L'], action: 'redraw', help: 'draw the screen again' },
  { keys: ['?', 'h'], action: 'help', help: 'this help' },
  { keys: ['Ctrl-C'], action: 'interrupt', help: 'cancel what runs; leave when nothing does' },
  { keys: ['Ctrl-Z'], action: 'suspend', help: 'stop, as any other program' },
  { keys: ['q', 'Esc'], action: 'back', help: 'close the output, clear the filter, back to the prompt' },
];
