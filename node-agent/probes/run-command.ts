import type { Readable } from 'node:stream';
import type { ContainerRuntime } from '../runtime/runtime.ts';

const maxOutputBytes = 10 * 1024;

/** Runs a command in a container to its end; the output is cut at 10 KiB, as upstream's probes. */
export async function runCommand(
  runtime: Pick<ContainerRuntime, 'exec'>,
  containerId: string,
  command: readonly string[],
  signal: AbortSignal,
): Promise<{ exitCode: number; output: string }> {
  const process = await runtime.exec(containerId, { command, tty: false, stdin: false }, signal);
  const pieces: Buffer[] = [];
  let bytes = 0;
  const collect = async (stream: Readable) => {
    for await (const piece of stream as AsyncIterable<Buffer>) {
      const room = maxOutputBytes - bytes;
      if (room <= 0) continue;
      pieces.push(piece.subarray(0, room));
      bytes += Math.min(piece.length, room);
    }
  };
  const streams = [process.stdout, ...(process.stderr === undefined ? [] : [process.stderr])];
  const [exitCode] = await Promise.all([
    untilAborted(process.exitCode, signal),
    ...streams.map((stream) => untilAborted(collect(stream), signal)),
  ]);
  return { exitCode, output: Buffer.concat(pieces).toString('utf8') };
}

/** Settles with the promise, or rejects with the signal's reason when that comes first. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
