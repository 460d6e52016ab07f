import { readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The one that `wh up` makes unless told otherwise. */
export const defaultLocalCluster = 'wheelhouse';

/** Where `wh up` keeps the clusters of this machine: `$WHEELHOUSE_HOME`, or below `$XDG_DATA_HOME`. */
export function wheelhouseHome(env: NodeJS.ProcessEnv = process.env): string {
  if (env['WHEELHOUSE_HOME']) return env['WHEELHOUSE_HOME'];
  return join(env['XDG_DATA_HOME'] || join(homedir(), '.local/share'), 'wheelhouse');
}

/** The clusters that were made here, by name. */
export function localClusterNames(home = wheelhouseHome()): string[] {
  try {
    return readdirSync(home, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort();
  } catch {
    return [];
  }
}

/** The kubeconfig of each of them. */
export function localKubeconfigs(env: NodeJS.ProcessEnv = process.env): readonly string[] {
  return localClusterNames(wheelhouseHome(env)).map((name) => localKubeconfig(name, env));
}

/** The kubeconfig of a cluster that may not be there yet. */
export function localKubeconfig(name: string, env: NodeJS.ProcessEnv = process.env): string {
  return join(wheelhouseHome(env), name, 'kubeconfig');
}
