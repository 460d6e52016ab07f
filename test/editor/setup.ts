import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { TestProject } from 'vitest/node';
import { runProgram } from '../../shell/cluster/host.ts';
import { whyNoDocker } from '../environment/docker.ts';
import { CodeServer } from '../environment/editor/code-server.ts';
import { ensureEditorPrograms } from '../environment/editor/install.ts';
import type { EditorPrograms } from '../environment/editor/install.ts';
import { ensureTestImages } from '../environment/images.ts';
import { LocalCluster } from '../environment/local-cluster.ts';
import { isEverythingRequired } from '../environment/required.ts';

/** What every test of the editor shares: one cluster, one server with the packed extension installed. */
export interface EditorScene {
  readonly programs: EditorPrograms;
  readonly vsix: string;
  readonly url: string;
  /** The process that serves it. */
  readonly pid: number;
  /** Workspaces are made below it. */
  readonly directory: string;
  readonly home: string;
  readonly profile: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    editor: { readonly scene: EditorScene } | { readonly why: string };
  }
}

const root = resolve(import.meta.dirname, '../..');
const packTimeoutMs = 60_000;

/**
 * Runs once before the tests of the editor. Where they cannot run, it says why, and they are skipped; where nothing may
 * be skipped, it throws.
 */
export default async function prepareEditor(project: TestProject): Promise<() => Promise<void>> {
  const prepared = await prepare();
  if ('why' in prepared) {
    console.log(`The editor is not tested: ${prepared.why}`);
    project.provide('editor', { why: prepared.why });
    return async () => {};
  }
  project.provide('editor', { scene: prepared.scene });
  return prepared.end;
}

async function prepare(): Promise<
  { readonly why: string } | { readonly scene: EditorScene; readonly end: () => Promise<void> }
> {
  const noDocker = await whyNoDocker();
  if (noDocker !== undefined) return { why: noDocker };
  let programs: EditorPrograms;
  try {
    programs = await ensureEditorPrograms();
  } catch (cause) {
    const why = (cause as Error).message;
    if (isEverythingRequired()) throw new Error(`The editor cannot be tested: ${why}`, { cause });
    return { why };
  }
  const pack = await runProgram(process.execPath, [join(root, '.dev/vscode.mjs')], {
    timeoutMs: packTimeoutMs,
  });
  const vsix = /^(.*\.vsix):/m.exec(pack)?.[1] ?? '';
  await ensureTestImages();
  const cluster = new LocalCluster('editor');
  const directory = mkdtempSync(join(tmpdir(), 'wheelhouse-editor-'));
  mkdirSync(join(directory, 'workspaces'));
  const [server, up] = await Promise.allSettled([
    CodeServer.start(programs, {
      directory: join(directory, 'server'),
      vsix,
      settings: { 'wheelhouse.program': join(root, 'shell/bin/wh') },
      env: { WHEELHOUSE_HOME: cluster.home, KUBECONFIG: join(cluster.directory, 'kubeconfig') },
    }),
    cluster.up('--store', 'etcd', '--runtime', 'docker'),
  ]);
  const end = async () => {
    if (server.status === 'fulfilled') await server.value.stop();
    await cluster.destroy();
    keepLogs(directory);
    rmSync(directory, { recursive: true, force: true });
  };
  if (server.status === 'fulfilled' && up.status === 'fulfilled') {
    const { home, profile } = cluster;
    const { url, pid } = server.value;
    return { scene: { programs, vsix, url, pid, directory, home, profile }, end };
  }
  await end();
  const failed = [server, up].flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  throw new AggregateError(failed, 'The editor’s tests cannot begin');
}

/** The editor's own logs, for those who ask why a test failed. */
function keepLogs(directory: string): void {
  const kept = join(root, '.build/reports/editor-logs');
  rmSync(kept, { recursive: true, force: true });
  const logs = join(directory, 'server/data/logs');
  if (existsSync(logs)) cpSync(logs, kept, { recursive: true });
}
