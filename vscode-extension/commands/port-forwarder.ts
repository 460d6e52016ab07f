import type { Duplex } from 'node:stream';
import { isUnavailable } from '../../core/api/errors.ts';
import type { ObjectName } from '../../core/api/object.ts';
import { forwardPort } from '../../core/client/operations/port-forward.ts';
import { l10n } from '../language/l10n.ts';
import type { OpenCluster } from '../session/cluster-session.ts';
import { reasonOf } from '../session/reason.ts';
import type { Openings } from '../session/while-open.ts';

/** A port of a Pod; through a Service, where its name or number leads. */
export interface Destination {
  readonly pod: ObjectName;
  readonly port: number;
}

export interface PortForwardOptions {
  /** The cluster it leads into, whatever else is opened meanwhile. */
  readonly context: string;
  /** Whose port it is, as "pod \"web\" in namespace \"default\"". */
  readonly name: string;
  readonly where: Destination;
  /** Where it leads by now: the Pods of a Service come and go. */
  readonly find: (open: OpenCluster, signal: AbortSignal) => Promise<Destination>;
  /** Told why a connection came to nothing. */
  readonly onError: (text: string) => void;
}

/**
 * A listening socket on loopback whose connections end in a Pod, until it is closed. It outlives its cluster's
 * connection: what is open ends with that, and the same port leads there again when the cluster is opened again.
 */
export class PortForward {
  /** Whose port it is, as "pod \"web\" in namespace \"default\": 8080". */
  readonly destination: string;
  readonly #session: Openings;
  readonly #options: PortForwardOptions;
  readonly #closing = new AbortController();
  #where: Destination;
  #port = 0;

  constructor(session: Openings, options: PortForwardOptions) {
    this.destination = `${options.name}: ${options.where.port}`;
    this.#session = session;
    this.#options = options;
    this.#where = options.where;
  }

  /** Of this machine. */
  get port(): number {
    return this.#port;
  }

  /** Aborts when it is closed. */
  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  /** Its cluster is not open, so nobody gets through for now. */
  get waits(): boolean {
    return this.#session.current?.context.name !== this.#options.context;
  }

  /** What it is and how it stands, for people. */
  get text(): string {
    return this.waits
      ? l10n.t(
          '{0} at localhost:{1} waits until cluster "{2}" is opened again',
          this.destination,
          this.#port,
          this.#options.context,
        )
      : l10n.t('{0} answers at localhost:{1}', this.destination, this.#port);
  }

  /** 0 takes any port that is free. */
  async listen(port: number): Promise<void> {
    this.#port = await forwardPort('127.0.0.1', port, {
      open: (signal) => this.#open(signal),
      onConnection: () => {},
      onError: (error) => {
        this.#options.onError(`Cannot forward to ${this.destination}: ${reasonOf(error)}`);
      },
      signal: this.#closing.signal,
    });
  }

  close(): void {
    this.#closing.abort(new Error('The forwarding was stopped'));
  }

  async #open(signal: AbortSignal): Promise<Duplex> {
    const { current } = this.#session;
    if (current === undefined || this.waits) throw new Error(this.text);
    const limit = AbortSignal.any([signal, current.signal]);
    try {
      return await connect(current, this.#where, limit);
    } catch (error) {
      if (limit.aborted || isUnavailable(error)) throw error;
      const where = await this.#options.find(current, limit);
      if (isSame(where, this.#where)) throw error;
      this.#where = where;
      return connect(current, where, limit);
    }
  }
}

function connect({ cluster }: OpenCluster, { pod, port }: Destination, signal: AbortSignal): Promise<Duplex> {
  return cluster.containers.portForward({ signal }, pod, port);
}

function isSame(one: Destination, other: Destination): boolean {
  return one.pod.name === other.pod.name && one.port === other.port;
}
