import { pipeline } from 'node:stream/promises';
import type { Duplex } from 'node:stream';
import { StatusError } from '../../core/api/errors.ts';
import type { LogsOptions as WireLogsOptions, SessionOpen } from '../../core/api/generated/wheelhouse.ts';
import { errorChannel, inputChannel, outputChannel, type Session } from '../../core/api/sessions/session.ts';
import { exitStatus, type LogsOptions } from '../../core/api/streams.ts';
import type { ProcessStreams } from '../runtime/runtime.ts';
import { limited } from './limited.ts';
import type { ContainerRef, SessionHandlers } from './session-handlers.ts';

/** Does what a session was opened for, then closes it with the Status of how it went. Never rejects. */
export async function serveSession(
  session: Session,
  open: SessionOpen,
  handlers: SessionHandlers,
): Promise<void> {
  try {
    const exitCode = await serve(session, open, handlers);
    session.close(exitStatus(exitCode));
  } catch (error) {
    session.close(statusErrorOf(error).status);
  }
}

async function serve(session: Session, open: SessionOpen, handlers: SessionHandlers): Promise<number> {
  const { signal } = session;
  const container = containerOf(open);
  switch (open.kind?.case) {
    case 'logs': {
      session.markStarted();
      const { limitBytes } = open.kind.value;
      const log = handlers.logs(container, logsOptions(open.kind.value), signal);
      await send(session, limited(log, limitBytes));
      return 0;
    }
    case 'exec':
    case 'attach': {
      const { command, tty, stdin } = open.kind.value;
      // A size that arrives before the process runs is for it all the same.
      let size: readonly [number, number] | undefined;
      session.onResize((columns, rows) => (size = [columns, rows]));
      const process =
        open.kind.case === 'exec'
          ? await handlers.exec(container, { command, tty, stdin }, signal)
          : await handlers.attach(container, { tty, stdin }, signal);
      session.onResize((columns, rows) => process.resize(columns, rows));
      if (size !== undefined) process.resize(...size);
      return carryProcess(session, process);
    }
    case 'portForward':
      await carryConnection(session, await handlers.portForward(container, open.kind.value, signal));
      return 0;
    case 'kubelet':
      await carryConnection(session, handlers.kubelet());
      return 0;
    case 'stats':
      session.markStarted();
      await send(session, [Buffer.from(JSON.stringify(await handlers.stats(signal)))]);
      return 0;
    default:
      throw new StatusError('MethodNotAllowed', 'The agent does not know this kind of session');
  }
}

/** Resolves to the exit code when the process has ended and all its output is on its way. */
async function carryProcess(session: Session, process: ProcessStreams): Promise<number> {
  const { signal } = session;
  session.markStarted();
  const outputs = [pipeline(process.stdout, session.writable(outputChannel), { signal })];
  if (process.stderr !== undefined) {
    outputs.push(pipeline(process.stderr, session.writable(errorChannel), { signal }));
  }
  const input = session.readable(inputChannel);
  // A process may end, or close its input, while the client still sends: that is no failure of the session.
  if (process.stdin === undefined) input.resume();
  else pipeline(input, process.stdin, { signal }).catch(() => input.resume());
  const [exitCode] = await Promise.all([process.exitCode, ...outputs]);
  return exitCode;
}

/** Each direction ends by itself; resolves when both have, rejects when the connection breaks. */
async function carryConnection(session: Session, connection: Duplex): Promise<void> {
  const { signal } = session;
  session.markStarted();
  const abort = () => connection.destroy();
  signal.addEventListener('abort', abort, { once: true });
  try {
    await Promise.all([
      pipeline(session.readable(inputChannel), connection, { signal }),
      pipeline(connection, session.writable(outputChannel), { signal }),
    ]);
  } finally {
    signal.removeEventListener('abort', abort);
    connection.destroy();
  }
}

async function send(session: Session, data: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<void> {
  await pipeline(data, session.writable(outputChannel), { signal: session.signal });
}

function containerOf({ namespace, pod, podUid, container }: SessionOpen): ContainerRef {
  return { namespace, name: pod, uid: podUid, container };
}

function logsOptions({ sinceTime, ...options }: WireLogsOptions): LogsOptions {
  return sinceTime === '' ? options : { ...options, sinceTime };
}

/** What went wrong here may be told: it is about the container the caller asked for. */
function statusErrorOf(error: unknown): StatusError {
  if (error instanceof StatusError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new StatusError('InternalError', message, { cause: error });
}
