import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import type { Clock } from '../../machinery/clock.ts';

/** What is left of a body may be this long; several times the largest that is accepted. */
const mostBytes = 16 * 1024 * 1024;
const withinMs = 10_000;

/**
 * Call it when a request is answered. What was not read of its body is read for nothing, because many clients look for
 * the answer only when they have sent everything; but not without end: then the connection is cut (upstream: Go's
 * net/http reads 256 KB more). Over HTTP/2 the client is told at once to stop (RFC 9113, section 8.1).
 */
export function discardBody(request: IncomingMessage, clock: Clock): void {
  if (request.complete) return;
  if (request.httpVersionMajor >= 2) {
    // A stream that nobody read from Node closes by itself.
    if (request.readableDidRead) closeWhenAnswered(request);
    return;
  }
  if (request.destroyed) return;
  const { socket } = request;
  let left = mostBytes;
  const cut = () => socket.destroy();
  const cancel = clock.after(withinMs, cut);
  request.once('close', cancel);
  request.on('data', (piece: Buffer) => {
    left -= piece.length;
    if (left < 0) cut();
  });
  request.unpipe();
  request.resume();
}

/** As `discardBody`, of a client that was given its time: nothing more is read once the answer is sent. */
export function cutBody(request: IncomingMessage, response: ServerResponse): void {
  if (request.complete) return;
  if (request.httpVersionMajor >= 2) closeWhenAnswered(request);
  else response.once('finish', () => request.destroy());
}

function closeWhenAnswered(request: IncomingMessage): void {
  // Node's compatibility layer: only the types differ.
  const { stream } = request as unknown as Http2ServerRequest;
  const close = () => stream.close();
  if (stream.writableFinished) close();
  else stream.once('finish', close);
}
