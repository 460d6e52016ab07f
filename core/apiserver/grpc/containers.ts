import type { Readable } from 'node:stream';
import { badRequest } from '../../api/errors.ts';
import * as wire from '../../api/generated/wheelhouse.ts';
import { exitStatus, type ContainerStreams, type RemoteProcess } from '../../api/streams.ts';
import { checkLogsOptions } from '../../api/validation/log-options.ts';
import type { BoundedSender } from '../../machinery/bounded-sender.ts';
import { pathOf, resourceAttributes, uriOf } from '../requests/attributes.ts';
import type { RequestAttributes } from '../requests/attributes.ts';
import { duplexMethod, streamMethod } from './methods.ts';
import type { MessageInput, MethodContext, ServedMethod, ServerCall } from './methods.ts';

/** Streams to and from containers as a gRPC service. */
export function containersService(
  streams: ContainerStreams,
  context: MethodContext,
): readonly ServedMethod[] {
  const { logs, exec, attach, portForward } = wire.Containers;
  return [
    streamMethod(logs, context, asksForLog, async (call, { namespace, pod, container, options }, out) => {
      checkLogsOptions(pod, options ?? {});
      const from = streams.logs(call, { namespace, name: pod }, { ...options, ...containerOf(container) });
      for await (const data of from) {
        call.tracker?.started(200);
        if (!(await out.send(wire.LogsChunk.encode({ data })))) return;
      }
    }),
    duplexMethod(exec, context, opening('exec'), async (call, { messages, open }, out) => {
      const { namespace, pod, container, command, tty, stdin } = open;
      const options = { command, tty, stdin, ...containerOf(container) };
      await carry(call, await streams.exec(call, { namespace, name: pod }, options), messages, out);
    }),
    duplexMethod(attach, context, opening('attach'), async (call, { messages, open }, out) => {
      const { namespace, pod, container, tty, stdin } = open;
      const options = { tty, stdin, ...containerOf(container) };
      await carry(call, await streams.attach(call, { namespace, name: pod }, options), messages, out);
    }),
    duplexMethod(portForward, context, opening('portforward'), async (call, { messages, open }, out) => {
      const { namespace, pod, port } = open;
      const connection = await streams.portForward(call, { namespace, name: pod }, port);
      call.tracker?.started(200);
      call.signal.addEventListener('abort', () => connection.destroy(), { once: true });
      await send(out, { case: 'started', value: true });
      await Promise.all([
        feed(messages, connection),
        sendAll(connection, 'stdout', out).then(() => send(out, { case: 'stdoutClosed', value: true })),
      ]);
      await sendStatus(out, 0);
    }),
  ];
}

type Messages = AsyncIterator<wire.StreamInput>;

/** Reads the first message, which says what is wanted of which Pod. */
function opening(subresource: 'exec' | 'attach' | 'portforward') {
  return async (input: MessageInput<wire.StreamInput>) => {
    const messages = input[Symbol.asyncIterator]();
    const open = await opened(messages);
    const { command, container, stdin, tty, port: ports } = open;
    const asked = { command, container, stdin, tty, ports };
    return { messages, open, attributes: attributesOf(open, subresource, 'create', asked) };
  };
}

function asksForLog({ namespace, pod, container, options }: wire.LogsRequest): RequestAttributes {
  const { follow, previous, tailLines, sinceSeconds } = options ?? {};
  const asked = { container, follow, previous, tailLines, sinceSeconds };
  return attributesOf({ namespace, pod }, 'log', 'get', asked);
}

function attributesOf(
  { namespace, pod }: Pick<wire.StreamOpen, 'namespace' | 'pod'>,
  subresource: string,
  verb: string,
  asked: Parameters<typeof uriOf>[1],
): RequestAttributes {
  const target = { group: '', version: 'v1', resource: 'pods', subresource, namespace, name: pod };
  const path = pathOf(target);
  return { verb, path, uri: uriOf(path, asked), resource: resourceAttributes(target), longRunning: true };
}

async function opened(messages: Messages): Promise<wire.StreamOpen> {
  const first = await messages.next();
  const kind = first.done === true ? undefined : first.value.kind;
  if (kind?.case === 'open') return kind.value;
  throw badRequest('Cannot open the stream: its first message must be "open"');
}

/** Joins a process and a call until the process has ended and its output is sent. */
async function carry(
  { tracker }: ServerCall,
  process: RemoteProcess,
  messages: Messages,
  out: BoundedSender,
): Promise<void> {
  tracker?.started(200);
  await send(out, { case: 'started', value: true });
  // Input ends with the process: whatever the client still sends is not waited for.
  feed(messages, process.stdin, process).catch(() => process.stdin?.destroy());
  const { stdout, stderr } = process;
  await Promise.all([
    sendAll(stdout, 'stdout', out),
    stderr === undefined ? undefined : sendAll(stderr, 'stderr', out),
  ]);
  await sendStatus(out, await process.exitCode);
}

/** Hands the client's input on, no faster than it is taken. The end of the messages is the end of the input. */
async function feed(
  messages: Messages,
  stdin: NodeJS.WritableStream | undefined,
  process?: Pick<RemoteProcess, 'resize'>,
): Promise<void> {
  for (let next = await messages.next(); next.done !== true; next = await messages.next()) {
    const { kind } = next.value;
    if (kind?.case === 'stdin' && stdin !== undefined) await written(stdin, kind.value);
    else if (kind?.case === 'resize') process?.resize(kind.value.columns, kind.value.rows);
    else if (kind?.case === 'stdinClosed') stdin?.end();
  }
  stdin?.end();
}

async function sendAll(from: Readable, name: 'stdout' | 'stderr', out: BoundedSender): Promise<void> {
  // The end of one direction of a connection must not be the end of the other.
  const pieces = from.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  for await (const data of pieces) {
    if (!(await send(out, { case: name, value: data }))) return;
  }
}

function sendStatus(out: BoundedSender, exitCode: number): Promise<boolean> {
  return send(out, { case: 'status', value: Buffer.from(JSON.stringify(exitStatus(exitCode))) });
}

function send(out: BoundedSender, kind: wire.StreamOutputCaseInit): Promise<boolean> {
  return out.send(wire.StreamOutput.encode({ kind }));
}

function written(stdin: NodeJS.WritableStream, data: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    stdin.write(data, (error) => (error ? reject(error) : resolve()));
  });
}

function containerOf(container: string): { readonly container?: string } {
  return container === '' ? {} : { container };
}
