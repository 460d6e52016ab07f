import type { ServerDuplexStream, ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import { Server, ServerCredentials, status } from '@grpc/grpc-js';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../machinery/clock.ts';
import { EtcdConnection } from './connection.ts';
import type { Method } from './messages.ts';

const asIs = (bytes: Buffer) => bytes;
const plain = {
  requestSerialize: asIs,
  requestDeserialize: asIs,
  responseSerialize: asIs,
  responseDeserialize: asIs,
};
/** Answers with as many bytes as it is asked for. */
const fetch: Method<Buffer, Buffer> = { path: '/Test/Fetch', encode: asIs, decode: asIs };
/** Says everything again. */
const echo: Method<Buffer, Buffer> = { path: '/Test/Echo', encode: asIs, decode: asIs };

let server: Server;
let connection: EtcdConnection;
beforeEach(async () => {
  server = new Server({ 'grpc.max_send_message_length': -1 });
  server.addService(
    {
      fetch: { path: fetch.path, requestStream: false, responseStream: false, ...plain },
      echo: { path: echo.path, requestStream: true, responseStream: true, ...plain },
    },
    {
      fetch: ({ request }: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) =>
        answer(null, Buffer.alloc(Number(request.toString()))),
      echo: (call: ServerDuplexStream<Buffer, Buffer>) => call.on('data', (said: Buffer) => call.write(said)),
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  connection = new EtcdConnection({ endpoints: [`127.0.0.1:${port}`] }, systemClock);
});
afterEach(() => {
  connection.close();
  server.forceShutdown();
});

test('an answer that is too large to receive leaves the streams of its connection alone', async () => {
  const limits = { timeoutMs: 20_000 };
  await connection.ready(limits);
  const { call } = connection.stream(echo, new AbortController().signal);
  const broken = new AbortController();
  call.on('error', (error) => broken.abort(error));
  const said = async (word: string) => {
    call.write(Buffer.from(word));
    const [answer] = (await once(call, 'data', { signal: broken.signal })) as [Buffer];
    return answer.toString();
  };
  expect(await said('one')).toBe('one');
  const tooMuch = Buffer.from(String(64 * 1024 * 1024 + 1));
  await expect(connection.unary(fetch, tooMuch, limits)).rejects.toMatchObject({
    code: status.RESOURCE_EXHAUSTED,
  });
  expect(await said('two')).toBe('two');
});
