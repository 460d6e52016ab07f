import type { RemoteProcess } from '../../core/api/streams.ts';
import { roomIn } from '../../core/machinery/room.ts';
import type { CommandIo, CommandTerminal } from '../repl/command-line.ts';

/** Connects a remote process to this terminal or to plain streams until it ends; resolves with its exit code. */
export async function joinProcess(
  process: RemoteProcess,
  io: CommandIo,
  terminal: CommandTerminal | undefined,
): Promise<number> {
  const outputs = [copy(process.stdout, io.stdout)];
  if (process.stderr !== undefined) outputs.push(copy(process.stderr, io.stderr));
  // What breaks the connection breaks all of them, and is told once, by the exit code.
  for (const output of outputs) output.catch(() => undefined);
  const release = terminal === undefined ? feed(process, io) : joinTerminal(process, terminal);
  try {
    const code = await process.exitCode;
    await Promise.all(outputs);
    return code;
  } finally {
    release();
  }
}

/** Raw keys go to the far side, Ctrl-C included; the size follows the window. */
function joinTerminal(process: RemoteProcess, terminal: CommandTerminal): () => void {
  const lease = terminal.borrowBytes();
  const resize = () => process.resize(terminal.columns, terminal.rows);
  const stopResizing = terminal.onResize(resize);
  resize();
  void pump(lease.input, process).catch(() => undefined);
  return () => {
    stopResizing();
    lease.release();
  };
}

function feed(process: RemoteProcess, io: CommandIo): () => void {
  if (process.stdin !== undefined) void pump(io.stdin, process).catch(() => undefined);
  return () => undefined;
}

/** The far side may end first and break the pipe: that is how a process ends, not an error. */
async function pump(input: AsyncIterable<Uint8Array>, { stdin }: RemoteProcess): Promise<void> {
  if (stdin === undefined) return;
  stdin.on('error', () => undefined);
  for await (const chunk of input) {
    if (stdin.destroyed || stdin.writableEnded) return;
    if (!stdin.write(chunk)) await roomIn(stdin);
  }
  stdin.end();
}

async function copy(from: AsyncIterable<Buffer | string>, to: CommandIo['stdout']): Promise<void> {
  for await (const chunk of from) await to.write(chunk);
}
