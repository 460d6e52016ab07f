import { StatusError } from '../errors.ts';
import type { Status } from '../generated/meta-v1.ts';
import type { AgentFrame, AgentFrameInit } from '../generated/wheelhouse.ts';
import { encodeStatus, decodeStatus } from '../proto/trailers.ts';
import { exitCodeOf } from '../streams.ts';
import { deferred } from '../../machinery/deferred.ts';
import { ChannelReadable, ChannelWritable } from './channels.ts';
import type { FramePump } from './frame-pump.ts';

/** Towards the container. */
export const inputChannel = 0;
export const outputChannel = 1;
export const errorChannel = 2;

/** Which end of the sessions this is: the core writes input and reads output, the agent the other way. */
export type SessionRole = 'core' | 'agent';

type FrameCase = NonNullable<AgentFrame['kind']>;

/** One log, process or connection within the stream between a core and an agent. */
export class Session {
  readonly id: number;
  readonly #readables = new Map<number, ChannelReadable>();
  readonly #writables = new Map<number, ChannelWritable>();
  readonly #pump: FramePump;
  readonly #onClosed: () => void;
  readonly #started = deferred();
  readonly #closed = deferred<Status>();
  readonly #ended = new AbortController();
  #onResize: (columns: number, rows: number) => void = () => {};
  #activity = 0;

  constructor(id: number, role: SessionRole, pump: FramePump, onClosed: () => void) {
    this.id = id;
    this.#pump = pump;
    this.#onClosed = onClosed;
    const [reads, writes] = role === 'core' ? [[1, 2], [0]] : [[0], [1, 2]];
    for (const channel of reads) this.#readables.set(channel, this.#makeReadable(channel));
    for (const channel of writes) this.#writables.set(channel, this.#makeWritable(channel));
  }

  /** Resolves when the agent says that what was opened runs; rejects with what ended the session before that. */
  get started(): Promise<void> {
    return this.#started.promise;
  }

  /** Resolves to the Status that ended the session, whoever ended it. */
  get closed(): Promise<Status> {
    return this.#closed.promise;
  }

  /** Aborts when the session has ended. */
  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  /** Grows with every frame of data in either direction. */
  get activity(): number {
    return this.#activity;
  }

  readable(channel: number): ChannelReadable {
    return existing(this.#readables.get(channel), channel);
  }

  writable(channel: number): ChannelWritable {
    return existing(this.#writables.get(channel), channel);
  }

  resize(columns: number, rows: number): void {
    this.#control({ case: 'resize', value: { columns, rows } });
  }

  onResize(listener: (columns: number, rows: number) => void): void {
    this.#onResize = listener;
  }

  /** The agent's word that what was opened runs. */
  markStarted(): void {
    this.#control({ case: 'started', value: true });
  }

  /** Ends the session in both directions. What was written but not yet sent is lost: end the channels before. */
  close(status: Status): void {
    if (this.#ended.signal.aborted) return;
    this.#control({ case: 'close', value: encodeStatus(status) });
    this.end(status);
  }

  receive(frame: FrameCase): void {
    switch (frame.case) {
      case 'started':
        this.#started.resolve();
        break;
      case 'data':
        this.#activity++;
        if (this.#readables.get(frame.value.channel)?.receive(frame.value.data) === false) {
          this.close(new StatusError('InternalError', 'The other end ignores flow control').status);
        }
        break;
      case 'window':
        this.#writables.get(frame.value.channel)?.grant(frame.value.bytes);
        break;
      case 'endOfChannel':
        this.#readables.get(frame.value)?.finish();
        break;
      case 'resize':
        this.#onResize(frame.value.columns, frame.value.rows);
        break;
      case 'close':
        this.end(decodeStatus(frame.value) ?? unreadable());
        break;
    }
  }

  /** Ends this side only; the other side knows or is gone. */
  end(status: Status): void {
    if (this.#ended.signal.aborted) return;
    const error = errorOf(status);
    for (const readable of this.#readables.values()) readable.finish(error);
    for (const writable of this.#writables.values())
      writable.destroy(error ?? new Error('The session ended'));
    this.#started.reject(error ?? new StatusError('InternalError', 'The session ended before it began'));
    this.#closed.resolve(status);
    this.#onClosed();
    this.#ended.abort(error);
  }

  #makeReadable(channel: number): ChannelReadable {
    return new ChannelReadable((bytes) => this.#control({ case: 'window', value: { channel, bytes } }));
  }

  #makeWritable(channel: number): ChannelWritable {
    const writable: ChannelWritable = new ChannelWritable(
      () => {
        this.#activity++;
        this.#pump.ready(source);
      },
      () => this.#control({ case: 'endOfChannel', value: channel }),
    );
    const source = { session: this.id, channel, writable };
    return writable;
  }

  #control(kind: NonNullable<AgentFrameInit['kind']>): void {
    if (!this.#ended.signal.aborted) this.#pump.control({ session: this.id, kind });
  }
}

/** Undefined for the end of a process, whatever its exit code. */
export function errorOf(status: Status): StatusError | undefined {
  return exitCodeOf(status) === undefined ? StatusError.fromStatus(status) : undefined;
}

function unreadable(): Status {
  return new StatusError('InternalError', 'The session was closed with a Status that cannot be read').status;
}

function existing<T>(channel: T | undefined, number: number): T {
  if (channel === undefined) throw new Error(`Cannot use channel ${number}: this end has none`);
  return channel;
}
