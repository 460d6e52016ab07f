import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type * as vscode from 'vscode';
import type { ObjectName } from '../../core/api/object.ts';
import type { OpenCluster } from '../session/cluster-session.ts';
import { reasonOf } from '../session/reason.ts';

/** A port of a Pod; through a Service, where its name or number leads. */
export interface Destination {
  readonly pod: ObjectName;
  readonly port: number;
}

/** A listening socket on loopback whose connections end in a Pod. */
export class PortForward {
  /** Whose port it is, as "pod \"web\" in namespace \"default\": 8080". */
  readonly destination: string;
  readonly closed: Promise<void>;
  readonly #cluster: OpenCluster;
  readonly #where: Destination;
  readonly #log: vscode.LogOutputChannel;
  readonly #server: Server;
  readonly #closing = new AbortController();

  constructor(cluster: OpenCluster, where: Destination, name: string, log: vscode.LogOutputChannel) {
    this.destination = `${name}: ${where.port}`;
    this.#cluster = cluster;
    this.#where = where;
    this.#log = log;
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#connect(socket));
    this.closed = new Promise((resolve) => this.#server.once('close', resolve));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, '127.0.0.1', resolve);
    });
    this.#cluster.signal.addEventListener('abort', () => this.close(), { once: true });
  }

  close(): void {
    this.#closing.abort();
    this.#server.close();
  }

  #connect(socket: Socket): void {
    const signal = AbortSignal.any([this.#closing.signal, this.#cluster.signal]);
    const { pod, port } = this.#where;
    socket.on('error', () => socket.destroy());
    this.#cluster.cluster.containers.portForward({ signal }, pod, port).then(
      (connection) => {
        connection.on('error', () => socket.destroy());
        socket.on('close', () => connection.destroy());
        socket.pipe(connection).pipe(socket);
      },
      (error: unknown) => {
        this.#log.warn(`Cannot forward to port ${port} of "${pod.name}": ${reasonOf(error)}`);
        socket.destroy();
      },
    );
  }
}
