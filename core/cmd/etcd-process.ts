import { accessSync, chmodSync, constants, mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { ProcessSpec } from '../machinery/process/supervised-process.ts';

export interface EtcdProcessOptions {
  readonly dataDirectory: string;
  readonly port: number;
  readonly peerPort: number;
  /** PEM files: it shows `cert` and lets in whoever shows one that `ca` signed. */
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string };
}

/** The etcd program, or undefined where it is not installed. */
export function findEtcd(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const folders = [...(env['PATH'] ?? '').split(delimiter), '/usr/bin', '/usr/local/bin'];
  return folders
    .map((folder) => join(folder, 'etcd'))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

export function etcdEndpoint({ port }: Pick<EtcdProcessOptions, 'port'>): string {
  return `https://127.0.0.1:${port}`;
}

/**
 * A single etcd member on loopback. It elects itself, so its election timeout can be short: that is most of the time
 * it takes to start. Its own compaction is off, because core compacts.
 */
export function etcdSpec(
  command: string,
  { dataDirectory, port, peerPort, tls }: EtcdProcessOptions,
): ProcessSpec {
  const data = join(dataDirectory, 'etcd');
  mkdirSync(data, { recursive: true, mode: 0o700 });
  chmodSync(data, 0o700);
  const client = etcdEndpoint({ port });
  const peer = `https://127.0.0.1:${peerPort}`;
  const flags = {
    name: 'wheelhouse',
    'data-dir': data,
    'listen-client-urls': client,
    'advertise-client-urls': client,
    'listen-peer-urls': peer,
    'initial-advertise-peer-urls': peer,
    'initial-cluster': `wheelhouse=${peer}`,
    'client-cert-auth': true,
    'trusted-ca-file': tls.ca,
    'cert-file': tls.cert,
    'key-file': tls.key,
    'peer-client-cert-auth': true,
    'peer-trusted-ca-file': tls.ca,
    'peer-cert-file': tls.cert,
    'peer-key-file': tls.key,
    // Nobody speaks JSON to it, and for that it would have to be a client of itself.
    'enable-grpc-gateway': false,
    'heartbeat-interval': 10,
    'election-timeout': 100,
    'auto-compaction-retention': 0,
    'quota-backend-bytes': 8 * 1024 ** 3,
    'log-level': 'warn',
  };
  return {
    name: 'etcd',
    command,
    args: Object.entries(flags).map(([name, value]) => `--${name}=${value}`),
    logFile: join(dataDirectory, 'etcd.log'),
    pidFile: join(dataDirectory, 'etcd.pid'),
    stopGraceMs: 10_000,
  };
}
