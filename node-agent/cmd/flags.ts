import { hostname } from 'node:os';
import { parseArgs } from 'node:util';

/** What the agent is told on its command line. */
export interface AgentFlags {
  /** gRPC endpoint of the core, "127.0.0.1:7443". */
  readonly core: string;
  /** PEM files: whom to trust, and who the agent is. Plain text without. */
  readonly certificates: { readonly ca: string; readonly cert: string; readonly key: string } | undefined;
  readonly nodeName: string;
  readonly runtime: 'docker' | 'simulated';
  readonly dataDirectory: string;
  /** Tells this cluster's containers from another's on the same Docker. */
  readonly owner: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly nodeIps: readonly string[] | undefined;
  readonly maxPods: number;
  readonly podPidsLimit: number | undefined;
  readonly clusterDns: readonly string[];
  readonly clusterDomain: string;
  readonly offlineImages: 'fail' | 'use-present';
  readonly dockerSocket: string | undefined;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  /** Remove every container of the owner, and end. */
  readonly removeContainers: boolean;
}

/** @throws when a flag is missing, unknown or senseless; the message names it */
export function readFlags(args: readonly string[]): AgentFlags {
  const { values } = parseArgs({
    args: [...args],
    strict: true,
    options: {
      core: { type: 'string' },
      'ca-file': { type: 'string' },
      'cert-file': { type: 'string' },
      'key-file': { type: 'string' },
      'node-name': { type: 'string', default: hostname().toLowerCase() },
      runtime: { type: 'string', default: 'docker' },
      'data-dir': { type: 'string' },
      owner: { type: 'string', default: 'default' },
      labels: { type: 'string', default: '' },
      'node-ip': { type: 'string' },
      'max-pods': { type: 'string', default: '110' },
      'pod-pids-limit': { type: 'string', default: '4096' },
      'cluster-dns': { type: 'string', default: '' },
      'cluster-domain': { type: 'string', default: 'cluster.local' },
      'offline-images': { type: 'string', default: 'use-present' },
      'docker-socket': { type: 'string' },
      'log-level': { type: 'string', default: 'info' },
      'remove-containers': { type: 'boolean', default: false },
    },
  });
  return {
    core: required('core', values.core),
    certificates: certificates(values['ca-file'], values['cert-file'], values['key-file']),
    nodeName: values['node-name'],
    runtime: oneOf('runtime', values.runtime, ['docker', 'simulated']),
    dataDirectory: required('data-dir', values['data-dir']),
    owner: values.owner,
    labels: parseLabels(values.labels),
    nodeIps: values['node-ip'] === undefined ? undefined : list(values['node-ip']),
    maxPods: positive('max-pods', values['max-pods']),
    podPidsLimit:
      values['pod-pids-limit'] === '-1' ? undefined : positive('pod-pids-limit', values['pod-pids-limit']),
    clusterDns: list(values['cluster-dns']),
    clusterDomain: values['cluster-domain'],
    offlineImages: oneOf('offline-images', values['offline-images'], ['use-present', 'fail']),
    dockerSocket: values['docker-socket'],
    logLevel: oneOf('log-level', values['log-level'], ['debug', 'info', 'warn', 'error']),
    removeContainers: values['remove-containers'],
  };
}

function certificates(
  ca: string | undefined,
  cert: string | undefined,
  key: string | undefined,
): AgentFlags['certificates'] {
  if (ca === undefined && cert === undefined && key === undefined) return undefined;
  if (ca !== undefined && cert !== undefined && key !== undefined) return { ca, cert, key };
  throw new Error('Cannot start the node agent: --ca-file, --cert-file and --key-file go together');
}

function required(name: string, value: string | undefined): string {
  if (value === undefined || value === '')
    throw new Error(`Cannot start the node agent: --${name} is missing`);
  return value;
}

function oneOf<T extends string>(name: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found !== undefined) return found;
  throw new Error(`Cannot start the node agent: --${name} "${value}" is not one of ${allowed.join(', ')}`);
}

function positive(name: string, value: string): number {
  const number = Number(value);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new Error(`Cannot start the node agent: --${name} "${value}" is not a positive number`);
}

/** "a=b,c=" */
function parseLabels(text: string): Record<string, string> {
  const pairs = list(text).map((pair) => {
    const [key = '', ...value] = pair.split('=');
    return [key, value.join('=')] as const;
  });
  return Object.fromEntries(pairs);
}

function list(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
