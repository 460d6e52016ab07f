import { existsSync, readFileSync } from 'node:fs';
import { delimiter } from 'node:path';
import { parse, parseDocument, stringify } from 'yaml';
import type { YAMLMap } from 'yaml';
import type { TlsOptions } from '../../core/client/grpc/connection.ts';
import { pkiFile } from './credentials.ts';
import { writeAtomically } from './profile.ts';
import type { Profile, ProfileState } from './profile.ts';
import { coreEndpoint, restEndpoint } from './programs.ts';

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

/** What a command needs to reach its cluster. */
export interface ClusterContext {
  readonly name: string;
  readonly namespace: string;
  /** host:port of core's gRPC. */
  readonly endpoint: string;
  /** Absent where the entry names no authority: plain text. */
  readonly tls?: TlsOptions | undefined;
  readonly token?: string | undefined;
}

/** The kubeconfig files in use: $KUBECONFIG's list, otherwise the profile's own. */
export function kubeconfigPaths(profile: Profile, env: NodeJS.ProcessEnv = process.env): readonly string[] {
  const listed = (env['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
  return listed.length > 0 ? listed : [profile.kubeconfig];
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
    return value;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new Error(`Cannot read kubeconfig "${path}": ${why}`, { cause });
  }
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
  const extension = cluster.extensions?.find((entry) => entry.name === grpcExtension)?.extension;
  const endpoint = (extension as { endpoint?: unknown } | undefined)?.endpoint;
  if (typeof endpoint !== 'string') {
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

/** Writes the profile's own kubeconfig, keeping the namespace that was chosen for its context. */
export function writeProfileKubeconfig(profile: Profile, state: ProfileState): void {
  const before = readKubeconfig([profile.kubeconfig]);
  const namespace = before.contexts?.find(({ name }) => name === profile.name)?.context.namespace;
  const { name } = profile;
  const encoded = (file: string) => readFileSync(pkiFile(profile, file)).toString('base64');
  const config: Kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name,
        cluster: {
          server: `https://${restEndpoint(state)}`,
          'certificate-authority-data': encoded('server-ca.crt'),
          extensions: [{ name: grpcExtension, extension: { endpoint: coreEndpoint(state) } }],
        },
      },
    ],
    contexts: [
      { name, context: { cluster: name, user: name, ...(namespace === undefined ? {} : { namespace }) } },
    ],
    users: [
      {
        name,
        user: { 'client-certificate-data': encoded('admin.crt'), 'client-key-data': encoded('admin.key') },
      },
    ],
    'current-context': name,
  };
  writeAtomically(profile.kubeconfig, stringify(config));
}

/** Remembers a namespace for a context, in the file that defines it; everything else in that file stays as it is. */
export function setContextNamespace(
  paths: readonly string[],
  config: Kubeconfig,
  context: string,
  namespace: string,
): void {
  if (config.contexts?.some(({ name }) => name === context) !== true)
    throw new Error(`context "${context}" does not exist`);
  for (const path of paths.filter((candidate) => existsSync(candidate))) {
    const document = parseDocument(readFileSync(path, 'utf8'));
    const contexts = document.get('contexts') as { items?: readonly YAMLMap[] } | undefined;
    const entry = contexts?.items?.find((item) => item.get('name') === context);
    if (entry === undefined) continue;
    entry.setIn(['context', 'namespace'], namespace);
    writeAtomically(path, document.toString());
    return;
  }
}
