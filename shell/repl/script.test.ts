import { describe, expect, test } from 'vitest';
import type { Interpreter, Output } from './command-line.ts';
import { commandsIn } from './commands-in-text.ts';
import { runScript } from './script.ts';

async function* chunks(...parts: string[]): AsyncIterable<Uint8Array> {
  for (const part of parts) yield Buffer.from(part);
}

class Collected implements Output {
  readonly isTerminal = false;
  readonly colors = false;
  text = '';
  async write(chunk: string | Uint8Array): Promise<void> {
    this.text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
  }
}

async function run(
  parts: string[],
  codes: Record<string, number> = {},
  signal = new AbortController().signal,
) {
  const ran: string[] = [];
  const stderr = new Collected();
  const interpreter: Interpreter = {
    where: { context: '', namespace: '', protected: false },
    needsMore: (text) => text.endsWith('\\') || text.split("'").length % 2 === 0,
    complete: async () => ({ from: 0, items: [] }),
    execute: async (line, io) => {
      ran.push(line);
      for await (const _ of io.stdin) throw new Error('a command ate the script');
      if (line === 'throw') throw new Error('broken');
      return codes[line] ?? 0;
    },
  };
  const code = await runScript({
    input: chunks(...parts),
    interpreter,
    io: { stdout: new Collected(), stderr, signal },
  });
  return { code, ran, stderr: stderr.text };
}

describe('a script', () => {
  test('runs line by line, without comments and blank lines, however it arrives', async () => {
    const { code, ran } = await run(['# a comment\n\nget po', 'ds\r\n  # another\nget no', 'des']);
    expect(ran).toEqual(['get pods', 'get nodes']);
    expect(code).toBe(0);
  });

  test('goes on after a failure and ends with the last failing code', async () => {
    const { code, ran } = await run(['a\nb\nc\nd\n'], { a: 3, c: 5 });
    expect(ran).toEqual(['a', 'b', 'c', 'd']);
    expect(code).toBe(5);
  });

  test('joins what is not complete, and runs an unfinished end so that it is reported', async () => {
    expect((await run(["echo 'a\nb'\nget \\\npods\necho 'x\n"])).ran).toEqual([
      "echo 'a\nb'",
      'get \\\npods',
      "echo 'x",
    ]);
  });

  test('leaves at exit with its code, or with the last failing one', async () => {
    expect(await run(['a\nexit 7\nb\n'], { a: 3 })).toMatchObject({ code: 7, ran: ['a'] });
    expect(await run(['a\nexit\nb\n'], { a: 3 })).toMatchObject({ code: 3, ran: ['a'] });
  });

  test('turns a command that throws into an error and goes on', async () => {
    expect(await run(['throw\na\n'])).toEqual({ code: 1, ran: ['throw', 'a'], stderr: 'error: broken\n' });
  });

  test('decodes characters that are split over chunks', async () => {
    const ran: string[] = [];
    const bytes = Buffer.from('echo 日本\n');
    async function* split(): AsyncIterable<Uint8Array> {
      for (const byte of bytes) yield Uint8Array.of(byte);
    }
    const interpreter: Interpreter = {
      where: { context: '', namespace: '', protected: false },
      needsMore: () => false,
      complete: async () => ({ from: 0, items: [] }),
      execute: async (line) => {
        ran.push(line);
        return 0;
      },
    };
    const io = { stdout: new Collected(), stderr: new Collected(), signal: new AbortController().signal };
    await runScript({ input: split(), interpreter, io });
    expect(ran).toEqual(['echo 日本']);
  });

  test('ends with 130 when it is interrupted', async () => {
    const controller = new AbortController();
    controller.abort();
    expect((await run(['a\n'], {}, controller.signal)).code).toBe(130);
  });
});

test('a pasted block is cut into its commands', () => {
  const open = (text: string) => text.endsWith('\\');
  expect(commandsIn('get pods\n# not this\n\nget \\\nnodes\nx \\', open)).toEqual([
    'get pods',
    'get \\\nnodes',
    'x \\',
  ]);
});
