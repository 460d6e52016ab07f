import type { Readable } from 'node:stream';
import { RuntimeError } from '../../node-agent/runtime/runtime.ts';
import type { ContainerRuntime, LogOptions, RuntimeReason } from '../../node-agent/runtime/runtime.ts';

/** What `look` returns once it no longer throws; for what a runtime tells only when asked. */
export async function eventually<T>(look: () => Promise<T>, deadlineMs = 20_000): Promise<T> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    try {
      return await look();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** The reason of the RuntimeError that `work` fails with; throws when it does not. */
export async function reasonOf(work: Promise<unknown>): Promise<RuntimeReason> {
  try {
    await work;
  } catch (error) {
    if (error instanceof RuntimeError) return error.reason;
    throw error;
  }
  throw new Error('expected a RuntimeError, but it succeeded');
}

export async function logText(
  runtime: ContainerRuntime,
  containerId: string,
  signal: AbortSignal,
  options: Partial<LogOptions> = {},
): Promise<string> {
  const all = { follow: false, tailLines: undefined, sinceMs: undefined, timestamps: false, ...options };
  const pieces: Buffer[] = [];
  for await (const data of runtime.logs(containerId, all, signal)) pieces.push(data);
  return Buffer.concat(pieces).toString();
}

export async function readAll(stream: Readable): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString();
}
