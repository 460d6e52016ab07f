import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import type { TlsOptions } from './grpc/channel.ts';

/** The extension of a cluster entry that names its gRPC endpoint; kubectl keeps and ignores it. */
export const grpcExtension = 'wheelhouse.dev/grpc';

/** Upstream's client configuration (client-go tools/clientcmd/api/v1), as far as it is used here. */
export interface Kubeconfig {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly 'current-context'?: string;
  readonly clusters?: readonly { readonly name: string; readonly cluster: KubeconfigCluster }[];
  readonly contexts?: readonly { readonly name: string; readonly context: KubeconfigContext }[];
  readonly users?: readonly { readonly name: string; readonly user: Readonly<Record<string, unknown>> }[];
}

export interface KubeconfigCluster {
  readonly server?: string;
  readonly extensions?: readonly { readonly name: string; readonly extension: unknown }[];
  readonly [key: string]: unknown;
}

export interface KubeconfigContext {
  readonly cluster: string;
  readonly user?: string;
  readonly namespace?: string;
  readonly [key: string]: unknown;
}

/** What it takes to reach a cluster. */
export interface ClusterContext {
  readonly name: string;
  readonly namespace: string;
  /** host:port of core's gRPC. */
  readonly endpoint: string;
  /** Absent where the entry names no authority: plain text. */
  readonly tls?: TlsOptions | undefined;
  readonly token?: string | undefined;
}

/** Merges the files as clientcmd does: the first file that names a thing wins. Absent files are skipped. */
export function readKubeconfig(paths: readonly string[]): Kubeconfig {
  const files = paths.filter((path) => existsSync(path)).map(readFile);
  const current = files
    .map((file) => file['current-context'])
    .find((name) => name !== undefined && name !== '');
  return {
    ...(current === undefined ? {} : { 'current-context': current }),
    clusters: firstOfEachName(files.flatMap((file) => file.clusters ?? [])),
    contexts: firstOfEachName(files.flatMap((file) => file.contexts ?? [])),
    users: firstOfEachName(files.flatMap((file) => file.users ?? [])),
  };
}

function readFile(path: string): Kubeconfig {
  try {
    const value: unknown = parse(readFileSync(path, 'utf8'));
    if (value === null) return {};
    if (typeof value !== 'object' || Array.isArray(value)) throw new Error('it is not a mapping');
    return withWholePaths(value, dirname(path));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new Error(`Cannot read kubeconfig "${path}": ${why}`, { cause });
  }
}

const clusterFiles = ['certificate-authority'] as const;
const userFiles = ['client-certificate', 'client-key', 'tokenFile'] as const;

/** The files that clusters and users name, which may change while the kubeconfig stays the same. */
export function referencedFiles({ clusters = [], users = [] }: Kubeconfig): readonly string[] {
  const named = (entry: Readonly<Record<string, unknown>>, fields: readonly string[]) =>
    fields.flatMap((field) => textOf(entry[field]) ?? []);
  return [
    ...clusters.flatMap(({ cluster }) => named(cluster, clusterFiles)),
    ...users.flatMap(({ user }) => named(user, userFiles)),
  ];
}

/** Relative paths count from the file's own folder (client-go clientcmd/loader.go, ResolveLocalPaths). */
function withWholePaths(config: Kubeconfig, folder: string): Kubeconfig {
  const whole = <T extends Readonly<Record<string, unknown>>>(
    written: T | null | undefined,
    fields: readonly string[],
  ): T => {
    // What kubectl leaves empty is nothing in the file.
    const entry = written ?? ({} as T);
    const paths = fields.flatMap((field) => {
      const path = textOf(entry[field]);
      return path === undefined ? [] : [[field, resolve(folder, path)] as const];
    });
    return paths.length === 0 ? entry : { ...entry, ...Object.fromEntries(paths) };
  };
  return {
    ...config,
    ...(config.clusters === undefined
      ? {}
      : {
          clusters: config.clusters.map((entry) => ({
            ...entry,
            cluster: whole(entry.cluster, clusterFiles),
          })),
        }),
    ...(config.users === undefined
      ? {}
      : { users: config.users.map((entry) => ({ ...entry, user: whole(entry.user, userFiles) })) }),
  };
}

function firstOfEachName<T extends { readonly name: string }>(items: readonly T[]): readonly T[] {
  return [...new Map(items.toReversed().map((item) => [item.name, item])).values()].toReversed();
}

/** The context `wanted`, or the current one. Throws with the next step when it leads to no Wheelhouse cluster. */
export function resolveContext(config: Kubeconfig, wanted?: string): ClusterContext {
  const name = wanted ?? config['current-context'];
  if (name === undefined) {
    throw new Error(
      'No cluster is configured: start one with "wh up", or point KUBECONFIG at its kubeconfig',
    );
  }
  const context = config.contexts?.find((entry) => entry.name === name)?.context;
  if (context === undefined)
    throw new Error(`context "${name}" does not exist: see "wh config get-contexts"`);
  const cluster = config.clusters?.find((entry) => entry.name === context.cluster)?.cluster;
  if (cluster === undefined)
    throw new Error(`context "${name}" names the cluster "${context.cluster}", which is absent`);
  const endpoint = grpcEndpointOf(cluster);
  if (endpoint === undefined) {
    throw new Error(
      `context "${name}" leads to no Wheelhouse cluster: its cluster "${context.cluster}" has no "${grpcExtension}" extension`,
    );
  }
  const user = config.users?.find((entry) => entry.name === context.user)?.user ?? {};
  const ca = pem(cluster, 'certificate-authority');
  const cert = pem(user, 'client-certificate');
  const key = pem(user, 'client-key');
  const token = textOf(user['token']) ?? fileOf(user['tokenFile'])?.toString('utf8').trim();
  return {
    name,
    namespace: context.namespace || 'default',
    endpoint,
    ...(ca === undefined ? {} : { tls: { ca, cert, key } }),
    ...(token === undefined ? {} : { token }),
  };
}

/** Whether a context leads to a cluster that speaks gRPC as well. */
export function isWheelhouseContext(config: Kubeconfig, name: string): boolean {
  const wanted = config.contexts?.find((entry) => entry.name === name)?.context.cluster;
  const cluster = config.clusters?.find((entry) => entry.name === wanted)?.cluster;
  return cluster !== undefined && grpcEndpointOf(cluster) !== undefined;
}

function grpcEndpointOf(cluster: KubeconfigCluster): string | undefined {
  const extension = cluster.extensions?.find((entry) => entry.name === grpcExtension)?.extension;
  const endpoint = (extension as { endpoint?: unknown } | null | undefined)?.endpoint;
  return typeof endpoint === 'string' ? endpoint : undefined;
}

/** `FIELD-data` in base64, or the file that `FIELD` names. */
function pem(entry: Readonly<Record<string, unknown>>, field: string): Buffer | undefined {
  const data = textOf(entry[`${field}-data`]);
  return data === undefined ? fileOf(entry[field]) : Buffer.from(data, 'base64');
}

function fileOf(path: unknown): Buffer | undefined {
  const file = textOf(path);
  return file === undefined ? undefined : readFileSync(file);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
