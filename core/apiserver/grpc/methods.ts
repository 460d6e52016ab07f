import type {
  Metadata,
  MethodDefinition,
  ServerDuplexStream,
  ServerUnaryCall,
  ServerWritableStream,
  ServiceError,
  UntypedHandleCall,
  sendUnaryData,
} from '@grpc/grpc-js';
import { status } from '@grpc/grpc-js';
import { StatusError } from '../../api/errors.ts';
import type { Classification } from '../fairness/fairness.ts';
import type { WireMethod } from '../../api/proto/wire.ts';
import type { Call } from '../../api/verbs.ts';
import { mostWarningsKept } from '../../api/warnings.ts';
import { callerOf, type Identify } from './caller.ts';
import { BoundedSender } from '../../machinery/bounded-sender.ts';
import { unlessAborted } from '../../machinery/signals.ts';
import type { RequestAttributes } from '../requests/attributes.ts';
import { auditIdHeader } from '../requests/pipeline.ts';
import type { IncomingRequest, RequestPipeline } from '../requests/pipeline.ts';
import { sourceIps } from '../requests/source-ips.ts';
import { toServiceError, trailerOf } from './status.ts';

/** A call as handlers get it: who, until when, and a place for warnings. */
export type ServerCall = Call & { readonly signal: AbortSignal };

export interface MethodContext {
  readonly identify: Identify;
  readonly pipeline: RequestPipeline;
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

/** One question, one answer. `asks` says what it is about; it must not throw. */
export function unaryMethod<RequestInit, Request, ReplyInit, Reply>(
  method: WireMethod<RequestInit, Request, ReplyInit, Reply>,
  context: MethodContext,
  asks: (request: Request) => RequestAttributes,
  handle: (call: ServerCall, request: Request) => Promise<ReplyInit>,
): ServedMethod {
  return {
    definition: definitionOf(method),
    handler: (call: ServerUnaryCall<Request, ReplyInit>, reply: sendUnaryData<ReplyInit>) => {
      const served = new Served(call, method.path, context);
      const begin = () => ({ attributes: asks(call.request) });
      served
        .run(begin, (known) => handle(known, call.request))
        .then(
          (answer) => reply(null, answer, served.trailer()),
          (error: unknown) => reply(served.failure(error)),
        );
    },
  };
}

/** One question, a stream of encoded answers. */
export function streamMethod<RequestInit, Request, ReplyInit, Reply>(
  method: WireMethod<RequestInit, Request, ReplyInit, Reply>,
  context: MethodContext,
  asks: (request: Request) => RequestAttributes,
  handle: (call: ServerCall, request: Request, out: BoundedSender) => Promise<void>,
): ServedMethod {
  return {
    definition: definitionOf(method),
    handler: (stream: ServerWritableStream<Request, Buffer>) => {
      const served = new Served(stream, method.path, context);
      const begin = () => ({ attributes: asks(stream.request) });
      const run = (call: ServerCall) => handle(call, stream.request, new BoundedSender(stream, call.signal));
      served.run(begin, run).then(
        () => stream.end(served.trailer()),
        (error: unknown) => stream.emit('error', served.failure(error)),
      );
    },
  };
}

/**
 * Messages both ways; what the client sends is taken as fast as the handler reads. `begin` reads as much as it takes
 * to know what is asked for, once it is known who asks.
 */
export function duplexMethod<RequestInit, Request, ReplyInit, Reply, Begun extends Asked>(
  method: WireMethod<RequestInit, Request, ReplyInit, Reply>,
  context: MethodContext,
  begin: (input: MessageInput<Request>) => Begun | Promise<Begun>,
  handle: (call: ServerCall, begun: Begun, out: BoundedSender) => Promise<void>,
): ServedMethod {
  return {
    definition: definitionOf(method),
    handler: (stream: ServerDuplexStream<Request, Buffer>) => {
      const served = new Served(stream, method.path, context);
      const run = (call: ServerCall, begun: Begun) =>
        handle(call, begun, new BoundedSender(stream, call.signal));
      served
        .run(() => begin(stream), run)
        .then(
          () => stream.end(served.trailer()),
          (error: unknown) => stream.emit('error', served.failure(error)),
        );
    },
  };
}

/** What is known once a call has begun. */
export interface Asked {
  readonly attributes: RequestAttributes;
}

/** Made once: an error of its own for each client that goes would have a stack that nobody reads. */
const callOver = new StatusError('Timeout', 'The call is over');

/** One call on its way through the pipeline. */
class Served {
  readonly #call: AnyCall;
  readonly #path: string;
  readonly #context: MethodContext;
  readonly #auditId: string | undefined;
  #classification: Classification | undefined;
  readonly #warnings: string[] = [];
  readonly #over = new AbortController();
  #isAnswered = false;

  constructor(call: AnyCall, path: string, context: MethodContext) {
    this.#call = call;
    this.#path = path;
    this.#context = context;
    // Before anything waits: a cancellation is told only once.
    call.on('cancelled', () => {
      if (!this.#isAnswered) this.#over.abort(callOver);
    });
    this.#auditId = context.pipeline.auditIdFor(call.metadata.get(auditIdHeader)[0]?.toString());
  }

  async run<T, Begun extends Asked>(
    begin: () => Begun | Promise<Begun>,
    handle: (call: ServerCall, begun: Begun) => Promise<T>,
  ): Promise<T> {
    const { identify, pipeline } = this.#context;
    const caller = callerOf(this.#call);
    const userAgent = caller.header('user-agent');
    const { signal } = this.#over;
    const path = this.#path;
    const unread = { verb: 'post', path, uri: path, resource: undefined, longRunning: false };
    // What is asked for is read only once it is known who asks; until then there is the method.
    const asked: { attributes: RequestAttributes; begun?: Begun; error?: unknown } = { attributes: unread };
    const request: IncomingRequest = {
      get attributes() {
        return asked.attributes;
      },
      auditId: this.#auditId,
      userAgent,
      sourceIps: () =>
        sourceIps(caller.header('x-forwarded-for'), caller.header('x-real-ip'), caller.address),
      async identify() {
        const identity = await identify(caller, signal);
        try {
          const begun = begin();
          // Somebody may open a stream and never say what for.
          asked.begun = begun instanceof Promise ? await unlessAborted(begun, signal) : begun;
          asked.attributes = asked.begun.attributes;
        } catch (error) {
          asked.error = error;
        }
        return identity;
      },
      end: (why) => this.#over.abort(why),
      impersonation: () => caller.impersonation(),
      classified: (classification) => (this.#classification = classification),
    };
    return pipeline.run(request, signal, async ({ user, tracker }) => {
      if (asked.begun === undefined) throw asked.error;
      const call = {
        user,
        signal,
        ...(userAgent === undefined ? {} : { userAgent }),
        warn: (text: string) => {
          if (this.#warnings.length < mostWarningsKept) this.#warnings.push(text);
        },
        ...(tracker === undefined ? {} : { tracker }),
      };
      return handle(call, asked.begun);
    });
  }

  /** For the answer: what was called is done. */
  trailer(): Metadata {
    this.#isAnswered = true;
    const trailer = trailerOf(this.#warnings);
    if (this.#auditId !== undefined) trailer.set(auditIdHeader, this.#auditId);
    return trailer;
  }

  /** As `trailer`, for the answer that something failed. */
  failure(error: unknown): ServiceError {
    this.#isAnswered = true;
    const failed = toServiceError(error, this.#warnings);
    if (this.#auditId !== undefined) failed.metadata.set(auditIdHeader, this.#auditId);
    if (failed.code === status.RESOURCE_EXHAUSTED) tellClass(failed.metadata, this.#classification);
    if (isServerFault(error)) this.#context.onError(error, this.#path);
    return failed;
  }
}

/** Whom to ask for more room. */
function tellClass(metadata: Metadata, { schemaUid, levelUid }: Partial<Classification> = {}): void {
  if (schemaUid !== undefined) metadata.set('x-kubernetes-pf-flowschema-uid', schemaUid);
  if (levelUid !== undefined) metadata.set('x-kubernetes-pf-prioritylevel-uid', levelUid);
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
