import { connect as http2Connect, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';

/** grpc.health.v1.HealthCheckResponse.ServingStatus. */
const statuses = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const;

export type ServingStatus = (typeof statuses)[number];

/**
 * One `grpc.health.v1.Health/Check` over a connection that is open already. Two fields of protobuf do not need a
 * gRPC library, and the connection comes from inside a Pod's network, which none of them takes.
 */
export function checkGrpcHealth(
  socket: Duplex,
  authority: string,
  service: string,
  signal: AbortSignal,
): Promise<ServingStatus> {
  return new Promise((resolve, reject) => {
    const session = http2Connect(`http://${authority}`, { createConnection: () => socket });
    const fail = (error: Error) => {
      session.destroy();
      reject(error);
    };
    const onAbort = () => fail(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    session.once('close', () => signal.removeEventListener('abort', onAbort));
    session.once('error', fail);
    call(session, service).then((status) => {
      session.destroy();
      resolve(status);
    }, fail);
  });
}

function call(session: ClientHttp2Session, service: string): Promise<ServingStatus> {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Check',
      'content-type': 'application/grpc',
      te: 'trailers',
      'user-agent': 'kube-probe/1.36',
    });
    const pieces: Buffer[] = [];
    let grpcStatus: string | undefined;
    let grpcMessage = '';
    const note = (headers: Readonly<Record<string, unknown>>) => {
      const { 'grpc-status': status, 'grpc-message': message } = headers;
      if (typeof status === 'string') grpcStatus = status;
      if (typeof message === 'string') grpcMessage = decodeURIComponent(message);
    };
    stream.on('response', note);
    stream.on('trailers', note);
    stream.on('data', (piece: Buffer) => pieces.push(piece));
    stream.once('error', reject);
    stream.once('close', () => {
      if (grpcStatus === '0') resolve(readStatus(Buffer.concat(pieces)));
      else if (grpcStatus === '5') resolve('SERVICE_UNKNOWN');
      else reject(new Error(`rpc error: code = ${grpcStatus ?? 'unknown'} desc = ${grpcMessage}`));
    });
    send(stream, service);
  });
}

function send(stream: ClientHttp2Stream, service: string): void {
  const name = Buffer.from(service);
  // HealthCheckRequest { string service = 1; }
  const message =
    name.length === 0 ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0x0a]), varint(name.length), name]);
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE(message.length, 1);
  stream.end(Buffer.concat([frame, message]));
}

/** HealthCheckResponse { ServingStatus status = 1; } behind a gRPC frame head. */
function readStatus(body: Buffer): ServingStatus {
  const message = body.subarray(5);
  if (message.length === 0) return 'UNKNOWN';
  if (message[0] !== 0x08) throw new Error('Cannot read the health reply: it is no HealthCheckResponse');
  return statuses[message[1] ?? 0] ?? 'UNKNOWN';
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}
