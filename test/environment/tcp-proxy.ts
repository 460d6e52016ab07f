import type { AddressInfo, Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';

/** What happens to bytes on their way. */
export type Link =
  /** They pass. */
  | 'open'
  /** They vanish in both directions; connections stay up and new ones are accepted. */
  | 'black-hole'
  /** Requests arrive, replies vanish. */
  | 'no-replies'
  /** Requests vanish. */
  | 'no-requests'
  /** Connections are refused. */
  | 'down';

/** A TCP proxy on loopback whose link can fail in the ways that networks do. */
export class TcpProxy {
  readonly #target: number;
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #link: Link = 'open';
  #cutAfterBytes = Infinity;
  /** How many times the link was cut. */
  cuts = 0;

  private constructor(target: number, server: Server) {
    this.#target = target;
    this.#server = server;
    server.on('connection', (client: Socket) => this.#accept(client));
  }

  static async open(targetPort: number): Promise<TcpProxy> {
    const server = createServer();
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    return new TcpProxy(targetPort, server);
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  set link(link: Link) {
    this.#link = link;
    if (link === 'down') this.cut();
  }

  /** Ends all connections, as a reset. */
  cut(): void {
    this.cuts++;
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
    this.#pairs.clear();
  }

  /** Cuts each connection after so many bytes of replies. */
  cutEvery(bytes: number): void {
    this.#cutAfterBytes = bytes;
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => {
      this.#server.close(resolve);
    });
  }

  #accept(client: Socket): void {
    if (this.#link === 'down') {
      client.destroy();
      return;
    }
    const server = connect(this.#target, '127.0.0.1');
    const pair = [client, server] as const;
    this.#pairs.add(pair);
    let replied = 0;
    const end = () => {
      client.destroy();
      server.destroy();
      this.#pairs.delete(pair);
    };
    for (const socket of pair) socket.on('error', end).on('close', end);
    client.on('data', (chunk: Buffer) => {
      if (this.#link === 'open' || this.#link === 'no-replies') server.write(chunk);
    });
    server.on('data', (chunk: Buffer) => {
      if (this.#link !== 'open' && this.#link !== 'no-requests') return;
      replied += chunk.length;
      if (replied > this.#cutAfterBytes) {
        this.cuts++;
        // What is on the way is lost in the middle of a message.
        client.write(chunk.subarray(0, chunk.length >> 1), end);
      } else client.write(chunk);
    });
  }
}
