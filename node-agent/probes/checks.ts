import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect as tlsConnect } from 'node:tls';
import type { Duplex } from 'node:stream';
import type {
  Container,
  GRPCAction,
  HTTPGetAction,
  TCPSocketAction,
} from '../../core/api/generated/core-v1.ts';
import type { ContainerRuntime } from '../runtime/runtime.ts';
import { dialHost } from './dial-host.ts';
import { checkGrpcHealth } from './grpc-health.ts';

export type CheckResult =
  | { readonly kind: 'success' }
  | { readonly kind: 'failure'; readonly message: string }
  /** No answer at all. */
  | { readonly kind: 'error'; readonly message: string };

/** How to reach the Pod: from inside its own network, so that neither routing nor policy counts. */
export interface Connect {
  readonly runtime: Pick<ContainerRuntime, 'dial'>;
  readonly sandboxId: string;
  /** For the Host header. */
  readonly podIp: string | undefined;
}

const maxBodyBytes = 10 * 1024;

/** A number, or the name of one of the container's ports. */
export function resolvePort(port: number | string, container: Container): number {
  if (typeof port === 'number') return port;
  const named = container.ports?.find(({ name }) => name === port)?.containerPort;
  const number = named ?? (/^\d+$/.test(port) ? Number(port) : undefined);
  if (number === undefined || number < 1 || number > 65_535) {
    throw new Error(`Cannot find port "${port}" of container "${container.name}"`);
  }
  return number;
}

/** Healthy from 200 to 399; redirects to other hosts are not followed (upstream: pkg/probe/http). */
export async function checkHttp(
  connect: Connect,
  action: Omit<HTTPGetAction, 'port'> & { readonly port: number },
  signal: AbortSignal,
): Promise<CheckResult> {
  const { path = '/', port, host = '', scheme = 'HTTP', httpHeaders = [] } = action;
  const hostName = host === '' ? (connect.podIp ?? '127.0.0.1') : host;
  const headers: Record<string, string | string[]> = {
    'User-Agent': 'kube-probe/1.36',
    Accept: '*/*',
    Connection: 'close',
    Host: `${hostName}:${port}`,
  };
  for (const { name, value } of httpHeaders) {
    const key = Object.keys(headers).find((known) => known.toLowerCase() === name.toLowerCase()) ?? name;
    const before = headers[key];
    const own = key === name && before !== undefined && !(key in { 'User-Agent': 1, Accept: 1, Host: 1 });
    headers[key] = own ? [...(Array.isArray(before) ? before : [before]), value] : value;
  }
  let socket: Duplex | undefined;
  try {
    const plain = await open(connect, host, port, signal);
    socket = scheme === 'HTTPS' ? await secured(plain, signal) : plain;
    const response = await respond(socket, path.startsWith('/') ? path : `/${path}`, headers, signal);
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 400) return { kind: 'success' };
    return { kind: 'failure', message: `HTTP probe failed with statuscode: ${status}` };
  } catch (error) {
    const url = `${scheme.toLowerCase()}://${hostName}:${port}${path}`;
    return { kind: 'error', message: `Get "${url}": ${reason(error, signal)}` };
  } finally {
    socket?.destroy();
  }
}

export async function checkTcp(
  connect: Connect,
  { port, host = '' }: Omit<TCPSocketAction, 'port'> & { readonly port: number },
  signal: AbortSignal,
): Promise<CheckResult> {
  try {
    const socket = await open(connect, host, port, signal);
    socket.destroy();
    return { kind: 'success' };
  } catch (error) {
    const address = `${host === '' ? (connect.podIp ?? '127.0.0.1') : host}:${port}`;
    return { kind: 'error', message: `dial tcp ${address}: ${reason(error, signal)}` };
  }
}

/** The standard health service of gRPC; SERVING is healthy. */
export async function checkGrpc(
  connect: Connect,
  { port, service = '' }: GRPCAction,
  signal: AbortSignal,
): Promise<CheckResult> {
  let socket: Duplex | undefined;
  try {
    socket = await open(connect, '', port, signal);
    const status = await checkGrpcHealth(socket, `${connect.podIp ?? '127.0.0.1'}:${port}`, service, signal);
    if (status === 'SERVING') return { kind: 'success' };
    return { kind: 'failure', message: `service unhealthy (responded with "${status}")` };
  } catch (error) {
    return { kind: 'error', message: `error: health rpc probe failed: ${reason(error, signal)}` };
  } finally {
    socket?.destroy();
  }
}

/** A probe that names a host is about that host, as seen from the node. */
function open(connect: Connect, host: string, port: number, signal: AbortSignal): Promise<Duplex> {
  return host === '' || host === connect.podIp
    ? connect.runtime.dial(connect.sandboxId, port, signal)
    : dialHost(host, port, signal);
}

/** Certificates are not verified, as upstream: the probe asks whether the server is there. */
function secured(socket: Duplex, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const tls = tlsConnect({ socket, rejectUnauthorized: false });
    const onAbort = () => tls.destroy(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    tls.once('secureConnect', () => resolve(tls));
    tls.once('error', reject);
    tls.once('close', () => signal.removeEventListener('abort', onAbort));
  });
}

function respond(
  socket: Duplex,
  path: string,
  headers: Readonly<Record<string, string | string[]>>,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ path, headers, createConnection: () => socket, signal, setHost: false });
    request.once('error', reject);
    request.once('response', (response) => {
      let bytes = 0;
      response.on('data', (piece: Buffer) => {
        bytes += piece.length;
        if (bytes > maxBodyBytes) response.destroy();
      });
      response.once('error', () => resolve(response));
      response.once('close', () => resolve(response));
    });
    request.end();
  });
}

function reason(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)';
  return error instanceof Error ? error.message : String(error);
}
