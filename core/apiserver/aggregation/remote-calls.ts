import type { IncomingMessage } from 'node:http';
import { StatusError } from '../../api/errors.ts';
import type { Status } from '../../api/generated/meta-v1.ts';
import type { KubernetesObject } from '../../api/object.ts';
import type { Body, Call } from '../../api/verbs.ts';
import { isObject } from '../../machinery/json.ts';
import { frontProxyHeaders } from './front-proxy-headers.ts';
import { answerTo, unreachable } from './upstream.ts';
import type { Upstream } from './upstream.ts';

export interface RemoteBody {
  readonly contentType: string;
  readonly bytes: Buffer;
}

export interface RemoteEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: KubernetesObject;
}

const maxAnswerBytes = 64 * 1024 * 1024;
const maxEventBytes = 8 * 1024 * 1024;
const answerWithinMs = 60_000;
const eventTypes: ReadonlySet<unknown> = new Set(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK']);
const processItself = { name: 'system:apiserver', groups: ['system:masters', 'system:authenticated'] };

/** One caller's requests to a user's API server. Everything rejects with `StatusError`: the server's own, or 503. */
export class RemoteCalls {
  readonly #upstream: Upstream;
  readonly #call: Call;

  constructor(upstream: Upstream, call: Call) {
    this.#upstream = upstream;
    this.#call = call;
  }

  bodyOf(body: Body): RemoteBody {
    if (body.kind === 'bytes') return body;
    return { contentType: 'application/json', bytes: Buffer.from(JSON.stringify(body.object)) };
  }

  async json(method: string, path: string, body?: RemoteBody): Promise<KubernetesObject> {
    const { signal = new AbortController().signal } = this.#call;
    try {
      const answer = await this.#upstream.read(
        { method, path, headers: this.#headers(body), ...(body === undefined ? {} : { body: body.bytes }) },
        { maxBytes: maxAnswerBytes, withinMs: answerWithinMs, signal },
      );
      const value = valueOf(answer.body);
      if (answer.code >= 300) throw failure(answer.code, value);
      if (!isObject(value)) throw new Error('its answer is no object');
      return value as unknown as KubernetesObject;
    } catch (error) {
      signal.throwIfAborted();
      throw unreachable(error);
    }
  }

  /** Ends when the server's stream does, or with the caller. */
  async *events(path: string): AsyncGenerator<RemoteEvent, void, undefined> {
    const { signal = new AbortController().signal } = this.#call;
    const over = new AbortController();
    const stop = () => over.abort();
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    try {
      const outgoing = this.#upstream.open({
        method: 'GET',
        path,
        headers: this.#headers(),
        signal: over.signal,
        streamsFor: this.#call.user,
      });
      const answer = await answerTo(outgoing, () => outgoing.end());
      const code = answer.statusCode ?? 502;
      if (code >= 300) {
        answer.resume();
        throw failure(code, undefined);
      }
      for await (const line of linesOf(answer)) {
        const event = valueOf(line);
        if (!isObject(event) || !isObject(event['object'])) throw new Error('what it sends is no event');
        if (event['type'] === 'ERROR') throw failure(500, event['object']);
        if (eventTypes.has(event['type'])) yield event as unknown as RemoteEvent;
      }
    } catch (error) {
      if (signal.aborted) return;
      throw unreachable(error);
    } finally {
      signal.removeEventListener('abort', stop);
      stop();
    }
  }

  #headers(body?: RemoteBody) {
    const { user = processItself, userAgent } = this.#call;
    return frontProxyHeaders(
      {
        accept: 'application/json',
        ...(userAgent === undefined ? {} : { 'user-agent': userAgent }),
        ...(body === undefined
          ? {}
          : { 'content-type': body.contentType, 'content-length': String(body.bytes.length) }),
      },
      user,
      [],
    );
  }
}

async function* linesOf(answer: IncomingMessage): AsyncGenerator<Buffer, void, undefined> {
  let rest: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    let from = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, from)) {
      yield Buffer.concat([...rest, chunk.subarray(from, end)]);
      rest = [];
      bytes = 0;
      from = end + 1;
    }
    if (from === chunk.length) continue;
    rest.push(chunk.subarray(from));
    bytes += chunk.length - from;
    if (bytes > maxEventBytes) throw new Error(`an event is larger than ${maxEventBytes} bytes`);
  }
}

const newline = 0x0a;

function valueOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** What the server says itself, where it says it as a Status. */
function failure(code: number, value: unknown): StatusError {
  if (isObject(value) && value['kind'] === 'Status' && typeof value['reason'] === 'string')
    return StatusError.fromStatus({ ...(value as unknown as Status), code: Number(value['code'] ?? code) });
  if (code === 404) return new StatusError('NotFound', 'the server could not find the requested resource');
  return new StatusError(
    code < 500 ? 'BadRequest' : 'ServiceUnavailable',
    `the server answered with the code ${code}`,
    { code },
  );
}
