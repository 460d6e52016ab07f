import type { Readable } from 'node:stream';
import { StatusError } from '../../../api/errors.ts';
import type { Status } from '../../../api/generated/meta-v1.ts';
import { exitStatus } from '../../../api/streams.ts';
import type { AttachOptions, RemoteProcess } from '../../../api/streams.ts';

/** What a client of exec or attach sends. */
export type PeerMessage =
  | { readonly kind: 'stdin'; readonly data: Buffer }
  | { readonly kind: 'stdin-closed' }
  | { readonly kind: 'resize'; readonly columns: number; readonly rows: number };

/** The client's end of exec or attach, whatever carries it. */
export interface CommandPeer {
  /** Ends when the client has nothing more to say, or has gone. */
  readonly messages: AsyncIterable<PeerMessage>;
  /** Resolves when more may be sent; false when the client has gone. */
  send(output: 'stdout' | 'stderr', data: Buffer): Promise<boolean>;
  /** Tells how it ended, and closes. */
  finish(status: Status): Promise<void>;
}

/** Which streams a client asked for (core/v1 PodExecOptions, PodAttachOptions). */
export interface CommandQuery extends AttachOptions {
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly command: readonly string[];
}

export function commandQuery(query: URLSearchParams): CommandQuery {
  const flag = (name: string) => ['true', '1'].includes(query.get(name) ?? '');
  const container = query.get('container') || undefined;
  const tty = flag('tty');
  return {
    ...(container === undefined ? {} : { container }),
    stdin: flag('stdin'),
    stdout: flag('stdout'),
    // A terminal has one output.
    stderr: flag('stderr') && !tty,
    tty,
    command: query.getAll('command'),
  };
}

/** Refuses what asks for no stream at all, in upstream's words. */
export function requireSomeStream({ stdin, stdout, stderr }: CommandQuery): void {
  if (stdin || stdout || stderr) return;
  throw new StatusError('BadRequest', 'you must specify at least 1 of stdin, stdout, stderr');
}

/**
 * Joins a process and its client until the process has ended and its output is sent. Whoever attached hears that it
 * ended; with which code is the Pod's to tell (kubelet: cri/streaming/remotecommand/attach.go).
 */
export async function joinCommand(
  process: RemoteProcess,
  peer: CommandPeer,
  query: CommandQuery,
  subresource: 'exec' | 'attach',
): Promise<void> {
  // Input ends with the process: whatever the client still sends is not waited for.
  feed(peer.messages, process).catch(() => process.stdin?.destroy());
  try {
    await Promise.all([
      drain(process.stdout, query.stdout, (data) => peer.send('stdout', data)),
      process.stderr === undefined
        ? undefined
        : drain(process.stderr, query.stderr, (data) => peer.send('stderr', data)),
    ]);
    const exitCode = await process.exitCode;
    await peer.finish(exitStatus(subresource === 'exec' ? exitCode : 0));
  } catch (error) {
    await peer.finish(StatusError.from(error).status);
  }
}

async function feed(messages: AsyncIterable<PeerMessage>, { stdin, resize }: RemoteProcess): Promise<void> {
  for await (const message of messages) {
    if (message.kind === 'resize') resize(message.columns, message.rows);
    else if (message.kind === 'stdin-closed') stdin?.end();
    else if (stdin !== undefined)
      await new Promise<void>((resolve, reject) => {
        stdin.write(message.data, (error) => (error ? reject(error) : resolve()));
      });
  }
  stdin?.end();
}

/** Hands output on as fast as it is taken; what nobody asked for is read all the same, or the process would stall. */
async function drain(
  from: Readable,
  wanted: boolean,
  send: (data: Buffer) => Promise<boolean>,
): Promise<void> {
  const pieces = from.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  let open = wanted;
  for await (const data of pieces) if (open) open = await send(data);
}

/** The size of a terminal as clients send it; undefined where it is none. */
export function terminalSize(json: string): { columns: number; rows: number } | undefined {
  try {
    const { Width: columns, Height: rows } = JSON.parse(json) as { Width?: unknown; Height?: unknown };
    if (isSize(columns) && isSize(rows)) return { columns, rows };
  } catch {
    // Not worth ending a session for.
  }
  return undefined;
}

function isSize(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) <= 65_535;
}
