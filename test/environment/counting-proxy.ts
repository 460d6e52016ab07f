import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';

export interface CountingProxy {
  readonly socketPath: string;
  /** The first line of each request that has passed, such as "GET /info HTTP/1.1". */
  readonly requests: string[];
  close(): Promise<void>;
}

/** Stands between a client and a server on Unix sockets and takes note of what is asked. */
export async function countingProxy(target: string, socketPath: string): Promise<CountingProxy> {
  const requests: string[] = [];
  const open = new Set<Socket>();
  const server = createServer((downstream) => {
    const upstream = connect(target);
    for (const socket of [downstream, upstream]) {
      open.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        open.delete(socket);
        downstream.destroy();
        upstream.destroy();
      });
    }
    downstream.on('data', (chunk: Buffer) => {
      requests.push(...(chunk.toString('latin1').match(/^[A-Z]+ \/\S* HTTP\/1\.1$/gm) ?? []));
    });
    downstream.pipe(upstream);
    upstream.pipe(downstream);
  }).listen(socketPath);
  await once(server, 'listening');
  return {
    socketPath,
    requests,
    async close() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
