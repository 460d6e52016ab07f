import { createHash } from 'node:crypto';
import * as vscode from 'vscode';
import type { SnapshotStore } from '../service/schema-holder.ts';

/** Keeps what clusters said in the extension's own folder, a file for each. */
export function snapshotFiles(folder: vscode.Uri): SnapshotStore {
  const fileOf = (cluster: string) => {
    const name = createHash('sha256').update(cluster).digest('hex').slice(0, 24);
    return vscode.Uri.joinPath(folder, 'schemas', `${name}.json`);
  };
  return {
    read: async (cluster) => {
      try {
        return Buffer.from(await vscode.workspace.fs.readFile(fileOf(cluster))).toString('utf8');
      } catch (error) {
        if (error instanceof vscode.FileSystemError && error.code === 'FileNotFound') return undefined;
        throw error;
      }
    },
    write: async (cluster, snapshot) => {
      await vscode.workspace.fs.writeFile(fileOf(cluster), Buffer.from(snapshot));
    },
  };
}
