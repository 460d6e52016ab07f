// A shell on made-up commands, run by tests in a real terminal. Nothing here is used by the product.
import { setTimeout as pause } from 'node:timers/promises';
import { systemClock } from '../../../core/machinery/clock.ts';
import type { CommandIo, Interpreter } from '../../repl/index.ts';
import { runShell } from '../../repl/index.ts';

const names = ['web-1', 'web-2', 'database-0'];

const interpreter: Interpreter = {
  where: { context: 'test', namespace: 'default', protected: false },
  needsMore: (text) => text.endsWith('\\') || (text.split("'").length - 1) % 2 === 1,
  async complete(line, cursor) {
    const from = line.lastIndexOf(' ', cursor - 1) + 1;
    const typed = line.slice(from, cursor);
    const known = from === 0 ? ['echo', 'fail', 'ask', 'raw', 'wait', 'cat'] : names;
    return { from, items: known.filter((name) => name.startsWith(typed)).map((text) => ({ text })) };
  },
  execute,
};

async function execute(line: string, io: CommandIo): Promise<number> {
  const [verb = '', ...rest] = line.trim().split(/\s+/);
  switch (verb) {
    case 'echo':
      await io.stdout.write(`${rest.join(' ')}\n`);
      return 0;
    case 'partial':
      await io.stdout.write('no newline');
      return 0;
    case 'lines':
      for (let index = 1; index <= Number(rest[0]); index += 1) await io.stdout.write(`line ${index}\n`);
      return 0;
    case 'fail':
      await io.stderr.write('it failed\n');
      return Number(rest[0] ?? 1);
    case 'wait':
      await io.stdout.write('waiting\n');
      try {
        await pause(60_000, undefined, { signal: io.signal });
        return 0;
      } catch {
        await io.stdout.write('[cancelled]\n');
        return 1;
      }
    case 'stubborn':
      await io.stdout.write('ignoring you\n');
      await pause(60_000, undefined, { ref: false });
      return 0;
    case 'ask': {
      const answer = await io.terminal?.ask('sure? ', io.signal);
      await io.stdout.write(`answer: ${answer ?? 'none'}\n`);
      return 0;
    }
    case 'raw': {
      const lease = io.terminal?.borrowBytes();
      if (lease === undefined) return 1;
      await io.stdout.write('raw mode, q ends\n');
      for await (const chunk of lease.input) {
        const text = Buffer.from(chunk).toString('latin1');
        await io.stdout.write(`${JSON.stringify(text)}\n`);
        if (text.startsWith('q')) break;
      }
      lease.release();
      return 0;
    }
    case 'cat': {
      let text = '';
      for await (const chunk of io.stdin) text += Buffer.from(chunk).toString();
      await io.stdout.write(`got ${JSON.stringify(text)}\n`);
      return 0;
    }
    case 'crash':
      setTimeout(() => {
        throw new Error('crashed on purpose');
      });
      await pause(60_000);
      return 0;
    default:
      await io.stderr.write(`unknown ${verb}\n`);
      return 127;
  }
}

process.exitCode = await runShell({
  process,
  clock: systemClock,
  color: 'auto',
  interpreter,
  greeting: 'hello from the test',
});
process.exit();
