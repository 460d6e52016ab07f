import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { bundleProgram, PtyScreen } from './testing/pty-screen.ts';

let program: string;
let state: string;
const screens: PtyScreen[] = [];

beforeAll(async () => {
  program = await bundleProgram('shell/terminal/testing/fake-panes.ts');
  return () => rmSync(program, { force: true });
});
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'terminal-jobs-'));
});
afterEach(() => {
  for (const screen of screens.splice(0)) screen.dispose();
  rmSync(state, { recursive: true, force: true });
});

/** Our shell as a job of a real bash. */
async function job(): Promise<PtyScreen> {
  const screen = new PtyScreen('bash', ['--norc', '--noprofile', '-i'], {
    columns: 100,
    env: { PS1: 'bash$ ', XDG_STATE_HOME: state, HISTFILE: '/dev/null' },
  });
  screens.push(screen);
  await screen.shows('bash$');
  screen.type(`node ${program}\r`);
  await screen.shows('test:default>');
  return screen;
}

/** Modes the kernel's terminal driver is in, asked for by the bash that owns it again. */
async function driverModes(screen: PtyScreen): Promise<string> {
  screen.type('clear; stty -a | tr "\\n;" "  "; echo those "were" they\r');
  await screen.until('stty', () => screen.text().endsWith('those were they\nbash$'));
  // Rows are joined as the terminal broke them.
  return screen.lines().join('');
}

describe('job control', () => {
  test('Ctrl-Z stops the shell, fg brings prompt and half-typed line back', async () => {
    const screen = await job();
    screen.type('half typed');
    await screen.shows('test:default> half typed');
    screen.type('\x1a');
    await screen.shows('Stopped');
    const modes = await driverModes(screen);
    expect(modes).toContain(' icanon');
    expect(modes).toContain(' echo ');
    screen.type('clear; fg\r');
    await screen.until('the line', () => screen.text().endsWith('test:default> half typed'));
    screen.type(' and done\r');
    await screen.shows('second  line');
    screen.type('\x04');
    await screen.until('bash', () => screen.text().endsWith('bash$'));
  });

  test('Ctrl-Z in the panes gives the main screen back, fg the panes', async () => {
    const screen = await job();
    screen.type('pods 3\rpanes\r');
    await screen.until('the panes', () => screen.alternate && screen.text().includes('Pods [3]'));
    screen.type('\x1a');
    await screen.until('bash', () => !screen.alternate && screen.text().includes('Stopped'));
    expect(screen.modes.applicationCursor).toBe(false);
    screen.type('fg\r');
    await screen.until('the panes', () => screen.alternate && screen.text().includes('web-2'));
    screen.type('q');
    await screen.until('the prompt', () => !screen.alternate && screen.text().endsWith('test:default>'));
  });

  test('a stop from outside is survived too', async () => {
    const screen = await job();
    screen.type('pods 3\rpanes\r');
    await screen.until('the panes', () => screen.alternate && screen.text().includes('Pods [3]'));
    screen.type('\x1a');
    await screen.shows('Stopped');
    screen.type('kill -STOP %1; fg\r');
    await screen.until('the panes', () => screen.alternate && screen.text().includes('web-2'));
    screen.type('q\x04');
    await screen.until('bash', () => !screen.alternate && screen.text().endsWith('bash$'));
    expect(await driverModes(screen)).toContain(' icanon');
  });

  test('after kill -9 `stty sane` and `reset` are what it takes', async () => {
    const screen = await job();
    const children = execFileSync('ps', ['-o', 'pid=', '--ppid', String(screen.pty.pid)], {
      encoding: 'utf8',
    });
    process.kill(Number(children.trim()), 'SIGKILL');
    await screen.shows('Killed');
    screen.type('stty sane; printf "\\033[?2004l\\033[?1049l\\033[?25h"\r');
    expect(await driverModes(screen)).toContain(' icanon');
  });

  test('leaving gives the driver its modes back', async () => {
    const screen = await job();
    screen.type('exit 7\r');
    await screen.until('bash', () => screen.text().endsWith('bash$'));
    screen.type('echo code $?\r');
    await screen.shows('code 7');
    const modes = await driverModes(screen);
    for (const mode of [' icanon', ' echo ', ' isig', ' icrnl', ' opost']) expect(modes).toContain(mode);
  });
});
