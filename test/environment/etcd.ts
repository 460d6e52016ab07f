import type { ChildProcess } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from './free-port.ts';

/** Whether the program is there; tests that need it say why they are skipped. */
export const hasEtcd = spawnSync('etcd', ['--version']).status === 0;

export interface TestEtcd {
  readonly port: number;
  /** "http://127.0.0.1:port". */
  readonly endpoint: string;
  /** Brings a killed server back on the same port and data. */
  start(): Promise<void>;
  /** SIGKILL, as a power cut. */
  kill(): Promise<void>;
  /** Ends it and removes its data. */
  dispose(): Promise<void>;
}

export interface TestEtcdOptions {
  /** Files in PEM. Clients then need a certificate of the same authority. */
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string };
}

/** A private etcd on loopback with data in a directory of its own. */
export async function startEtcd({ tls }: TestEtcdOptions = {}): Promise<TestEtcd> {
  const folder = await mkdtemp(join(tmpdir(), 'wheelhouse-etcd-'));
  const [port, peerPort] = (await freePorts(2)) as [number, number];
  const endpoint = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  let child: ChildProcess | undefined;
  let output = '';

  const start = async () => {
    const urls = {
      'listen-client-urls': endpoint,
      'advertise-client-urls': endpoint,
      'listen-peer-urls': peer,
      'initial-advertise-peer-urls': peer,
      'initial-cluster': `test=${peer}`,
    };
    const running = spawn(
      'etcd',
      [
        '--name=test',
        `--data-dir=${folder}`,
        '--log-level=error',
        ...Object.entries(urls).map(([flag, value]) => `--${flag}=${value}`),
        ...(tls === undefined ? [] : tlsFlags(tls)),
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    child = running;
    for (const stream of [running.stdout, running.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output = (output + chunk.toString()).slice(-4_000);
      });
    }
    await untilListening(port, running, () => output);
  };
  const kill = async () => {
    const running = child;
    child = undefined;
    if (running === undefined || running.exitCode !== null) return;
    const ended = new Promise((resolve) => running.once('exit', resolve));
    running.kill('SIGKILL');
    await ended;
  };
  const dispose = async () => {
    await kill();
    await rm(folder, { recursive: true, force: true });
  };

  try {
    await start();
  } catch (error) {
    await dispose();
    throw error;
  }
  return { port, endpoint, start, kill, dispose };
}

function tlsFlags({ ca, cert, key }: NonNullable<TestEtcdOptions['tls']>): string[] {
  return ['--client-cert-auth', `--trusted-ca-file=${ca}`, `--cert-file=${cert}`, `--key-file=${key}`];
}

/** etcd opens its client port once it has joined its cluster; it says so nowhere else that can be waited for. */
async function untilListening(port: number, child: ChildProcess, output: () => string): Promise<void> {
  const endMs = Date.now() + 20_000;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`Cannot start etcd: it exited.\n${output()}`);
    if (await canConnect(port)) return;
    if (Date.now() > endMs) throw new Error(`Cannot start etcd: port ${port} stays closed.\n${output()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
