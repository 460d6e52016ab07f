import { EventEmitter } from 'node:events';
import { describe, expect, test } from 'vitest';
import type { Clock } from '../../core/machinery/clock.ts';
import { keyLabel } from './key-decoder.ts';
import type { InputEvent } from './keys.ts';
import { ProcessTerminal } from './process-terminal.ts';

class Keyboard extends EventEmitter {
  raw: boolean[] = [];
  setRawMode(raw: boolean): void {
    this.raw.push(raw);
  }
  resume(): void {}
  pause(): void {}
  type(text: string): void {
    this.emit('data', Buffer.from(text));
  }
}

class Screen extends EventEmitter {
  columns = 80;
  rows = 24;
  written = '';
  write(chunk: string | Uint8Array): boolean {
    this.written += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
    return true;
  }
}

function setUp({ hold = true } = {}) {
  const keyboard = new Keyboard();
  const screen = new Screen();
  const timers: (() => void)[] = [];
  const clock: Clock = {
    now: () => 0,
    monotonicMs: () => 0,
    after(_, callback) {
      timers.push(callback);
      return () => timers.splice(timers.indexOf(callback), 1);
    },
  };
  const log: string[] = [];
  const terminal = new ProcessTerminal({
    input: keyboard,
    output: screen,
    clock,
    colors: false,
    addressable: true,
    hold,
    onGone: () => log.push('gone'),
    stopProcess: () => log.push('stopped'),
  });
  if (hold) terminal.open();
  const collector = () => {
    const keys: string[] = [];
    const handler = (event: InputEvent) =>
      void keys.push(event.kind === 'key' ? keyLabel(event) : event.kind);
    return { keys, handler };
  };
  return { keyboard, screen, terminal, log, timers, collector };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('ProcessTerminal', () => {
  test('gives keys to the latest borrower and back to the one before', async () => {
    const { keyboard, terminal, collector } = setUp();
    const first = collector();
    const second = collector();
    terminal.borrowKeys(first.handler);
    keyboard.type('a');
    const lease = terminal.borrowKeys(second.handler);
    keyboard.type('b');
    lease.release();
    lease.release();
    keyboard.type('c');
    expect(first.keys).toEqual(['a', 'c']);
    expect(second.keys).toEqual(['b']);
  });

  test('keeps what is typed while nobody reads, and what a borrower does not want', async () => {
    const { keyboard, terminal, collector } = setUp();
    keyboard.type('ab');
    const watching = terminal.borrowKeys((event) =>
      event.kind === 'key' && event.ctrl ? undefined : 'keep',
    );
    await turn();
    keyboard.type('\x03c');
    watching.release();
    const last = collector();
    terminal.borrowKeys(last.handler);
    await turn();
    expect(last.keys).toEqual(['a', 'b', 'c']);
  });

  test('passes bytes on as they are and returns the unread ones to the keys', async () => {
    const { keyboard, terminal, collector } = setUp();
    const prompt = collector();
    terminal.borrowKeys(prompt.handler);
    const lease = terminal.borrowBytes();
    keyboard.type('\x1b[A');
    keyboard.type('q');
    const reader = lease.input[Symbol.asyncIterator]();
    const { value } = (await reader.next()) as { value: Uint8Array };
    expect(Buffer.from(value).toString()).toBe('\x1b[A');
    lease.release();
    await turn();
    expect(prompt.keys).toEqual(['q']);
    expect((await reader.next()).done).toBe(true);
  });

  test('takes the answer to a question of its own out of raw bytes', async () => {
    const { keyboard, terminal } = setUp();
    terminal.requestCursor();
    const lease = terminal.borrowBytes();
    keyboard.type('x\x1b[3;7Ry');
    keyboard.type('\x1b[3;7R');
    const reader = lease.input[Symbol.asyncIterator]();
    const texts = [await reader.next(), await reader.next()].map(({ value }) =>
      Buffer.from(value as Uint8Array).toString(),
    );
    expect(texts).toEqual(['xy', '\x1b[3;7R']);
  });

  test('waits a little before it believes in a lone Escape', () => {
    const { keyboard, terminal, timers, collector } = setUp();
    const prompt = collector();
    terminal.borrowKeys(prompt.handler);
    keyboard.type('\x1b');
    expect(prompt.keys).toEqual([]);
    timers[0]?.();
    expect(prompt.keys).toEqual(['Esc']);
    keyboard.type('\x1b');
    keyboard.type('[A');
    expect(prompt.keys).toEqual(['Esc', '↑']);
  });

  test('tells borrowers when they are covered, uncovered, stopped and continued', () => {
    const { terminal, log } = setUp();
    const options = (name: string) => ({
      enter: (reason: string) => void log.push(`${name} enter ${reason}`),
      leave: (reason: string) => void log.push(`${name} leave ${reason}`),
    });
    terminal.borrowKeys(() => undefined, options('prompt'));
    const panes = terminal.borrowKeys(() => undefined, options('panes'));
    terminal.suspend();
    terminal.suspend();
    terminal.resume();
    panes.release();
    terminal.close();
    terminal.close();
    expect(log).toEqual([
      'prompt enter begin',
      'prompt leave covered',
      'panes enter begin',
      'panes leave suspended',
      'stopped',
      'panes enter resumed',
      'panes leave end',
      'prompt enter uncovered',
      'prompt leave exit',
    ]);
  });

  test('switches raw mode off and on around a stop, and off for good at the end', () => {
    const { keyboard, terminal } = setUp();
    terminal.suspend();
    terminal.resume();
    terminal.close();
    // Continuing sets it twice on purpose: libuv skips a mode it believes to be set.
    expect(keyboard.raw).toEqual([true, false, false, true, false]);
  });

  test('for a single command takes the keyboard only while it is borrowed', () => {
    const { keyboard, terminal } = setUp({ hold: false });
    expect(keyboard.raw).toEqual([]);
    const lease = terminal.borrowKeys(() => undefined);
    expect(keyboard.raw).toEqual([true]);
    lease.release();
    expect(keyboard.raw).toEqual([true, false]);
    expect(keyboard.listenerCount('data')).toBe(0);
  });

  test('knows whether the cursor is at the start of a row', () => {
    const { terminal } = setUp();
    const after = (text: string) => {
      terminal.write(text);
      return terminal.atLineStart;
    };
    expect(after('text')).toBe(false);
    expect(after('\x1b[0m')).toBe(false);
    expect(after('line\n\x1b[0m')).toBe(true);
    expect(after('\x1b[?1049h')).toBe(true);
    expect(after('a full screen')).toBe(false);
    expect(after('\x1b[?1049l')).toBe(true);
  });

  test('reports once that the terminal has gone, and writes no more', () => {
    const { keyboard, screen, terminal, log } = setUp();
    keyboard.emit('end');
    screen.emit('error', new Error('EIO'));
    terminal.write('lost');
    expect(log).toEqual(['gone']);
    expect(screen.written).toBe('');
  });
});
