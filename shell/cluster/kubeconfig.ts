import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { parseDocument, stringify } from 'yaml';
import type { YAMLMap } from 'yaml';
import { grpcExtension, readKubeconfig } from '../../core/client/kubeconfig.ts';
import type { Kubeconfig } from '../../core/client/kubeconfig.ts';
import { pkiFile } from './credentials.ts';
import { writeAtomically } from './profile.ts';
import type { Profile, ProfileState } from './profile.ts';
import { coreEndpoint, restEndpoint } from './programs.ts';

/** The kubeconfig files in use: $KUBECONFIG's list, otherwise the profile's own. */
export function kubeconfigPaths(profile: Profile, env: NodeJS.ProcessEnv = process.env): readonly string[] {
  const listed = (env['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
  return listed.length > 0 ? listed : [profile.kubeconfig];
}

/** Writes the profile's own kubeconfig, keeping the namespace that was chosen for its context. */
export function writeProfileKubeconfig(profile: Profile, state: ProfileState): void {
  const before = readKubeconfig([profile.kubeconfig]);
  const namespace = before.contexts?.find(({ name }) => name === profile.name)?.context.namespace;
  const { name } = profile;
  const credentials = {
    'client-certificate-data': encoded(profile, 'admin.crt'),
    'client-key-data': encoded(profile, 'admin.key'),
  };
  const config = kubeconfigFor(profile, state, name, credentials, namespace);
  writeAtomically(profile.kubeconfig, stringify(config));
}

/** What a user of the profile's cluster needs: one cluster, one user, one context. */
export function kubeconfigFor(
  profile: Profile,
  state: ProfileState,
  user: string,
  credentials: Readonly<Record<string, string>>,
  namespace?: string,
): Kubeconfig {
  const { name } = profile;
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name,
        cluster: {
          server: `https://${restEndpoint(state)}`,
          'certificate-authority-data': encoded(profile, 'server-ca.crt'),
          extensions: [{ name: grpcExtension, extension: { endpoint: coreEndpoint(state) } }],
        },
      },
    ],
    contexts: [{ name, context: { cluster: name, user, ...(namespace === undefined ? {} : { namespace }) } }],
    users: [{ name: user, user: credentials }],
    'current-context': name,
  };
}

/** What `user create` wrote leads to where the cluster listens now. */
export function moveUserKubeconfigs(profile: Profile, state: ProfileState): void {
  for (const path of userKubeconfigs(profile)) {
    const document = parseDocument(readFileSync(path, 'utf8'));
    const clusters = document.get('clusters') as { items?: readonly YAMLMap[] } | undefined;
    const entry = clusters?.items?.find((item) => item.get('name') === profile.name);
    if (entry === undefined) continue;
    entry.setIn(['cluster', 'server'], `https://${restEndpoint(state)}`);
    entry.setIn(['cluster', 'extensions', 0, 'extension', 'endpoint'], coreEndpoint(state));
    writeAtomically(path, document.toString());
  }
}

function userKubeconfigs(profile: Profile): readonly string[] {
  const directory = join(profile.directory, 'users');
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((name) => name.endsWith('.kubeconfig'))
    .map((name) => join(directory, name));
}

function encoded(profile: Profile, file: string): string {
  return readFileSync(pkiFile(profile, file)).toString('base64');
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
