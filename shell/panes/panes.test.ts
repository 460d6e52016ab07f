import { describe, expect, test } from 'vitest';
import { systemClock } from '../../core/machinery/clock.ts';
import type { CommandIo, Interpreter } from '../repl/command-line.ts';
import { KeyDecoder } from '../terminal/key-decoder.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { Panes } from './panes.ts';
import { FakeModel, row } from './testing/pane-models.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

function setUp({ isProtected = false, run = async (): Promise<number> => 0 } = {}) {
  const ran: string[] = [];
  const ios: CommandIo[] = [];
  const answers: (string | undefined)[] = [];
  const interpreter: Interpreter = {
    where: { context: 'production', namespace: 'default', protected: isProtected },
    needsMore: () => false,
    complete: async (line, cursor) => ({ from: 0, items: [{ text: `${line.slice(0, cursor)}-completed` }] }),
    async execute(line, io) {
      ran.push(line);
      ios.push(io);
      if (line === 'ask') answers.push(await io.terminal?.ask('Really? '));
      if (line === 'many')
        for (let index = 1; index < 100; index += 1) await io.stdout.write(`line ${index}\n`);
      return run();
    },
  };
  const terminal: Terminal = {
    columns: 120,
    rows: 30,
    colors: false,
    addressable: true,
    onResize: () => () => undefined,
    write: () => undefined,
    drained: async () => undefined,
    borrowKeys: () => ({ release: () => undefined }),
    borrowBytes: () => ({ input: (async function* () {})(), release: () => undefined }),
    suspend: () => undefined,
  };
  const model = new FakeModel('Pods', [row('web-1').build(), row('web-2').build()]);
  let left = false;
  const panes = new Panes({
    terminal,
    panes: [
      { model: new FakeModel('Nodes', [row('node-a').build()]), weight: 2 },
      { model, weight: 3 },
    ],
    interpreter,
    clock: systemClock,
    drawNow: () => undefined,
    drawSoon: () => undefined,
    leave: () => {
      left = true;
    },
  });
  const screen = () => panes.draw(120, 30).toLines().join('\n');
  const press = (text: string) => {
    const decoder = new KeyDecoder();
    const events = [...decoder.pushText(text), ...decoder.flush()];
    return events.map(({ event }) => panes.handle(event));
  };
  return { panes, press, screen, model, ran, ios, answers, left: () => left };
}

describe('Panes', () => {
  test('ask for the name of a protected context before they delete', async () => {
    const { press, screen, ran } = setUp({ isProtected: true });
    press('\t\x04');
    expect(screen()).toContain(
      "delete pod/web-1   in PROTECTED production. Type the context's name to go on:",
    );
    press('y\r');
    expect(ran).toEqual([]);
    press('\x04production\r');
    expect(ran).toEqual(['delete pod/web-1']);
  });

  test('show the whole of a question, however long the name', () => {
    const name = `web-${'x'.repeat(250)}-end`;
    const { panes, press, model } = setUp();
    model.set([row(name).build()]);
    press('\t\x04');
    const lines = panes.draw(80, 24).toLines();
    expect(lines.slice(-5, -1).join('')).toBe(`delete pod/${name}   in production. Go on? y/N`);
    expect(panes.draw(80, 24).cursor).toEqual({ row: 23, column: 0 });
  });

  test('say so when a key makes no sense for what is selected', () => {
    const { press, screen, ran } = setUp();
    press('s');
    expect(ran).toEqual([]);
    expect(screen()).toContain('this has no shell');
  });

  test("answer a command's question on the input line", async () => {
    const { press, screen, answers } = setUp();
    press(':ask\r');
    expect(screen().split('\n').at(-1)).toContain('Really?');
    press('maybe\r');
    await turn();
    press(':ask\r\x1b');
    await turn();
    expect(answers).toEqual(['maybe', undefined]);
  });

  test('cancel what runs with Ctrl-C, and leave with it when nothing does', async () => {
    let finish: (code: number) => void = () => undefined;
    const waiting = new Promise<number>((resolve) => {
      finish = resolve;
    });
    const { press, screen, ios, left } = setUp({ run: () => waiting });
    press(':logs -f x\r');
    expect(screen()).toContain('running: logs -f x   Ctrl-C cancels');
    press('\x03');
    expect(ios[0]?.signal.aborted).toBe(true);
    finish(1);
    await turn();
    expect(screen()).toContain('> logs -f x [130]');
    expect(left()).toBe(false);
    press('\x03');
    expect(left()).toBe(true);
  });

  test('cancel a running command when another one is started', () => {
    const { press, ios } = setUp({ run: () => new Promise<number>(() => undefined) });
    press(':first\r');
    press(':second\r');
    expect(ios.map(({ signal }) => signal.aborted)).toEqual([true, false]);
  });

  test('show a snapshot from its top and tell a failing code', async () => {
    const { press, screen } = setUp();
    press(':many\r');
    await turn();
    expect(screen()).toContain('│line 1 ');
    const failing = setUp({ run: async () => 3 });
    failing.press(':many\r');
    await turn();
    expect(failing.screen()).toContain('> many [3]');
  });

  test('recall, complete and edit on the input line', async () => {
    const { press, screen, ran } = setUp();
    press(':get pods\r');
    press(':\x1b[A -A\r');
    expect(ran).toEqual(['get pods', 'get pods -A']);
    press(':x\t');
    await turn();
    expect(screen().split('\n').at(-1)).toBe('production:default> x-completed');
    press('\x15\x7f');
    expect(screen().split('\n').at(-1)).toBe('production:default>');
  });

  test('take a pasted text as one line and never run it by themselves', () => {
    const { press, screen, ran } = setUp();
    press(':\x1b[200~delete pod/a\ndelete pod/b\n\x1b[201~');
    expect(ran).toEqual([]);
    expect(screen().split('\n').at(-1)).toBe('production:default> delete pod/a delete pod/b');
  });

  test('keep keys typed behind the one that leaves', () => {
    const { press, left } = setUp();
    expect(press('qget')).toEqual([undefined, 'keep', 'keep', 'keep']);
    expect(left()).toBe(true);
  });

  test('draw every size there is', () => {
    const { panes, press } = setUp();
    for (const keys of ['', '?', '\t', ':typing']) {
      press(keys);
      for (const [columns, rows] of [
        [1, 1],
        [2, 2],
        [3, 5],
        [10, 3],
        [89, 4],
        [90, 20],
        [300, 100],
      ] as const) {
        const lines = panes.draw(columns, rows).toLines();
        expect(lines).toHaveLength(rows);
      }
    }
  });
});
