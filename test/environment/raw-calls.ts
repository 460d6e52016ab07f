import { connect } from 'node:http2';
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';
import * as wire from '../../core/api/generated/wheelhouse.ts';
import type { UserInfo } from '../../core/api/generated/authentication-v1.ts';
import type { KeyPair } from '../../core/machinery/pki/key-pair.ts';

/** Requests with headers that no client of ours would send, over HTTP/2 as it is. */
export interface RawCaller {
  /** host:port of either front end. */
  readonly address: string;
  readonly ca: Buffer;
  /** What is shown; nothing for null. */
  readonly as: KeyPair | null;
}

export interface RawAnswer {
  readonly headers: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const withinMs = 20_000;

/** One request on a connection of its own. */
function callRaw(caller: RawCaller, headers: OutgoingHttpHeaders, body: Buffer): Promise<RawAnswer> {
  const { address, ca, as } = caller;
  return new Promise((resolve, reject) => {
    const session = connect(`https://${address}`, { ca, servername: 'localhost', ...as });
    const stream = session.request(headers);
    const answer = { headers: {} as IncomingHttpHeaders, trailers: {} as IncomingHttpHeaders };
    const chunks: Buffer[] = [];
    stream.on('response', (received) => (answer.headers = received));
    stream.on('trailers', (received) => (answer.trailers = received));
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.setTimeout(withinMs, () => stream.destroy(new Error(`No answer within ${withinMs} ms`)));
    for (const part of [session, stream])
      part.on('error', (error: Error) => {
        session.destroy();
        reject(error);
      });
    stream.on('close', () => {
      session.close();
      resolve({ ...answer, body: Buffer.concat(chunks) });
    });
    stream.end(body);
  });
}

const reviews = '/apis/authentication.k8s.io/v1/selfsubjectreviews';

/** Whom core takes a caller for over REST; the code of what it answers otherwise. */
export async function whoOverRest(
  caller: RawCaller,
  headers: OutgoingHttpHeaders,
): Promise<UserInfo | number> {
  const answer = await callRaw(
    caller,
    { ':method': 'POST', ':path': reviews, 'content-type': 'application/json', ...headers },
    Buffer.from('{}'),
  );
  const code = Number(answer.headers[':status']);
  if (code !== 201) return code;
  return userOf(answer.body);
}

/** Whom core takes a caller for over gRPC; the code of what it answers otherwise. */
export async function whoOverGrpc(
  caller: RawCaller,
  headers: OutgoingHttpHeaders,
): Promise<UserInfo | number> {
  const { path, request, reply } = wire.Objects.create;
  const message = Buffer.from(
    request.encode({
      target: { group: 'authentication.k8s.io', version: 'v1', resource: 'selfsubjectreviews' },
      json: Buffer.from('{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}'),
    }),
  );
  const length = Buffer.alloc(5);
  length.writeUInt32BE(message.length, 1);
  const answer = await callRaw(
    caller,
    { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers', ...headers },
    Buffer.concat([length, message]),
  );
  const code = Number(answer.trailers['grpc-status'] ?? answer.headers['grpc-status']);
  if (code !== 0) return code;
  return userOf(Buffer.from(reply.decode(answer.body.subarray(5)).json));
}

function userOf(json: Buffer): UserInfo {
  const { status } = JSON.parse(json.toString('utf8')) as { status: { userInfo: UserInfo } };
  return status.userInfo;
}
