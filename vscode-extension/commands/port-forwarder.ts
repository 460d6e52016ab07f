import type { Duplex } from 'node:stream';
import { isUnavailable } from '../../core/api/errors.ts';
import type { ObjectName } from '../../core/api/object.ts';
import { forwardPort } from '../../core/client/operations/port-forward.ts';
import { linkSignals } from '../../core/machinery/signals.ts';
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
  /** Called when `text` and `isWell` say something else than before. */
  readonly onChange: () => void;
}

/**
 * Listens on loopback, and its connections end in a Pod, until it is closed. It outlives its cluster's
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
  /** Why the last connection came to nothing. */
  #trouble: string | undefined;

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

  /** False where nobody gets through for now. */
  get isWell(): boolean {
    return this.#isOpen && this.#trouble === undefined;
  }

  /** What it is and how it stands, for people. */
  get text(): string {
    const { t } = l10n;
    const { destination } = this;
    const { context } = this.#options;
    if (!this.#isOpen)
      return t(
        '{0} at localhost:{1} waits until cluster "{2}" is opened again',
        destination,
        this.#port,
        context,
      );
    return this.#trouble === undefined
      ? t('{0} answers at localhost:{1}', destination, this.#port)
      : t('{0} does not answer at localhost:{1}: {2}', destination, this.#port, this.#trouble);
  }

  get #isOpen(): boolean {
    return this.#session.current?.context.name === this.#options.context;
  }

  /** 0 takes any port that is free. */
  async listen(port: number): Promise<void> {
    const listening = await forwardPort(['localhost'], port, {
      open: (signal) => this.#open(signal),
      onConnection: () => {},
      onError: (error) => {
        const why = reasonOf(error);
        if (this.#isOpen) this.#went(why);
        this.#options.onError(`Cannot forward to ${this.destination}: ${why}`);
      },
      signal: this.#closing.signal,
    });
    this.#port = listening.port;
  }

  close(): void {
    this.#closing.abort(new Error('The forwarding was stopped'));
  }

  async #open(signal: AbortSignal): Promise<Duplex> {
    const { current } = this.#session;
    if (current === undefined || !this.#isOpen) throw new Error(this.text);
    const either = linkSignals(signal, current.signal);
    const unlink = () => either[Symbol.dispose]();
    try {
      const connection = await this.#connect(current, either.signal);
      connection.once('close', unlink);
      this.#went(undefined);
      return connection;
    } catch (error) {
      unlink();
      throw error;
    }
  }

  async #connect(open: OpenCluster, signal: AbortSignal): Promise<Duplex> {
    try {
      return await connect(open, this.#where, signal);
    } catch (error) {
      if (signal.aborted || isUnavailable(error)) throw error;
      const where = await this.#options.find(open, signal);
      if (isSame(where, this.#where)) throw error;
      this.#where = where;
      return connect(open, where, signal);
    }
  }

  #went(trouble: string | undefined): void {
    if (trouble === this.#trouble) return;
    this.#trouble = trouble;
    this.#options.onChange();
  }
}

function connect({ cluster }: OpenCluster, { pod, port }: Destination, signal: AbortSignal): Promise<Duplex> {
  return cluster.containers.portForward({ signal }, pod, port);
}

function isSame(one: Destination, other: Destination): boolean {
  return one.pod.name === other.pod.name && one.port === other.port;
}
