import type {
  MethodDefinition,
  ServerDuplexStream,
  ServerUnaryCall,
  ServerWritableStream,
  UntypedHandleCall,
  sendUnaryData,
} from '@grpc/grpc-js';
import type { WireMethod } from '../../api/proto/wire.ts';
import type { Call } from '../../api/verbs.ts';
import type { Clock } from '../../machinery/clock.ts';
import { callerOf, type Identify } from './caller.ts';
import { BoundedSender } from '../../machinery/bounded-sender.ts';
import { toServiceError, trailerOf } from './status.ts';

/** A call as handlers get it: who, until when, and a place for warnings. */
export type ServerCall = Call & { readonly signal: AbortSignal };

export interface MethodContext {
  readonly identify: Identify;
  readonly clock: Clock;
  /** Aborts when the server goes down: calls without an end of their own must end then. */
  readonly stopping: AbortSignal;
  /** Told of errors that are not the caller's. */
  readonly onError: (error: unknown, path: string) => void;
}

export interface ServedMethod {
  readonly definition: MethodDefinition<unknown, unknown>;
  readonly handler: UntypedHandleCall;
}

/** What a client sends: to be taken one after the other, or as it comes. */
export type MessageInput<Request> = AsyncIterable<Request> & {
  on(event: 'data', listener: (message: Request) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
};

type AnyCall = Pick<ServerUnaryCall<unknown, unknown>, 'metadata' | 'getPeer' | 'getAuthContext'> & {
  on(event: 'cancelled', listener: () => void): unknown;
};

/** One question, one answer. */
export function unaryMethod<RequestInit, Request, ReplyInit, Reply>(
  method: WireMethod<RequestInit, Request, ReplyInit, Reply>,
  context: MethodContext,
  handle: (call: ServerCall, request: Request) => Promise<ReplyInit>,
): ServedMethod {
  return {
    definition: definitionOf(method),
    handler: (call: ServerUnaryCall<Request, ReplyInit>, reply: sendUnaryData<ReplyInit>) => {
      const warnings: string[] = [];
      const run = async () => {
        using opened = await open(call, context, warnings);
        return await handle(opened.call, call.request);
      };
      run().then(
        (answer) => reply(null, answer, trailerOf(warnings)),
        (error: unknown) => reply(failure(error, method, context, warnings)),
      );
    },
  };
}

/** One question, a stream of encoded answers. */
export function streamMethod<RequestInit, Request, ReplyInit, Reply>(
  method: WireMethod<RequestInit, Request, ReplyInit, Reply>,
  context: MethodContext,
  handle: (call: ServerCall, request: Request, out: BoundedSender) => Promise<void>,
): ServedMethod {
  return {
    definition: definitionOf(method),
    handler: (stream: ServerWritableStream<Request, Buffer>) => {
      const warnings: string[] = [];
      const run = async () => {
        using opened = await open(stream, context, warnings);
        const { call } = opened;
        await handle(call, stream.request, new BoundedSender(stream, call.signal));
      };
      run().then(
        () => stream.end(trailerOf(warnings)),
        (error: unknown) => stream.emit('error', failure(error, method, context, warnings)),
      );
    },
  };
}

/** Messages both ways; what the client sends is taken as fast as the handler reads. */
export function duplexMethod<RequestInit, Request, ReplyInit, Reply>(
  method: WireMethod<RequestInit, Request, ReplyInit, Reply>,
  context: MethodContext,
  handle: (call: ServerCall, input: MessageInput<Request>, out: BoundedSender) => Promise<void>,
): ServedMethod {
  return {
    definition: definitionOf(method),
    handler: (stream: ServerDuplexStream<Request, Buffer>) => {
      const warnings: string[] = [];
      const run = async () => {
        using opened = await open(stream, context, warnings);
        const { call } = opened;
        await handle(call, stream, new BoundedSender(stream, call.signal));
      };
      run().then(
        () => stream.end(trailerOf(warnings)),
        (error: unknown) => stream.emit('error', failure(error, method, context, warnings)),
      );
    },
  };
}

async function open(
  call: AnyCall,
  { identify, clock }: MethodContext,
  warnings: string[],
): Promise<{ readonly call: ServerCall } & Disposable> {
  // Before anything waits: a cancellation is told only once.
  const over = new AbortController();
  call.on('cancelled', () => over.abort());
  const caller = callerOf(call);
  const userAgent = caller.header('user-agent');
  const { user, expiresAtMs } = await identify(caller);
  // What somebody began does not go on when what they showed for themselves has ended.
  const cancel =
    expiresAtMs === undefined ? () => {} : clock.after(expiresAtMs - clock.now(), () => over.abort());
  const served = {
    user,
    signal: over.signal,
    ...(userAgent === undefined ? {} : { userAgent }),
    warn: (text: string) => warnings.push(text),
  };
  return { call: served, [Symbol.dispose]: cancel };
}

function failure(
  error: unknown,
  { path }: { readonly path: string },
  { onError }: MethodContext,
  warnings: readonly string[],
) {
  const failed = toServiceError(error, warnings);
  if (isServerFault(error)) onError(error, path);
  return failed;
}

/** Anything that is not a Status, or a Status of an internal error. */
function isServerFault(error: unknown): boolean {
  return !(error instanceof Error && 'code' in error && typeof error.code === 'number' && error.code !== 500);
}

/** Replies that are already encoded pass as they are. */
function definitionOf<RequestInit, Request, ReplyInit, Reply>({
  path,
  requestStream,
  responseStream,
  request,
  reply,
}: WireMethod<RequestInit, Request, ReplyInit, Reply>): MethodDefinition<unknown, unknown> {
  return {
    path,
    requestStream,
    responseStream,
    requestSerialize: (message) => request.encode(message as RequestInit),
    requestDeserialize: (bytes) => request.decode(bytes),
    responseSerialize: (message) => (Buffer.isBuffer(message) ? message : reply.encode(message as ReplyInit)),
    responseDeserialize: (bytes) => reply.decode(bytes),
  };
}
