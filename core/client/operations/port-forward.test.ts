import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Duplex } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Service } from '../../api/generated/core-v1.ts';
import { deferred } from '../../machinery/deferred.ts';
import { pod } from '../../../test/builders/index.ts';
import { settle } from '../../../test/expectations/eventually.ts';
import { forwardedPort, forwardPort } from './port-forward.ts';

const hasIpv6 = Object.values(networkInterfaces())
  .flat()
  .some((face) => face?.address === '::1');

describe('the ports that are asked for', () => {
  const web = pod()
    .named('web')
    .withSpec({ containers: [{ name: 'main', ports: [{ name: 'http', containerPort: 8080 }] }] })
    .build();
  const front: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'front' },
    spec: {
      ports: [
        { name: 'web', port: 80, targetPort: 'http' },
        { port: 443, targetPort: 8443 },
      ],
    },
    status: {},
  };

  test.each([
    ['8080', 8080, 8080],
    ['http', 8080, 8080],
    ['9000:8080', 9000, 8080],
    ['9000:http', 9000, 8080],
    [':8080', 0, 8080],
    ['0:8080', 0, 8080],
  ])('%s of a Pod', (text, local, remote) => {
    expect(forwardedPort(text, web)).toEqual({ local, remote });
  });

  test.each([
    ['80', 80, 8080],
    ['web', 80, 8080],
    ['443', 443, 8443],
    ['9000:web', 9000, 8080],
  ])('%s of a Service', (text, local, remote) => {
    expect(forwardedPort(text, web, front)).toEqual({ local, remote });
  });

  test('of a Service without an address are those of its Pods', () => {
    const headless = { ...front, spec: { ...front.spec, clusterIP: 'None' } };
    expect(forwardedPort('80', web, headless)).toEqual({ local: 80, remote: 80 });
  });

  test.each([
    ['1:2:3', "invalid port format '1:2:3'"],
    ['80:', "invalid port format '80:'"],
    ['70000', "invalid port '70000'"],
    ['x:80', "invalid port 'x' in 'x:80'"],
    ['dns', "Pod 'web' does not have a named port 'dns'"],
  ])('%s is refused', (text, message) => {
    expect(() => forwardedPort(text, web)).toThrow(message);
  });

  test('that a Service does not have are refused', () => {
    expect(() => forwardedPort('81', web, front)).toThrow("Service 'front' does not have a service port 81");
    expect(() => forwardedPort('dns', web, front)).toThrow(
      "Service 'front' does not have a named port 'dns'",
    );
  });
});

describe('a forwarded port', () => {
  let far: Server;
  let stop: AbortController;
  const errors: unknown[] = [];

  beforeEach(async () => {
    errors.length = 0;
    stop = new AbortController();
    // Answers when the caller has said all, on the half of the connection that is left.
    far = createServer({ allowHalfOpen: true }, (socket) => {
      let heard = '';
      socket.on('data', (data) => (heard += data.toString()));
      socket.on('end', () => socket.end(`heard ${heard}`));
    });
    far.listen(0, '127.0.0.1');
    await once(far, 'listening');
  });

  afterEach(() => {
    stop.abort();
    far.close();
  });

  const listen = (
    addresses: readonly string[],
    port: number,
    open: (signal: AbortSignal) => Promise<Duplex> = () => dial(),
  ) =>
    forwardPort(addresses, port, {
      open,
      signal: stop.signal,
      onConnection: () => {},
      onError: (error) => errors.push(error),
    });
  const forward = async (open: (signal: AbortSignal) => Promise<Duplex>) =>
    (await listen(['127.0.0.1'], 0, open)).port;
  const dial = async () => {
    const socket = connect({
      port: (far.address() as AddressInfo).port,
      host: '127.0.0.1',
      allowHalfOpen: true,
    });
    await once(socket, 'connect');
    return socket;
  };

  async function ask(port: number, text: string, host = '127.0.0.1'): Promise<string> {
    const socket = connect({ port, host, allowHalfOpen: true });
    socket.end(text);
    let answer = '';
    for await (const data of socket) answer += String(data);
    return answer;
  }

  test('carries both directions, and each ends by itself', async () => {
    const port = await forward(dial);
    expect(await Promise.all([ask(port, 'one'), ask(port, 'two')])).toEqual(['heard one', 'heard two']);
    expect(errors).toEqual([]);
  });

  test('tells of a connection that cannot be opened, and goes on', async () => {
    let refuse = true;
    const port = await forward(() => (refuse ? Promise.reject(new Error('nobody listens')) : dial()));
    expect(await ask(port, 'one')).toBe('');
    expect(errors).toEqual([new Error('nobody listens')]);
    refuse = false;
    expect(await ask(port, 'two')).toBe('heard two');
  });

  test('gives up an opening whose caller hung up, and says nothing of it', async () => {
    const opening = deferred<AbortSignal>();
    const port = await forward(async (signal) => {
      opening.resolve(signal);
      await once(signal, 'abort');
      throw signal.reason as Error;
    });
    const socket = connect({ port, host: '127.0.0.1' });
    const signal = await opening.promise;
    socket.resetAndDestroy();
    if (!signal.aborted) await once(signal, 'abort');
    await settle();
    expect(errors).toEqual([]);
  });

  test('closes what was opened too late for its caller', async () => {
    const opening = deferred<Socket>();
    const gate = deferred();
    const port = await forward(async () => {
      const connection = await dial();
      opening.resolve(connection);
      await gate.promise;
      return connection;
    });
    const socket = connect({ port, host: '127.0.0.1' });
    const connection = await opening.promise;
    socket.resetAndDestroy();
    gate.resolve();
    // It may end with an error: that of its caller.
    if (!connection.closed) await new Promise((resolve) => connection.once('close', resolve));
    expect(errors).toEqual([]);
  });

  test('listens on every address that there is, at one port, each once', async () => {
    const elsewhere = '192.0.2.1';
    const { port, addresses } = await listen([elsewhere, '127.0.0.1', 'localhost'], 0);
    const loopbacks = hasIpv6 ? ['127.0.0.1', '::1'] : ['127.0.0.1'];
    expect(addresses).toEqual(loopbacks);
    for (const address of loopbacks) expect(await ask(port, 'one', address)).toBe('heard one');
  });

  test('is refused where somebody listens already', async () => {
    const { port } = far.address() as AddressInfo;
    await expect(listen(['127.0.0.1'], port)).rejects.toThrow(
      new RegExp(`^unable to listen on port ${port}: Listeners failed .*EADDRINUSE`),
    );
  });
});
