import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { delimiter, join } from 'node:path';

/** The path of a program, looked for where Debian puts daemons too. */
export function findProgram(name: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const folders = [...(env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/local/sbin'];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** True where packages can be installed with apt: Debian and what derives from it. */
export function hasApt(): boolean {
  return (
    process.platform === 'linux' && existsSync('/etc/debian_version') && findProgram('apt-get') !== undefined
  );
}

function dockerSocket(env: NodeJS.ProcessEnv = process.env): string {
  const host = env['DOCKER_HOST'] ?? '';
  return host.startsWith('unix://') ? host.slice('unix://'.length) : '/var/run/docker.sock';
}

/** Whether a Docker daemon answers on the socket within `timeoutMs`. */
export async function dockerAnswers(socket = dockerSocket(), timeoutMs = 2_000): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = createConnection(socket);
    const finish = (answer: boolean) => {
      connection.destroy();
      resolve(answer);
    };
    connection.setTimeout(timeoutMs, () => finish(false));
    connection.once('error', () => finish(false));
    connection.once('data', (data) => finish(/^HTTP\/1\.[01] 200/.test(data.toString('latin1'))));
    connection.write('GET /_ping HTTP/1.0\r\n\r\n');
  });
}

/** The first of `wanted`, `wanted + 1`, … that nobody listens on and that is not among `reserved`. */
export async function freePort(wanted: number, reserved: ReadonlySet<number> = new Set()): Promise<number> {
  for (let port = wanted; port < wanted + 200; port++) {
    if (!reserved.has(port) && (await canListen(port))) return port;
  }
  throw new Error(`Cannot find a free port on 127.0.0.1 between ${wanted} and ${wanted + 199}`);
}

/** Whether a server can be opened on this port of loopback. */
export function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Runs a program to its end. Rejects with the last lines it printed when it fails. */
export function runProgram(
  command: string,
  args: readonly string[],
  options: {
    readonly env?: Readonly<Record<string, string>>;
    readonly timeoutMs: number;
    readonly signal?: AbortSignal;
  },
): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      command,
      args,
      {
        env: { ...process.env, ...options.env },
        timeout: options.timeoutMs,
        maxBuffer: 64_000_000,
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      },
      (error, stdout, stderr) => {
        if (error === null) return resolve(stdout);
        const last = `${stdout}\n${stderr}`.trim().split('\n').slice(-5).join('\n');
        reject(
          new Error(`"${[command, ...args].join(' ')}" failed: ${last || error.message}`, { cause: error }),
        );
      },
    );
  });
}

/** The command name of a process, or undefined when it does not run. */
export function processName(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return undefined;
  }
}
