import { existsSync, watch, type FSWatcher } from 'node:fs';
import { homedir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import {
  isWheelhouseContext,
  readKubeconfig,
  referencedFiles,
  resolveContext,
  type ClusterContext,
  type Kubeconfig,
} from '../../core/client/kubeconfig.ts';
import { localKubeconfigs } from '../../core/client/local-clusters.ts';
import { reasonOf } from './reason.ts';

export interface KubeconfigPlace {
  /** The setting; empty for none. */
  readonly setting: string;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * The files to read, in the order in which names are looked up: the setting's, or $KUBECONFIG's, or the user's own
 * and those of the local clusters.
 */
export function kubeconfigFiles({ setting, env }: KubeconfigPlace): readonly string[] {
  if (setting !== '') return [setting.replace(/^~(?=\/|$)/, homedir())];
  const listed = (env['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
  return listed.length > 0 ? listed : [join(homedir(), '.kube', 'config'), ...localKubeconfigs(env)];
}

/** The files and those they refer to; a certificate may be renewed in a file of its own. */
export function filesToWatch(files: readonly string[]): readonly string[] {
  try {
    return [...files, ...referencedFiles(readKubeconfig(files))];
  } catch {
    // Whoever opens a context is told that it cannot be read.
    return files;
  }
}

/** What to open, and what could be opened instead. */
export type Choice = { readonly contexts: readonly string[] } & (
  | { readonly kind: 'context'; readonly context: ClusterContext }
  | { readonly kind: 'none' }
  | { readonly kind: 'broken'; readonly why: string }
);

/**
 * The context to open: the one chosen before while it is there, the current one, or the only one that leads to a
 * Wheelhouse cluster. Never guesses between several.
 */
export function chooseContext(files: readonly string[], chosen: string | undefined): Choice {
  try {
    const config = readKubeconfig(files);
    const usable = wheelhouseContexts(config);
    const current = config['current-context'];
    const name = [chosen, current].find((wanted) => wanted !== undefined && usable.includes(wanted));
    const only = usable.length === 1 ? usable[0] : undefined;
    const wanted = name ?? only;
    return wanted === undefined
      ? { kind: 'none', contexts: usable }
      : { kind: 'context', contexts: usable, context: resolveContext(config, wanted) };
  } catch (error) {
    return { kind: 'broken', contexts: [], why: reasonOf(error) };
  }
}

/** Names of the contexts that lead to a Wheelhouse cluster. */
export function wheelhouseContexts(config: Kubeconfig): readonly string[] {
  return (config.contexts ?? []).map(({ name }) => name).filter((name) => isWheelhouseContext(config, name));
}

/**
 * Calls back when one of the files may have changed, or appeared. Folders are watched, because files are replaced
 * rather than written; where a folder is missing, the nearest one above it. The returned function ends it.
 */
export function watchFiles(files: readonly string[], onChange: () => void): () => void {
  const names = new Map<string, Set<string>>();
  for (const file of files) {
    const [folder, name] = nearestFolder(file);
    names.set(folder, (names.get(folder) ?? new Set()).add(name));
  }
  const watchers: FSWatcher[] = [];
  for (const [folder, wanted] of names) {
    try {
      const watcher = watch(folder, { persistent: false }, (_event, name) => {
        if (name === null || wanted.has(name)) onChange();
      });
      // A folder that is removed while it is watched is no news worth failing for.
      watcher.on('error', () => watcher.close());
      watchers.push(watcher);
    } catch {
      // Not readable: the files in it are not either, and reading them says so.
    }
  }
  return () => {
    for (const watcher of watchers) watcher.close();
  };
}

function nearestFolder(file: string): [folder: string, name: string] {
  let [folder, name] = [dirname(file), basename(file)];
  while (!existsSync(folder) && dirname(folder) !== folder) {
    [folder, name] = [dirname(folder), basename(folder)];
  }
  return [folder, name];
}
