import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Clock } from '../../../core/machinery/clock.ts';

/**
 * Runs inside the namespace: connects, hands the connected socket to the parent and ends. A socket belongs to the
 * namespace it was made in wherever it is used, so nothing stays in between. Paused, or the first bytes would be
 * read here.
 */
const connectorProgram = `
const net = require('node:net');
const port = Number(process.argv[1]);
const failures = [];
function attempt([host, ...others]) {
  if (host === undefined) return process.send({ failures }, () => process.disconnect());
  const socket = net.connect({ host, port, noDelay: true });
  socket.pause();
  socket.once('error', (error) => { failures.push(error.message); attempt(others); });
  socket.once('connect', () => process.send({ failures }, socket, () => process.disconnect()));
}
attempt(['127.0.0.1', '::1']);
`;

/**
 * Connects to a port on the loopback of the network namespace that `namespaceFile` names: IPv4 first, then IPv6.
 * Node cannot change its own namespace, so nsenter(1) starts a process there; that needs root.
 */
export function connectInNamespace(
  clock: Clock,
  namespaceFile: string,
  port: number,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const args = [
      `--net=${namespaceFile}`,
      '--',
      process.execPath,
      '-e',
      connectorProgram,
      '--',
      String(port),
    ];
    const child = spawn('nsenter', args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], env: {} });
    let errorOutput = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      errorOutput = (errorOutput + text).slice(0, 500);
    });
    const settle = () => {
      cancelDeadline();
      signal.removeEventListener('abort', onAbort);
    };
    const fail = (error: Error) => {
      settle();
      child.kill('SIGKILL');
      reject(error);
    };
    const onAbort = () => fail(signal.reason as Error);
    const cancelDeadline = clock.after(deadlineMs, () =>
      fail(new Error(`connecting from within the Pod timed out after ${deadlineMs / 1000} s`)),
    );
    signal.addEventListener('abort', onAbort, { once: true });
    child.once('error', (error) => fail(new Error(`nsenter: ${error.message}`, { cause: error })));
    child.once('exit', (code) => {
      // After the socket has come this settles nothing any more.
      fail(new Error(`nsenter "${namespaceFile}" ended with ${code}: ${errorOutput.trim()}`));
    });
    child.once('message', (message, socket) => {
      settle();
      if (socket !== undefined) {
        const connected = socket as Socket;
        connected.allowHalfOpen = true;
        resolve(connected);
      } else reject(new Error((message as { failures: string[] }).failures.join('; ')));
    });
  });
}
