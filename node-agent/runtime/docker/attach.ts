import type { AttachOptions, ProcessStreams } from '../runtime.ts';
import type { DockerClient } from './client.ts';
import { dockerError } from './errors.ts';
import { Resizer, lookUntil, splitConnection } from './streams.ts';

/** Joins the streams of a container's main process. Aborting `signal` leaves the process as it is. */
export async function attachToContainer(
  client: DockerClient,
  containerId: string,
  options: AttachOptions,
  signal: AbortSignal,
): Promise<ProcessStreams> {
  const action = `attach to container "${containerId}"`;
  const call = { action, deadlineMs: client.deadlines.quickMs, signal };
  const connection = await client.open(call, (docker, abortSignal) =>
    docker.getContainer(containerId).attach({
      stream: true,
      hijack: true,
      stdin: options.stdin,
      stdout: true,
      stderr: true,
      abortSignal,
    }),
  );
  const { stdin, stdout, stderr, finished } = splitConnection(connection, options);
  const resizer = new Resizer((columns, rows) =>
    client.call(call, (docker, abortSignal) => {
      const size = { w: columns, h: rows, abortSignal };
      return docker.getContainer(containerId).resize(size);
    }),
  );
  resizer.open();

  const onAbort = () => connection.destroy(signal.reason as Error);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  const exitCode = awaitExit().finally(() => {
    signal.removeEventListener('abort', onAbort);
    connection.destroy();
  });
  exitCode.catch(() => {});
  return { stdin, stdout, stderr, resize: (columns, rows) => resizer.resize(columns, rows), exitCode };

  async function awaitExit(): Promise<number> {
    try {
      await finished;
      return await lookUntil(client.clock, signal, async () => {
        const info = await client.call(call, (docker, abortSignal) =>
          docker.getContainer(containerId).inspect({ abortSignal }),
        );
        return info.State.Running ? undefined : info.State.ExitCode;
      });
    } catch (error) {
      signal.throwIfAborted();
      throw dockerError(action, error);
    }
  }
}
