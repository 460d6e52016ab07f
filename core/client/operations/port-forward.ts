import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Pod, Service } from '../../api/generated/core-v1.ts';
import { linkSignals } from '../../machinery/signals.ts';

/** A listening socket whose connections end in a Pod. */
export interface PortForwarderOptions {
  /** Opens a connection to the port in the Pod; the signal cuts it, also while it is being opened. */
  readonly open: (signal: AbortSignal) => Promise<Duplex>;
  readonly onConnection: () => void;
  /** A connection could not be opened. */
  readonly onError: (error: unknown) => void;
  /** Ends the listening and every connection. */
  readonly signal: AbortSignal;
}

/** Where a forwarding listens: one port, of as many addresses as let it. */
export interface Listening {
  readonly port: number;
  readonly addresses: readonly string[];
}

/**
 * Listens on each address at the same port, which the system chooses where `port` is 0; "localhost" is both of its
 * addresses. One that listens is enough: rejects in kubectl's words where none does (client-go's
 * tools/portforward/portforward.go).
 */
export async function forwardPort(
  addresses: readonly string[],
  port: number,
  options: PortForwarderOptions,
): Promise<Listening> {
  const failures: string[] = [];
  const listening: string[] = [];
  let chosen = port;
  for (const address of new Set(addresses.flatMap(addressesOf))) {
    try {
      // A port that the system chose for the first address is that of the others too.
      chosen = await listenAt(address, chosen, options);
      listening.push(address);
    } catch (error) {
      options.signal.throwIfAborted();
      failures.push(error instanceof Error ? error.message : String(error));
    }
  }
  if (listening.length > 0) return { port: chosen, addresses: listening };
  throw new Error(
    `unable to listen on port ${port}: Listeners failed to create with the following errors: [${failures.join(' ')}]`,
  );
}

function addressesOf(address: string): readonly string[] {
  return address === 'localhost' ? ['127.0.0.1', '::1'] : [address];
}

async function listenAt(
  address: string,
  port: number,
  { open, onConnection, onError, signal }: PortForwarderOptions,
): Promise<number> {
  signal.throwIfAborted();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    onConnection();
    join(socket, open, signal).catch((error: unknown) => {
      if (!signal.aborted) onError(error);
    });
  });
  await listen(server, address, port);
  const close = () => server.close();
  if (signal.aborted) close();
  signal.addEventListener('abort', close, { once: true });
  return (server.address() as AddressInfo).port;
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      server.on('error', () => {});
      resolve();
    });
  });
}

/** Each direction ends by itself, as on one connection. */
async function join(socket: Socket, open: PortForwarderOptions['open'], signal: AbortSignal): Promise<void> {
  // Who called may leave before the other end is there: nobody needs that then.
  const left = new AbortController();
  const leave = () => left.abort(new Error('The caller hung up'));
  socket.on('error', () => {});
  socket.once('close', leave);
  using either = linkSignals(signal, left.signal);
  let connection: Duplex | undefined;
  try {
    connection = await open(either.signal);
    socket.off('close', leave);
    connection.on('error', () => {});
    await Promise.all([
      pipeline(socket, connection, { signal, end: true }),
      pipeline(connection, socket, { signal, end: true }),
    ]);
  } catch (error) {
    // A caller that hangs up is no failure of the forwarding.
    if (connection === undefined && !left.signal.aborted) throw error;
  } finally {
    connection?.destroy();
    socket.destroy();
  }
}

/** Where a port leads: the number it has by default on this side, and the one in the Pod. */
export interface ForwardedPort {
  readonly local: number;
  readonly remote: number;
}

/**
 * Reads "[LOCAL:]REMOTE" as kubectl does: REMOTE is a number or a name; of a Service, its own port, which leads to the
 * Pod's. Throws in kubectl's words where there is no such port.
 */
export function forwardedPort(text: string, pod: Pod, service?: Service): ForwardedPort {
  const parts = text.split(':');
  const [first = '', second] = parts;
  const asked = second ?? first;
  if (parts.length > 2 || asked === '') throw new Error(`invalid port format '${text}'`);
  const known = service === undefined ? podPort(asked, pod) : servicePort(asked, service, pod);
  // ":80" leaves the choice to the system, as "0:80" does.
  const local = second === undefined ? known.local : first === '' ? 0 : portNumber(first, text);
  return { local, remote: known.remote };
}

function podPort(asked: string, pod: Pod): ForwardedPort {
  const port = /^\d+$/.test(asked) ? portNumber(asked, asked) : namedPort(asked, pod);
  if (port === undefined) throw new Error(`Pod '${pod.metadata.name}' does not have a named port '${asked}'`);
  return { local: port, remote: port };
}

function servicePort(asked: string, { metadata, spec }: Service, pod: Pod): ForwardedPort {
  const isNumber = /^\d+$/.test(asked);
  const found = spec.ports?.find(({ name, port }) => (isNumber ? port === Number(asked) : name === asked));
  if (found === undefined) {
    const what = isNumber ? `a service port ${asked}` : `a named port '${asked}'`;
    throw new Error(`Service '${metadata.name}' does not have ${what}`);
  }
  const { port, targetPort = port } = found;
  // Without an address of its own a Service maps nothing.
  if (spec.clusterIP === 'None') return { local: port, remote: port };
  const remote = typeof targetPort === 'number' ? targetPort : namedPort(targetPort, pod);
  if (remote === undefined)
    throw new Error(`Pod '${pod.metadata.name}' does not have a named port '${targetPort}'`);
  return { local: port, remote };
}

function namedPort(name: string, { spec }: Pod): number | undefined {
  return spec.containers.flatMap(({ ports }) => ports ?? []).find((port) => port.name === name)
    ?.containerPort;
}

function portNumber(digits: string, text: string): number {
  const port = Number(digits);
  if (/^\d+$/.test(digits) && port <= 65_535) return port;
  throw new Error(`invalid port '${digits}' in '${text}': it must be a number up to 65535`);
}
