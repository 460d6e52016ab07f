import { Metadata, type ClientDuplexStream } from '@grpc/grpc-js';
import { StatusError } from '../../api/errors.ts';
import { warningTrailer } from '../../api/proto/trailers.ts';
import type { WireMethod } from '../../api/proto/wire.ts';
import type { Call } from '../../api/verbs.ts';
import type { Clock } from '../../machinery/clock.ts';
import type { Channel } from './channel.ts';
import { toStatusError } from './errors.ts';
import { Tries } from './retry.ts';

export interface CallTarget {
  readonly channel: Channel;
  readonly clock: Clock;
  /** For calls that answer once, and for lists as a whole. */
  readonly deadlineMs: number;
  readonly token?: string | undefined;
  /** As `ConnectOptions` says. */
  readonly actAs?: { readonly user: string; readonly groups?: readonly string[] } | undefined;
  /** How often what core has no turn for is tried. */
  readonly tries: number;
}

/**
 * One question, one answer, within the deadline. What core refused because it had no turn for it is tried again when core
 * says. `doing` is for messages, such as "get pods".
 */
export async function unary<RequestInit, Request, ReplyInit, Reply>(
  target: CallTarget,
  method: WireMethod<RequestInit, Request, ReplyInit, Reply>,
  request: RequestInit,
  call: Call,
  doing: string,
): Promise<Reply> {
  const tries = new Tries(target.clock, target.tries, target.deadlineMs);
  for (;;) {
    const deadlineMs = tries.leftMs ?? target.deadlineMs;
    try {
      return await ask({ ...target, deadlineMs }, method, request, call, doing);
    } catch (error) {
      await again(tries, error, call, doing);
    }
  }
}

/** Waits where the call is to be tried again; rejects where it is not. */
async function again(tries: Tries, error: unknown, { signal }: Call, doing: string): Promise<void> {
  try {
    await tries.next(error, signal);
  } catch (why) {
    throw why !== error && signal?.aborted ? cancelled(signal, doing) : why;
  }
}

function ask<RequestInit, Request, ReplyInit, Reply>(
  { channel, clock, deadlineMs, ...credentials }: CallTarget,
  method: WireMethod<RequestInit, Request, ReplyInit, Reply>,
  request: RequestInit,
  call: Call,
  doing: string,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const { signal } = call;
    if (signal?.aborted) {
      reject(cancelled(signal, doing));
      return;
    }
    const started = channel.client.makeUnaryRequest(
      method.path,
      method.request.encode,
      method.reply.decode,
      request,
      metadataOf(credentials),
      { deadline: clock.now() + deadlineMs },
      (error, reply) => {
        signal?.removeEventListener('abort', cancel);
        if (error === null && reply !== undefined) resolve(reply);
        else if (signal?.aborted) reject(cancelled(signal, doing));
        else reject(failureOf(channel, error, doing));
      },
    );
    const cancel = () => started.cancel();
    signal?.addEventListener('abort', cancel, { once: true });
    if (call.warn !== undefined) started.on('status', ({ metadata }) => passWarnings(metadata, call));
  });
}

/**
 * Messages as they come, no faster than they are taken. Leaving the loop cancels the call; the signal ends it
 * with an error. Without `deadlineMs` it may last for ever. What core refused because it had no turn for it is tried
 * again.
 */
export async function* serverStream<RequestInit, Request, ReplyInit, Reply>(
  target: CallTarget,
  method: WireMethod<RequestInit, Request, ReplyInit, Reply>,
  request: RequestInit,
  call: Call,
  doing: string,
  deadlineMs?: number,
): AsyncGenerator<Reply> {
  const tries = new Tries(target.clock, target.tries, deadlineMs);
  for (let begun = false; ;) {
    try {
      for await (const message of listen(target, method, request, call, doing, tries.leftMs)) {
        begun = true;
        yield message;
      }
      return;
    } catch (error) {
      // Who has heard a part would hear it twice.
      if (begun) throw error;
      await again(tries, error, call, doing);
    }
  }
}

async function* listen<RequestInit, Request, ReplyInit, Reply>(
  { channel, clock, ...credentials }: CallTarget,
  method: WireMethod<RequestInit, Request, ReplyInit, Reply>,
  request: RequestInit,
  call: Call,
  doing: string,
  deadlineMs?: number,
): AsyncGenerator<Reply> {
  const { signal } = call;
  if (signal?.aborted) throw cancelled(signal, doing);
  const stream = channel.client.makeServerStreamRequest(
    method.path,
    method.request.encode,
    method.reply.decode,
    request,
    metadataOf(credentials),
    deadlineMs === undefined ? {} : { deadline: clock.now() + deadlineMs },
  );
  const cancel = () => stream.cancel();
  signal?.addEventListener('abort', cancel, { once: true });
  if (call.warn !== undefined) stream.on('status', ({ metadata }) => passWarnings(metadata, call));
  // After the loop was left, the cancellation still arrives as an error that nobody waits for.
  stream.on('error', () => {});
  try {
    yield* stream as AsyncIterable<Reply>;
  } catch (error) {
    throw signal?.aborted ? cancelled(signal, doing) : failureOf(channel, error, doing);
  } finally {
    signal?.removeEventListener('abort', cancel);
    stream.cancel();
  }
}

/**
 * A stream in both directions; the caller owns it and must end or cancel it. The signal cancels it. Messages that
 * are already encoded pass as they are.
 */
export function duplex<RequestInit, Request, ReplyInit, Reply>(
  { channel, ...credentials }: Pick<CallTarget, 'channel' | 'token' | 'actAs'>,
  method: WireMethod<RequestInit, Request, ReplyInit, Reply>,
  signal: AbortSignal | undefined,
): ClientDuplexStream<RequestInit | Buffer, Reply> {
  const stream = channel.client.makeBidiStreamRequest<RequestInit | Buffer, Reply>(
    method.path,
    (message) => (Buffer.isBuffer(message) ? message : method.request.encode(message)),
    method.reply.decode,
    metadataOf(credentials),
  );
  if (signal !== undefined) {
    const cancel = () => stream.cancel();
    if (signal.aborted) cancel();
    signal.addEventListener('abort', cancel, { once: true });
    stream.once('close', () => signal.removeEventListener('abort', cancel));
  }
  return stream;
}

/** What a call rejects with that failed. */
export function failureOf(channel: Channel, thrown: unknown, doing: string): StatusError {
  const error = toStatusError(thrown, channel.endpoint, doing);
  if (error.reason === 'Unauthorized') channel.refused();
  return error;
}

/** What a call rejects with whose own signal aborted. */
export function cancelled(signal: AbortSignal, doing: string): StatusError {
  return new StatusError('Timeout', `Cannot ${doing}: the request was cancelled or timed out`, {
    cause: signal.reason,
  });
}

function passWarnings(metadata: Metadata, { warn }: Call): void {
  for (const warning of metadata.get(warningTrailer)) warn?.(warning.toString());
}

/** What goes before the first message of a call. */
function metadataOf({ token, actAs }: Pick<CallTarget, 'token' | 'actAs'>): Metadata {
  const metadata = new Metadata();
  if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
  if (actAs !== undefined) metadata.set('impersonate-user', actAs.user);
  for (const group of actAs?.groups ?? []) metadata.add('impersonate-group', group);
  return metadata;
}
