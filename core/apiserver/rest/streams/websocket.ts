import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { StatusError } from '../../../api/errors.ts';
import type { Clock } from '../../../machinery/clock.ts';

/** A message of a client; larger ones end the connection. Clients send pieces of 32 KiB. */
const maxMessageBytes = 1024 * 1024;
/** Messages waiting to be taken before the connection is no longer read. */
const mostWaiting = 64;
/** A client that is gone without a word is noticed within two of these. */
const pingEveryMs = 30_000;

/** Completes the handshake of a WebSocket with this subprotocol, or none. Rejects when the client cannot take part. */
export function acceptWebSocket(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  protocol: string | undefined,
): Promise<WebSocket> {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: maxMessageBytes,
    perMessageDeflate: false,
  });
  // Negotiated here: Kubernetes' "SPDY/3.1+portforward.k8s.io" is no token, and the library would refuse it.
  delete request.headers['sec-websocket-protocol'];
  server.once('headers', (headers) => {
    if (protocol !== undefined) headers.push(`Sec-WebSocket-Protocol: ${protocol}`);
  });
  return new Promise((resolve, reject) => {
    const onClose = () =>
      reject(new StatusError('Timeout', 'Cannot open the WebSocket: the client has gone'));
    if (socket.closed) return onClose();
    // Of a client that sends nothing more the library closes the connection without another word.
    socket.once('close', onClose);
    server.once('wsClientError', reject);
    server.handleUpgrade(request, socket, head, (accepted) => {
      socket.off('close', onClose);
      resolve(accepted);
    });
  });
}

/**
 * Messages as they come, from this call on; ends when the connection does. What is not taken holds up the client.
 */
export function messagesOf(socket: WebSocket): AsyncGenerator<Buffer> {
  const waiting: Buffer[] = [];
  let wake: (() => void) | undefined;
  socket.on('message', (data: Buffer) => {
    waiting.push(data);
    if (waiting.length >= mostWaiting) socket.pause();
    wake?.();
  });
  socket.once('close', () => wake?.());
  // What broke the connection also closes it.
  socket.on('error', () => undefined);

  async function* taken(): AsyncGenerator<Buffer> {
    while (socket.readyState !== socket.CLOSED || waiting.length > 0) {
      const next = waiting.shift();
      if (next !== undefined) {
        if (waiting.length === 0 && socket.isPaused) socket.resume();
        yield next;
      } else await new Promise<void>((resolve) => (wake = resolve));
    }
  }
  return taken();
}

/** Text as text, bytes as bytes. Resolves when the connection has taken the message; false when it is gone. */
export function sendMessage(socket: WebSocket, data: Buffer | string): Promise<boolean> {
  if (socket.readyState !== socket.OPEN) return Promise.resolve(false);
  return new Promise((resolve) => socket.send(data, (error) => resolve(error == null)));
}

/** Ends the connection of a client that stops answering. */
export function keepAlive(socket: WebSocket, clock: Clock): void {
  let answered = true;
  socket.on('pong', () => {
    answered = true;
  });
  const ping = () => {
    // While it is held up nothing is read from it, its answers included.
    if (!answered && !socket.isPaused) return socket.terminate();
    answered = false;
    socket.ping();
    cancel = clock.after(pingEveryMs, ping);
  };
  let cancel = clock.after(pingEveryMs, ping);
  socket.once('close', () => cancel());
}
