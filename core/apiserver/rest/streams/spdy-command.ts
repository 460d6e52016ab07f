import type { Duplex } from 'node:stream';
import type { Status } from '../../../api/generated/meta-v1.ts';
import type { Clock } from '../../../machinery/clock.ts';
import { SpdySession } from '../spdy/session.ts';
import type { SpdyStream } from '../spdy/session.ts';
import { terminalSize } from './command.ts';
import type { CommandPeer, CommandQuery, PeerMessage } from './command.ts';

/** Versions of exec and attach over SPDY, the best first (upstream: remotecommand/httpstream.go). */
export const spdyCommandProtocols = ['v4.channel.k8s.io', 'v3.channel.k8s.io', 'v2.channel.k8s.io'] as const;

/** A client that does not open its streams is not waited for longer. */
const streamsWithinMs = 30_000;
/** A resize is a line of JSON. */
const longestLine = 1024;

type StreamType = 'error' | 'stdin' | 'stdout' | 'stderr' | 'resize';

/** Waits until the client has opened the streams it asked for. Rejects when it does not. */
export async function spdyPeer(
  connection: Duplex,
  protocol: string,
  query: CommandQuery,
  clock: Clock,
): Promise<CommandPeer> {
  const wanted: StreamType[] = ['error'];
  if (query.stdin) wanted.push('stdin');
  if (query.stdout) wanted.push('stdout');
  if (query.stderr) wanted.push('stderr');
  if (query.tty && protocol !== 'v2.channel.k8s.io') wanted.push('resize');
  const streams = new Map<string, SpdyStream>();
  let opened = () => {};
  const complete = new Promise<void>((resolve) => (opened = resolve));
  const session = new SpdySession(connection, (stream) => {
    streams.set(stream.headers.get('streamtype') ?? '', stream);
    if (wanted.every((type) => streams.has(type))) opened();
  });
  const ended = session.run();
  const inTime = clock.after(streamsWithinMs, () => connection.destroy());
  await Promise.race([
    complete,
    ended.then(() =>
      Promise.reject(new Error('Cannot serve the stream: the client left before it was open')),
    ),
  ]).finally(inTime);
  return new SpdyPeer(session, protocol, streams);
}

class SpdyPeer implements CommandPeer {
  readonly messages: AsyncIterable<PeerMessage>;
  readonly #session: SpdySession;
  readonly #protocol: string;
  readonly #streams: ReadonlyMap<string, SpdyStream>;

  constructor(session: SpdySession, protocol: string, streams: ReadonlyMap<string, SpdyStream>) {
    this.#session = session;
    this.#protocol = protocol;
    this.#streams = streams;
    this.messages = merged([stdinOf(streams.get('stdin')), resizesOf(streams.get('resize'))]);
  }

  send(output: 'stdout' | 'stderr', data: Buffer): Promise<boolean> {
    return written(this.#streams.get(output), data);
  }

  async finish(status: Status): Promise<void> {
    const text = this.#protocol.startsWith('v4') ? JSON.stringify(status) : (status.message ?? '');
    const failed = status.status !== 'Success';
    const error = this.#streams.get('error');
    if (failed || this.#protocol.startsWith('v4')) await written(error, Buffer.from(text));
    for (const stream of this.#streams.values()) stream.end();
    this.#session.close();
  }
}

function written(stream: SpdyStream | undefined, data: Buffer): Promise<boolean> {
  if (stream === undefined || !stream.writable) return Promise.resolve(false);
  return new Promise((resolve) => stream.write(data, (error) => resolve(error == null)));
}

async function* stdinOf(stream: SpdyStream | undefined): AsyncGenerator<PeerMessage> {
  if (stream === undefined) return;
  const pieces = stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  for await (const data of pieces) yield { kind: 'stdin', data };
  yield { kind: 'stdin-closed' };
}

async function* resizesOf(stream: SpdyStream | undefined): AsyncGenerator<PeerMessage> {
  if (stream === undefined) return;
  const pieces = stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  let waiting = '';
  for await (const data of pieces) {
    waiting += data.toString('utf8');
    const lines = waiting.split('\n');
    waiting = (lines.pop() ?? '').slice(0, longestLine);
    for (const line of lines) {
      const size = terminalSize(line);
      if (size !== undefined) yield { kind: 'resize', ...size };
    }
  }
}

/** The messages of several sources as they come; ends with the last of them. */
async function* merged(sources: readonly AsyncGenerator<PeerMessage>[]): AsyncGenerator<PeerMessage> {
  const next = (source: AsyncGenerator<PeerMessage>) =>
    source.next().then(
      (result) => ({ source, result }),
      () => ({ source, result: { done: true, value: undefined } as const }),
    );
  const pending = new Map(sources.map((source) => [source, next(source)]));
  while (pending.size > 0) {
    const { source, result } = await Promise.race(pending.values());
    if (result.done === true) pending.delete(source);
    else {
      pending.set(source, next(source));
      yield result.value;
    }
  }
}
