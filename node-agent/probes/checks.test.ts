import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttp2Server, type ServerHttp2Stream } from 'node:http2';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { checkGrpc, checkHttp, checkTcp, resolvePort, type Connect } from './checks.ts';

const servers: Server[] = [];

afterEach(async () => {
  await Promise.all(
    servers.splice(0).map(
      (server) =>
        new Promise((resolve) => {
          server.close(resolve);
        }),
    ),
  );
});

/** A sandbox whose network is this machine's loopback. */
const loopback: Connect = {
  sandboxId: 'sandbox',
  podIp: '10.0.0.7',
  runtime: {
    dial: (_, port) =>
      new Promise((resolve, reject) => {
        const socket = connect({ host: '127.0.0.1', port });
        socket.once('connect', () => resolve(socket));
        socket.once('error', reject);
      }),
  },
};

async function listening(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}

const http = (listener: RequestListener) => listening(createHttpServer(listener));
const soon = () => AbortSignal.timeout(5_000);

describe('checkHttp', () => {
  test.each([
    [200, { kind: 'success' }],
    [302, { kind: 'success' }],
    [404, { kind: 'failure', message: 'HTTP probe failed with statuscode: 404' }],
    [503, { kind: 'failure', message: 'HTTP probe failed with statuscode: 503' }],
  ])('takes %i as %j', async (status, expected) => {
    const port = await http((_, response) => {
      response.writeHead(status, { Location: 'http://elsewhere/' }).end('x'.repeat(100_000));
    });
    expect(await checkHttp(loopback, { port }, soon())).toEqual(expected);
  });

  test('asks for the path, with its own headers over the usual ones', async () => {
    let seen: unknown;
    const port = await http(({ url, headers }, response) => {
      seen = [url, headers.host, headers['x-a'], headers['user-agent']];
      response.end();
    });
    const httpHeaders = [
      { name: 'X-A', value: '1' },
      { name: 'X-A', value: '2' },
      { name: 'host', value: 'shop.example' },
    ];
    await checkHttp(loopback, { port, path: 'healthz?full=1', httpHeaders }, soon());
    expect(seen).toEqual(['/healthz?full=1', 'shop.example', '1, 2', 'kube-probe/1.36']);
  });

  test('says what it could not reach', async () => {
    const port = await listening(createServer());
    const server = servers.pop();
    await new Promise((resolve) => server?.close(resolve));
    const result = await checkHttp(loopback, { port, path: '/x' }, soon());
    expect(result).toMatchObject({ kind: 'error' });
    expect(result).toHaveProperty('message', expect.stringContaining(`Get "http://10.0.0.7:${port}/x": `));
  });

  test('ends with its signal', async () => {
    const port = await http(() => undefined);
    const result = await checkHttp(loopback, { port }, AbortSignal.timeout(50));
    expect(result).toMatchObject({ kind: 'error' });
  });
});

test('checkTcp is content with a connection', async () => {
  const port = await listening(createServer((socket) => socket.end()));
  expect(await checkTcp(loopback, { port }, soon())).toEqual({ kind: 'success' });
});

describe('checkGrpc', () => {
  async function grpc(answer: (stream: ServerHttp2Stream) => void): Promise<number> {
    const server = createHttp2Server();
    server.on('stream', (stream) => {
      stream.resume();
      stream.once('end', () => answer(stream));
    });
    return await listening(server);
  }

  const serving = (status: number) => (stream: ServerHttp2Stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(Buffer.from([0, 0, 0, 0, 2, 0x08, status]));
  };

  test.each([
    [1, { kind: 'success' }],
    [2, { kind: 'failure', message: 'service unhealthy (responded with "NOT_SERVING")' }],
  ])('takes serving status %i as %j', async (status, expected) => {
    const port = await grpc(serving(status));
    expect(await checkGrpc(loopback, { port, service: 'shop' }, soon())).toEqual(expected);
  });

  test('fails where the service is not known', async () => {
    const port = await grpc((stream) => {
      stream.respond(
        { ':status': 200, 'grpc-status': '5', 'grpc-message': 'unknown%20service' },
        { endStream: true },
      );
    });
    expect(await checkGrpc(loopback, { port }, soon())).toMatchObject({ kind: 'failure' });
  });
});

test('resolvePort finds ports by number, by name, and by a number in quotes', () => {
  const container = { name: 'main', ports: [{ name: 'web', containerPort: 8080 }] };
  expect([resolvePort(80, container), resolvePort('web', container), resolvePort('81', container)]).toEqual([
    80, 8080, 81,
  ]);
  expect(() => resolvePort('none', container)).toThrow('Cannot find port "none" of container "main"');
});
