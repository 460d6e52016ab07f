import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { bundleProgram, PtyScreen, type PtyOptions } from '../terminal/testing/pty-screen.ts';

let program: string;
let state: string;
const screens: PtyScreen[] = [];

beforeAll(async () => {
  program = await bundleProgram('shell/terminal/testing/fake-shell.ts');
  return () => rmSync(program, { force: true });
});
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'terminal-history-'));
});
afterEach(() => {
  for (const screen of screens.splice(0)) screen.dispose();
  rmSync(state, { recursive: true, force: true });
});

async function shell(options: PtyOptions = {}): Promise<PtyScreen> {
  const screen = new PtyScreen(process.execPath, [program], {
    ...options,
    env: { XDG_STATE_HOME: state, ...options.env },
  });
  screens.push(screen);
  await screen.shows('test:default> ');
  return screen;
}

const lastLine = (screen: PtyScreen) => screen.text().split('\n').at(-1);

describe('the shell in a terminal', () => {
  test('greets, runs a line and shows the code of a failing one in the prompt', async () => {
    const screen = await shell();
    expect(screen.lines().slice(0, 2)).toEqual(['hello from the test', 'test:default>']);
    screen.type('echo one two\rfail 3\r');
    await screen.shows('test:default [3]> ');
    expect(screen.lines().slice(1, 6)).toEqual([
      'test:default> echo one two',
      'one two',
      'test:default> fail 3',
      'it failed',
      'test:default [3]>',
    ]);
  });

  test('leaves on Ctrl-D with the terminal as it was', async () => {
    const screen = await shell();
    expect(screen.modes.bracketedPaste).toBe(true);
    screen.type('\x04');
    await screen.ended();
    expect(screen.exit).toEqual({ code: 0, signal: 0 });
    expect(screen.modes).toEqual({ bracketedPaste: false, mouse: 'none', applicationCursor: false });
  });

  test('edits with Emacs keys', async () => {
    const screen = await shell();
    screen.type('cho hello wrold\x01e\x05\x1bb\x1b\x7f\x19');
    await screen.until('the yanked word', () => lastLine(screen) === 'test:default> echo hello wrold');
    screen.type('\x05\x1b[D\x1b[D\x1b[D\x14\x05\x15');
    await screen.until('an empty line', () => lastLine(screen) === 'test:default>');
    screen.type('\x19\r');
    await screen.until('the output', () => screen.lines().includes('hello world'));
  });

  test('wraps long lines with wide characters and edits in the middle of them', async () => {
    const screen = await shell({ columns: 30, rows: 10 });
    screen.type(`echo ${'日本語'.repeat(8)}x`);
    await screen.until('three rows', () => screen.text().includes('x'));
    expect(screen.lines().slice(1, 4)).toEqual([
      'test:default> echo 日本語日本',
      '語日本語日本語日本語日本語日本',
      '語日本語x',
    ]);
    screen.type('\x01\x1b[C\x1b[C\x1b[C\x1b[C\x1b[Cab');
    await screen.shows('echo ab日');
    expect(screen.lines().slice(1, 4)).toEqual([
      'test:default> echo ab日本語日',
      '本語日本語日本語日本語日本語日',
      '本語日本語x',
    ]);
    screen.type('\r');
    await screen.until('the echo', () => lastLine(screen) === 'test:default>');
    expect(screen.lines().slice(1, 4).join('').replaceAll(' ', '')).toContain('ab日本語日本語');
  });

  test('Ctrl-C clears a line, cancels a command, and gives up on one that does not listen', async () => {
    const screen = await shell();
    screen.type('echo never\x03');
    await screen.shows('echo never^C\ntest:default>');
    screen.type('wait\r');
    await screen.shows('waiting');
    screen.type('\x03');
    await screen.shows('[cancelled]\ntest:default [130]>');
    screen.type('stubborn\r');
    await screen.shows('ignoring you');
    screen.type('\x03\x03');
    await screen.until('the prompt back', () => lastLine(screen) === 'test:default [130]>');
  });

  test('keeps keys typed while a command runs for the next prompt', async () => {
    const screen = await shell();
    screen.type('wait\r');
    await screen.shows('waiting');
    screen.type('echo later\x03');
    await screen.until('type-ahead', () => lastLine(screen) === 'test:default [130]> echo later');
  });

  test('hands raw bytes to a command and takes the keyboard back without losing any', async () => {
    const screen = await shell();
    screen.type('raw\r');
    await screen.shows('q ends');
    screen.type('\x03');
    await screen.shows('"\\u0003"');
    screen.type('\x1b[A');
    await screen.shows('"\\u001b[A"');
    screen.type('q');
    await screen.until('the prompt', () => lastLine(screen) === 'test:default>');
    screen.type('echo back\r');
    await screen.until('the output', () => screen.lines().includes('back'));
  });

  test('gives type-ahead to the command that borrows the keyboard', async () => {
    const screen = await shell();
    screen.type('raw\rabc');
    await screen.shows('"c"');
    screen.type('q');
    await screen.until('the prompt', () => lastLine(screen) === 'test:default>');
  });

  test('asks questions and reads standard input from the keyboard', async () => {
    const screen = await shell();
    screen.type('ask\r');
    await screen.shows('sure? ');
    screen.type('yes\r');
    await screen.shows('answer: yes');
    screen.type('ask\r');
    await screen.until('the question', () => lastLine(screen) === 'sure?');
    screen.type('\x03');
    await screen.shows('answer: none');
    screen.type('cat\rfirst\rsecond\r\x04');
    await screen.shows('got "first\\nsecond\\n"');
  });

  test('never runs a paste on its first newline', async () => {
    const screen = await shell();
    screen.type('\x1b[200~echo one\r\necho two\n\x1b[201~');
    await screen.shows('> echo two');
    expect(screen.lines()).not.toContain('one');
    screen.type('\r');
    await screen.until('both outputs', () => screen.lines().includes('two'));
    expect(screen.lines()).toContain('one');
  });

  test('continues a command that is not complete', async () => {
    const screen = await shell();
    screen.type("echo 'a\r");
    await screen.until('the continuation', () => lastLine(screen) === '>');
    screen.type("b'\r");
    await screen.shows("'a b'");
  });

  test('completes, lists and walks the list', async () => {
    const screen = await shell();
    screen.type('echo d\t');
    await screen.shows('echo database-0');
    screen.type('w\t');
    await screen.shows('web-1  web-2');
    expect(screen.lines()[1]).toBe('test:default> echo database-0 web-');
    screen.type('\t\t');
    await screen.shows('echo database-0 web-2');
    screen.type('\r');
    await screen.until('the list gone', () => !screen.text().includes('web-1'));
    screen.type('\x7f!\r');
    await screen.until('the output', () => screen.lines().includes('database-0 web-2!'));
  });

  test('suggests from history, searches it, and walks it by prefix', async () => {
    const screen = await shell();
    screen.type('echo alpha\recho beta\rfail 1\r');
    await screen.shows('[1]> ');
    screen.type('ech');
    await screen.shows('[1]> echo beta');
    screen.type('\x1b[C\r');
    await screen.until('beta twice', () => screen.lines().filter((line) => line === 'beta').length === 2);
    screen.type('\x12alp');
    await screen.shows('search history: alp');
    screen.type('\r');
    await screen.until('alpha twice', () => screen.lines().filter((line) => line === 'alpha').length === 2);
    screen.type('fa\x1b[A');
    await screen.until('the failing line', () => lastLine(screen) === 'test:default> fail 1');
  });

  test('keeps history in a private file, without secrets and lines that begin with a space', async () => {
    const screen = await shell();
    screen.type('echo kept\r echo hidden\recho create secret --from-literal=a=hunter2\recho done\r');
    await screen.until('the last output', () => screen.lines().includes('done'));
    screen.type('\x04');
    await screen.ended();
    const file = join(state, 'wheelhouse', 'history');
    expect(readFileSync(file, 'utf8')).toBe('"echo kept"\n"echo done"\n');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const again = await shell();
    again.type('\x1b[A\x1b[A');
    await again.until('the older line', () => lastLine(again) === 'test:default> echo kept');
  });

  test('puts the prompt on a line of its own after output without a newline', async () => {
    const screen = await shell();
    screen.type('partial\r');
    await screen.shows('no newline\ntest:default>');
  });

  test('clears the screen and keeps the line', async () => {
    const screen = await shell();
    screen.type('echo x\x0c');
    await screen.until('a clear screen', () => screen.lines()[0] === 'test:default> echo x');
  });

  test.each(['SIGTERM', 'SIGHUP', 'SIGINT'] as const)('restores the terminal on %s', async (signal) => {
    const screen = await shell();
    screen.type('echo half');
    await screen.shows('echo half');
    process.kill(screen.pty.pid, signal);
    await screen.ended();
    expect(screen.exit?.code).toBe({ SIGTERM: 143, SIGHUP: 129, SIGINT: 130 }[signal]);
    expect(screen.modes.bracketedPaste).toBe(false);
    expect(lastLine(screen)).toBe('test:default> echo half');
    expect(screen.cursor.column).toBe(0);
  });

  test('restores the terminal before it reports a crash', async () => {
    const screen = await shell();
    screen.type('crash\r');
    await screen.ended();
    expect(screen.exit?.code).toBe(1);
    expect(screen.modes.bracketedPaste).toBe(false);
    expect(screen.text()).toContain('crashed on purpose');
  });

  test('redraws through a storm of resizes without eating what stood above', async () => {
    const screen = await shell({ columns: 60, rows: 12 });
    screen.type('lines 5\r');
    await screen.shows('line 5\ntest:default>');
    const typed = 'echo abcdefghijklmnopqrstuvwxyz0123456789';
    screen.type(typed);
    await screen.shows(typed);
    for (const columns of [50, 33, 20, 47, 12, 80, 25, 60]) screen.resize(columns, 12);
    screen.type('!');
    await screen.until('the whole line', () => screen.text().endsWith(`test:default> ${typed}!`));
    for (let line = 1; line <= 5; line += 1) expect(screen.lines()).toContain(`line ${line}`);
  });

  test('on a dumb terminal echoes plainly and sends no escape sequence', async () => {
    const screen = new PtyScreen('env', ['TERM=dumb', process.execPath, program], {
      env: { XDG_STATE_HOME: state },
    });
    screens.push(screen);
    let bytes = '';
    screen.onBytes((chunk) => {
      bytes += chunk;
    });
    await screen.shows('test:default>');
    screen.type('echo onx\x7fe\rask\r');
    await screen.shows('sure?');
    screen.type('no\r');
    await screen.shows('answer: no');
    screen.type('\x04');
    await screen.ended();
    expect(screen.lines()).toContain('one');
    expect(bytes).not.toContain('\x1b');
  });

  test('with NO_COLOR marks nothing with colour', async () => {
    const screen = await shell({ env: { NO_COLOR: '1' } });
    let bytes = '';
    screen.onBytes((chunk) => {
      bytes += chunk;
    });
    screen.type('fail 2\r');
    await screen.shows('test:default [2]>');
    expect(bytes).not.toMatch(/\x1b\[[\d;]*[1-9]\d*m/);
  });
});
