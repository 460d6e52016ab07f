import type { ClientDuplexStream } from '@grpc/grpc-js';
import { Duplex, Writable } from 'node:stream';
import { StatusError } from '../../api/errors.ts';
import * as wire from '../../api/generated/wheelhouse.ts';
import type { ObjectName } from '../../api/object.ts';
import { decodeStatus } from '../../api/proto/trailers.ts';
import type { WireMethod } from '../../api/proto/wire.ts';
import {
  exitCodeOf,
  type AttachOptions,
  type ContainerStreams,
  type ExecOptions,
  type LogsOptions,
  type RemoteProcess,
} from '../../api/streams.ts';
import type { Call } from '../../api/verbs.ts';
import { BoundedSender } from '../../machinery/bounded-sender.ts';
import { deferred } from '../../machinery/deferred.ts';
import { cancelled, duplex, failureOf, serverStream, type CallTarget } from './calls.ts';
import { PushedReadable } from './pushed-readable.ts';

type StreamMethod = WireMethod<
  wire.StreamInputInit,
  wire.StreamInput,
  wire.StreamOutputInit,
  wire.StreamOutput
>;

/** A message of input: larger writes are cut, so that the other streams of the connection get their turn. */
const inputBytes = 32 * 1024;

/** Streams to and from containers over the wire. */
export class RemoteContainers implements ContainerStreams {
  readonly #target: CallTarget;

  constructor(target: CallTarget) {
    this.#target = target;
  }

  async *logs(call: Call, { namespace, name }: ObjectName, options: LogsOptions): AsyncIterable<Buffer> {
    const { container, ...rest } = options;
    const request = { namespace, pod: name, container, options: rest };
    const doing = `read the log of pod "${name}"`;
    for await (const { data } of serverStream(this.#target, wire.Containers.logs, request, call, doing)) {
      yield data;
    }
  }

  async exec(call: Call, { namespace, name }: ObjectName, options: ExecOptions): Promise<RemoteProcess> {
    const stream = this.#open(call, wire.Containers.exec, `exec in pod "${name}"`);
    return stream.process({ namespace, pod: name, ...options }, options);
  }

  async attach(call: Call, { namespace, name }: ObjectName, options: AttachOptions): Promise<RemoteProcess> {
    const stream = this.#open(call, wire.Containers.attach, `attach to pod "${name}"`);
    return stream.process({ namespace, pod: name, ...options }, options);
  }

  async portForward(call: Call, { namespace, name }: ObjectName, port: number): Promise<Duplex> {
    const doing = `forward to port ${port} of pod "${name}"`;
    return this.#open(call, wire.Containers.portForward, doing).connection({ namespace, pod: name, port });
  }

  #open({ signal }: Call, method: StreamMethod, doing: string): ContainerStream {
    if (signal?.aborted) throw cancelled(signal, doing);
    return new ContainerStream(this.#target, method, signal, doing);
  }
}

/** One call that carries input and output. */
class ContainerStream {
  readonly #stream: ClientDuplexStream<wire.StreamInputInit | Buffer, wire.StreamOutput>;
  readonly #sender: BoundedSender<wire.StreamInputInit>;
  readonly #stdout = new PushedReadable();
  readonly #stderr = new PushedReadable();
  readonly #started = deferred();
  readonly #exitCode = deferred<number>();
  #input: Writable | undefined;

  constructor(target: CallTarget, method: StreamMethod, signal: AbortSignal | undefined, doing: string) {
    const over = new AbortController();
    this.#stream = duplex(target, method, signal);
    this.#sender = new BoundedSender(this.#stream, over.signal);
    this.#read().then(
      () => over.abort(),
      (error: unknown) => {
        over.abort();
        this.#fail(signal?.aborted ? cancelled(signal, doing) : failureOf(target.channel, error, doing));
      },
    );
  }

  async process(open: wire.StreamOpenInit, { stdin, tty }: AttachOptions): Promise<RemoteProcess> {
    const input = this.#makeInput();
    this.#send({ case: 'open', value: open });
    if (!stdin) input.end();
    await this.#started.promise;
    return {
      stdin: stdin ? input : undefined,
      stdout: this.#stdout,
      stderr: tty ? undefined : this.#stderr,
      resize: (columns, rows) => this.#send({ case: 'resize', value: { columns, rows } }),
      exitCode: this.#exitCode.promise,
    };
  }

  async connection(open: wire.StreamOpenInit): Promise<Duplex> {
    const input = this.#makeInput();
    this.#send({ case: 'open', value: open });
    await this.#started.promise;
    const connection = Duplex.from({ readable: this.#stdout, writable: input });
    connection.once('close', () => this.#stream.cancel());
    return connection;
  }

  #makeInput(): Writable {
    const input = new Writable({
      highWaterMark: inputBytes,
      write: (chunk: Buffer, _encoding, done) => {
        this.#sendInput(chunk).then(() => done(), done);
      },
      final: (done) => {
        this.#send({ case: 'stdinClosed', value: true });
        done();
      },
    });
    input.on('error', () => {});
    return (this.#input = input);
  }

  async #sendInput(chunk: Buffer): Promise<void> {
    for (let at = 0; at < chunk.length; at += inputBytes) {
      const value = chunk.subarray(at, at + inputBytes);
      if (!(await this.#sender.send({ kind: { case: 'stdin', value } }, value.length))) {
        throw new StatusError('ServiceUnavailable', 'Cannot send input: the stream has ended');
      }
    }
  }

  /** For what is small and rare: nobody waits. */
  #send(kind: wire.StreamInputCaseInit): void {
    this.#sender.send({ kind }, 0).catch(() => {});
  }

  async #read(): Promise<void> {
    for await (const { kind } of this.#stream as AsyncIterable<wire.StreamOutput>) {
      switch (kind?.case) {
        case 'started':
          this.#started.resolve();
          break;
        case 'stdout':
          await this.#stdout.deliver(kind.value);
          break;
        case 'stderr':
          await this.#stderr.deliver(kind.value);
          break;
        case 'stdoutClosed':
          this.#stdout.finish();
          break;
        case 'status':
          this.#ended(kind.value);
          return;
      }
    }
    throw new StatusError('InternalError', 'The stream ended without saying how');
  }

  #ended(bytes: Buffer): void {
    const status = decodeStatus(bytes);
    const exitCode = status === undefined ? undefined : exitCodeOf(status);
    if (exitCode === undefined) {
      throw status === undefined
        ? new StatusError('InternalError', 'The stream ended with a Status that cannot be read')
        : StatusError.fromStatus(status);
    }
    this.#stdout.finish();
    this.#stderr.finish();
    this.#exitCode.resolve(exitCode);
    this.#input?.destroy();
    this.#stream.end();
  }

  #fail(error: StatusError): void {
    this.#started.reject(error);
    this.#exitCode.reject(error);
    this.#stdout.destroy(error);
    this.#stderr.destroy(error);
    this.#input?.destroy(error);
    this.#stream.cancel();
  }
}
