import { access } from 'node:fs/promises';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { ContainerInspectInfo } from 'dockerode';
import { RuntimeError } from '../runtime.ts';
import type { Clock } from '../../../core/machinery/clock.ts';
import { addressesOf } from './inventory.ts';
import { connectInNamespace } from './namespace-connector.ts';

const connectDeadlineMs = 5_000;

/**
 * A TCP connection to a port of a Pod. Over the Pod's address first, which costs nothing; a program that listens on
 * the Pod's loopback only, as port-forward may expect, refuses there and is then reached from within the Pod's
 * network namespace. On the host's network the loopback is the host's.
 */
export async function dialSandbox(
  clock: Clock,
  info: ContainerInspectInfo,
  port: number,
  signal: AbortSignal,
): Promise<Socket> {
  const action = `connect to port ${port} of sandbox "${info.Id}"`;
  signal.throwIfAborted();
  if (!info.State.Running) throw new RuntimeError('not-found', `Cannot ${action}: it is not running`);
  if (info.HostConfig.NetworkMode === 'host') {
    return firstThatConnects(action, [
      () => connectTo(clock, '127.0.0.1', port, signal),
      () => connectTo(clock, '::1', port, signal),
    ]);
  }
  const namespace = await namespaceFile(info);
  return firstThatConnects(action, [
    ...addressesOf(info)
      .slice(0, 1)
      .map((address) => () => connectTo(clock, address, port, signal)),
    ...(namespace === undefined
      ? []
      : [() => connectInNamespace(clock, namespace, port, connectDeadlineMs, signal)]),
  ]);
}

/** Tries one way after the other; the error tells how each of them ended. */
async function firstThatConnects(action: string, ways: readonly (() => Promise<Socket>)[]): Promise<Socket> {
  const failures: Error[] = [];
  for (const way of ways) {
    try {
      return await way();
    } catch (error) {
      failures.push(error as Error);
    }
  }
  const words =
    failures.map((failure) => failure.message).join('; ') || 'its network namespace cannot be seen from here';
  throw new RuntimeError('unavailable', `Cannot ${action}: ${words}`, { cause: failures[0] });
}

function connectTo(clock: Clock, host: string, port: number, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = connect({ host, port, allowHalfOpen: true, noDelay: true });
    const settle = () => {
      cancelDeadline();
      signal.removeEventListener('abort', onAbort);
      socket.removeAllListeners('connect').removeAllListeners('error');
    };
    const fail = (error: Error) => {
      settle();
      socket.on('error', () => {});
      socket.destroy();
      reject(error);
    };
    const onAbort = () => fail(signal.reason as Error);
    const cancelDeadline = clock.after(connectDeadlineMs, () =>
      fail(new Error(`connect ${host}:${port} timed out after ${connectDeadlineMs / 1000} s`)),
    );
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('error', fail);
    socket.once('connect', () => {
      settle();
      resolve(socket);
    });
  });
}

/** Docker's own handle of the namespace, or else the one of the process that holds it. */
async function namespaceFile(info: ContainerInspectInfo): Promise<string | undefined> {
  const { SandboxKey } = info.NetworkSettings;
  for (const path of [SandboxKey, `/proc/${info.State.Pid}/ns/net`]) {
    if (path === undefined || path === '') continue;
    const visible = await access(path).then(
      () => true,
      () => false,
    );
    if (visible) return path;
  }
  return undefined;
}
