import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { bundleProgram, PtyScreen, type PtyOptions } from '../terminal/testing/pty-screen.ts';

let program: string;
let state: string;
const screens: PtyScreen[] = [];

beforeAll(async () => {
  program = await bundleProgram('shell/terminal/testing/fake-panes.ts');
  return () => rmSync(program, { force: true });
});
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'terminal-panes-'));
});
afterEach(() => {
  for (const screen of screens.splice(0)) screen.dispose();
  rmSync(state, { recursive: true, force: true });
});

/** A shell that has run `setup` and then opened the panes. */
async function panes(setup: string, options: PtyOptions = {}): Promise<PtyScreen> {
  const screen = await prompt(setup, options);
  screen.type('panes\r');
  const last = () => screen.lines().at(-1);
  await screen.until(
    'the panes',
    () => screen.alternate && screen.text().includes('Pods [') && last() === 'test:default>',
  );
  return screen;
}

async function prompt(setup: string, options: PtyOptions = {}): Promise<PtyScreen> {
  const screen = new PtyScreen(process.execPath, [program], {
    columns: 120,
    rows: 30,
    ...options,
    env: { XDG_STATE_HOME: state },
  });
  screens.push(screen);
  await screen.shows('test:default>');
  screen.type(`${setup}\r`);
  await screen.until(
    'the next prompt',
    () => screen.cursor.column === 14 && /\n(?:line 200\n)?test:default>$/.test(screen.text()),
  );
  return screen;
}

describe('panes in a terminal', () => {
  test('show nodes and Pods side by side with a prompt below', async () => {
    const screen = await panes('pods 3');
    const lines = screen.lines();
    expect(lines[0]).toMatch(/^┌─ Nodes \[1\] ─+┐┌─ Pods \[3\] ─+┐$/);
    expect(lines[1]).toMatch(/│NAME↑ +STATUS +││NAME↑ +READY +STATUS +RESTARTS +AGE *│/);
    expect(lines[2]).toMatch(/│node-a +Ready +││web-0 +1\/1 +Running +0 +5m *│/);
    expect(lines.at(-1)).toBe('test:default>');
  });

  test('leave the screen exactly as it was, cell by cell', async () => {
    const screen = await prompt('many');
    screen.type('panes');
    await screen.shows('test:default> panes');
    const before = screen.cells();
    screen.type('\r');
    await screen.until('the panes', () => screen.alternate);
    screen.type('?');
    await screen.shows('type a command');
    screen.type('\x1b');
    await screen.until('the help closed', () => !screen.text().includes('type a command'));
    screen.type('q');
    await screen.until(
      'the prompt',
      () => !screen.alternate && screen.text().endsWith('panes\ntest:default>'),
    );
    // The screen has scrolled by the one row the new prompt took.
    expect(screen.cells().slice(0, before.length)).toEqual(before);
    expect(screen.modes).toEqual({ bracketedPaste: true, mouse: 'none', applicationCursor: false });
    screen.type('\x04');
    await screen.ended();
    expect(screen.modes.bracketedPaste).toBe(false);
  });

  test('follow what the cluster does and keep the selection on its row', async () => {
    const screen = await panes('pods 20');
    screen.type('\t\x1b[B\x1b[B\r');
    await screen.shows('did describe pod/web-2');
    screen.type('\x1b');
    await screen.until('the output closed', () => !screen.text().includes('did describe'));
    screen.type(':pods 12\r');
    await screen.shows('Pods [12]');
  });

  test('run keys as commands, show them, and make their output harmless', async () => {
    const screen = await panes('pods 3');
    screen.type('\ty');
    await screen.shows('> yaml pod/web-0');
    expect(screen.text()).toContain('did yaml pod/web-0');
    expect(screen.text()).toContain('second  line');
    screen.type('\x1b');
    await screen.until('the output closed', () => !screen.text().includes('second  line'));
    screen.type('l');
    await screen.shows('did logs pod/web-0');
  });

  test('ask before they delete', async () => {
    const screen = await panes('pods 3');
    screen.type('\t\x04');
    await screen.shows('delete pod/web-0   in test. Go on? y/N');
    screen.type('n\r');
    await screen.shows('not deleted');
    screen.type('\x04y\r');
    await screen.shows('did delete pod/web-0');
  });

  test('filter, with ! for the rest, and sort', async () => {
    const screen = await panes('pods 30');
    screen.type('\t/web-2');
    await screen.shows('Pods [11/30 /web-2]');
    screen.type('\r');
    await screen.shows('test:default>');
    screen.type('N');
    await screen.until(
      'the other order',
      () => /NAME↓/.test(screen.text()) && /││web-29/.test(screen.lines()[2] ?? ''),
    );
    screen.type('/\x15!web-2\r');
    await screen.shows('Pods [19/30 /!web-2]');
    screen.type('\x1b');
    await screen.shows('Pods [30]');
  });

  test('keep data and say since when the core is gone', async () => {
    const screen = await panes('pods 3');
    screen.type(':disconnect\r');
    await screen.shows('disconnected since 03:04:05, retrying: connection refused');
    expect(screen.text()).toContain('Pods [3] stale');
    expect(screen.text()).toContain('web-2');
    screen.type(':connect\r');
    await screen.until('the banner gone', () => !screen.text().includes('disconnected since'));
  });

  test('survive a storm of sizes, the smallest too', async () => {
    const screen = await panes('pods 500');
    for (const [columns, rows] of [
      [80, 24],
      [40, 10],
      [10, 3],
      [2, 1],
      [200, 60],
      [5, 5],
      [120, 30],
    ] as const) {
      screen.resize(columns, rows);
    }
    await screen.until('both tables', () => /Nodes \[1\].*Pods \[500\]/.test(screen.lines()[0] ?? ''));
    await screen.until('the prompt row', () => screen.lines()[29]?.startsWith('test:default>') === true);
    screen.resize(40, 12);
    await screen.until('one table', () => /^┌─ Nodes \[1\] ─+┐$/.test(screen.lines()[0] ?? ''));
    screen.type('\t');
    await screen.shows('Pods [500]');
  });

  test('draw hostile names without harm', async () => {
    const screen = await panes('hostile');
    const rows = screen.lines().slice(2, 11);
    for (const row of rows) {
      expect(row.startsWith('│')).toBe(true);
      expect(row.endsWith('│')).toBe(true);
    }
    const text = screen.text();
    for (const shown of [
      'red ',
      'line break',
      '日本語の名前',
      '□',
      'evil-rtl',
      'عربي',
      '{bold}tags{/bold}',
      'long-xxx',
    ])
      expect(text).toContain(shown);
    expect(text).not.toContain('title');
    expect(text).not.toContain('\u202e');
    // The right edge of every row is where the frame has it: nothing was wider or narrower than believed.
    for (const row of screen.cells().slice(2, 11)) expect(row.split('|')[119]).toMatch(/^│/);
  });

  test('lend the whole screen to a command that takes the keyboard, and come back', async () => {
    const screen = await panes('pods 3');
    screen.type(':raw\r');
    await screen.until(
      'the main screen',
      () => !screen.alternate && screen.text().includes('raw output, q ends'),
    );
    screen.type('\x03');
    await screen.shows('"\\u0003"');
    screen.type('q');
    await screen.until('the panes back', () => screen.alternate && screen.text().includes('Pods [3]'));
  });

  test('scroll output by line, page and end', async () => {
    const screen = await panes('pods 3');
    screen.type(':many\r');
    await screen.shows('│line 1 ');
    screen.type('G');
    await screen.shows('│line 200 ');
    screen.type('\x1b[5~');
    await screen.until('a page up', () => !screen.text().includes('line 200 '));
    screen.type('g');
    await screen.shows('│line 1 ');
  });

  test.each(['SIGTERM', 'SIGHUP'] as const)('restore the main screen on %s', async (signal) => {
    const screen = await panes('pods 3');
    process.kill(screen.pty.pid, signal);
    await screen.ended();
    expect(screen.alternate).toBe(false);
    expect(screen.modes).toEqual({ bracketedPaste: false, mouse: 'none', applicationCursor: false });
  });
});
