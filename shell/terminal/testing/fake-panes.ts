// Panes over made-up models, run by tests in a real terminal. Nothing here is used by the product.
import { systemClock } from '../../../core/machinery/clock.ts';
import type { PaneModel, PaneRow, PaneState } from '../../panes/index.ts';
import { showPanes } from '../../panes/index.ts';
import type { CommandIo, Interpreter } from '../../repl/index.ts';
import { runShell } from '../../repl/index.ts';

const listeners = new Set<() => void>();
let podRows: readonly PaneRow[] = [];
let state: PaneState = { kind: 'live' };

const pods: PaneModel = {
  title: 'Pods',
  columns: [
    { name: 'NAME', priority: 0 },
    { name: 'READY', priority: 1 },
    { name: 'STATUS', priority: 0 },
    { name: 'RESTARTS', align: 'right', priority: 2 },
    { name: 'AGE', align: 'right', priority: 1 },
  ],
  get state() {
    return state;
  },
  rows: () => podRows,
  subscribe(listener) {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};

const node: PaneRow = {
  id: 'node-a',
  cells: () => [{ text: 'node-a' }, { text: 'Ready', severity: 'good' }],
  command: (action) => (action === 'describe' ? 'describe node/node-a' : undefined),
};
const nodeRows = [node];
const nodes: PaneModel = {
  title: 'Nodes',
  columns: [
    { name: 'NAME', priority: 0 },
    { name: 'STATUS', priority: 0 },
  ],
  get state() {
    return state;
  },
  rows: () => nodeRows,
  subscribe: (listener) => pods.subscribe(listener),
};

function pod(name: string, status = 'Running'): PaneRow {
  return {
    id: name,
    cells: () => [
      { text: name },
      { text: '1/1' },
      { text: status, severity: status === 'Running' ? 'good' : 'error' },
      { text: '0' },
      { text: '5m' },
    ],
    command: (action) => `${action} pod/${name}`,
  };
}

function change(rows: readonly PaneRow[], next: PaneState = { kind: 'live' }): void {
  podRows = rows;
  state = next;
  for (const listener of listeners) listener();
}

const hostileNames = [
  '\x1b[31mred\x1b]0;title\x07',
  'line\r\nbreak',
  '日本語の名前',
  'emoji-👩‍👩‍👧‍👦-🇩🇪-❤️-end',
  '\u202eevil-rtl',
  'عربي',
  `zalgo-e${'\u0301'.repeat(50)}`,
  '{bold}tags{/bold}',
  `long-${'x'.repeat(10_240)}`,
];

const interpreter: Interpreter = {
  where: { context: 'test', namespace: 'default', protected: false },
  needsMore: () => false,
  async complete() {
    return { from: 0, items: [] };
  },
  execute,
};

async function execute(line: string, io: CommandIo): Promise<number> {
  const [verb = '', argument = ''] = line.split(' ');
  switch (verb) {
    case 'panes':
      if (io.terminal === undefined) return 1;
      await showPanes({
        terminal: io.terminal,
        panes: [
          { model: nodes, weight: 2 },
          { model: pods, weight: 3 },
        ],
        interpreter,
        clock: systemClock,
        signal: io.signal,
      });
      return 0;
    case 'pods':
      change(Array.from({ length: Number(argument) }, (_, index) => pod(`web-${index}`)));
      return 0;
    case 'hostile':
      change(hostileNames.map((name) => pod(name, 'Failed')));
      return 0;
    case 'disconnect':
      change(podRows, {
        kind: 'stale',
        sinceMs: new Date(2026, 0, 2, 3, 4, 5).getTime(),
        reason: 'connection refused',
      });
      return 0;
    case 'connect':
      change(podRows);
      return 0;
    case 'raw': {
      const lease = io.terminal?.borrowBytes();
      if (lease === undefined) return 1;
      await io.stdout.write('\x1b[1mraw\x1b[0m output, q ends\r\n');
      for await (const chunk of lease.input) {
        await io.stdout.write(`${JSON.stringify(Buffer.from(chunk).toString())}\r\n`);
        if (chunk[0] === 0x71) break;
      }
      lease.release();
      return 0;
    }
    case 'many':
      for (let index = 1; index <= 200; index += 1) await io.stdout.write(`line ${index}\n`);
      return 0;
    default:
      await io.stdout.write(`did ${line}\n\x1b[2Jsecond\tline\n`);
      return 0;
  }
}

process.exitCode = await runShell({ process, clock: systemClock, color: 'auto', interpreter });
process.exit();
