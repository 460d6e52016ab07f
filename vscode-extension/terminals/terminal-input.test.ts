import { PassThrough, Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { isReply, TerminalInput } from './terminal-input.ts';

describe('input of a terminal', () => {
  test.each([
    ['\x1b[?1;2c', 'its attributes'],
    ['\x1b[>0;276;0c', 'its version'],
    ['\x1b[24;80R', 'where its cursor is'],
    ['\x1b[0n', 'that it is well'],
    ['\x1b[?2004;1$y', 'a mode'],
    ['\x1b[I\x1b[O', 'that it is looked at, and no more'],
    ['\x1b[<0;10;20M', 'where the mouse is'],
    ['\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\', 'its background'],
    ['\x1bP1+r544e=787465726d\x1b\\\x1b[1;1R', 'what it is called, and where its cursor is'],
  ])('%j is an answer: %s', (input) => {
    expect(isReply(input)).toBe(true);
  });

  test.each([
    'q',
    '\r',
    '\x03',
    '\x1b',
    '\x1b[A',
    '\x1b[1;5C',
    '\x1b[3~',
    '\x1bOR',
    '\x1b[24;80Rq',
    '\x1b[200~x\x1b[201~',
  ])('%j was typed', (input) => {
    expect(isReply(input)).toBe(false);
  });

  test('counts as typed only where somebody did', () => {
    const input = new TerminalInput();
    input.take('\x1b[24;80R');
    expect(input.typed).toBe(false);
    input.take('q');
    expect(input.typed).toBe(true);
  });

  test('waits for the process, answers included', () => {
    const input = new TerminalInput();
    input.take('ls');
    input.take('\x1b[1;1R');
    const stdin = new PassThrough();
    input.connect(stdin);
    input.take('\r');
    expect(String(stdin.read())).toBe('ls\x1b[1;1R\r');
  });

  test('is bounded before the process is there, and while it does not read', () => {
    const input = new TerminalInput();
    const paste = 'x'.repeat(200_000);
    expect([input.take(paste), input.take(paste), input.take('y')]).toEqual([true, false, true]);
    const stuck = new Writable({ write: () => {} });
    input.connect(stuck);
    expect([input.take(paste), input.take('z')]).toEqual([false, true]);
    expect(stuck.writableLength).toBe(200_002);
  });

  test('takes one long paste where nothing waits', () => {
    const input = new TerminalInput();
    const stdin = new PassThrough();
    input.connect(stdin);
    expect([input.take('x'.repeat(500_000)), input.take('y')]).toEqual([true, false]);
    stdin.resume();
  });

  test('of a process that reads nothing goes nowhere', () => {
    const input = new TerminalInput();
    input.connect(undefined);
    expect(input.take('x'.repeat(1_000_000))).toBe(true);
  });
});
