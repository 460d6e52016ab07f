import * as vscode from 'vscode';
import { reasonOf } from '../../session/reason.ts';
import { FileChecker } from '../service/file-checker.ts';
import { Slices } from '../service/slices.ts';
import type { ManifestService } from './manifest-service.ts';
import { isManifest } from './ranges.ts';

const pattern = '**/*.{yaml,yml}';
const excluded = '**/{node_modules,.git,vendor}/**';
const maxFiles = 2_000;
const maxFileBytes = 1024 * 1024;

/**
 * Knows the objects of all manifests in the workspace, so that names can be followed from file to file. Begins when
 * the first manifest is open; open files speak for themselves.
 */
export class WorkspaceFiles implements vscode.Disposable {
  readonly #service: ManifestService;
  readonly #stop = new AbortController();
  readonly #disposables: vscode.Disposable[] = [];
  #started = false;

  constructor(service: ManifestService) {
    this.#service = service;
    this.#disposables.push(vscode.workspace.onDidOpenTextDocument((document) => this.#startWith(document)));
    for (const document of vscode.workspace.textDocuments) this.#startWith(document);
  }

  dispose(): void {
    this.#stop.abort();
    for (const disposable of this.#disposables) disposable.dispose();
  }

  #startWith(document: vscode.TextDocument): void {
    if (this.#started || !isManifest(document)) return;
    this.#started = true;
    const watcher = vscode.workspace.createFileSystemWatcher(pattern);
    const read = (uri: vscode.Uri) => void this.#read(uri, this.#slices()).catch(this.#complain);
    this.#disposables.push(
      watcher,
      watcher.onDidCreate(read),
      watcher.onDidChange(read),
      watcher.onDidDelete((uri) => this.#service.index(uri.toString(), [], [])),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => {
        if (uri.scheme === 'file' || vscode.workspace.getWorkspaceFolder(uri) !== undefined) read(uri);
        else this.#service.index(uri.toString(), [], []);
      }),
      vscode.workspace.onDidChangeWorkspaceFolders(() => void this.#readAll().catch(this.#complain)),
    );
    this.#readAll().catch(this.#complain);
  }

  async #readAll(): Promise<void> {
    const end = this.#service.beginReading();
    try {
      const files = await this.#find();
      const slices = this.#slices();
      for (const uri of files) await this.#read(uri, slices);
    } finally {
      if (!this.#stop.signal.aborted) end();
    }
  }

  async #find(): Promise<readonly vscode.Uri[]> {
    try {
      return await vscode.workspace.findFiles(pattern, excluded, maxFiles);
    } catch {
      // Searching needs a program that some hosts do not have.
      return walkFolders(
        (vscode.workspace.workspaceFolders ?? []).map(({ uri }) => uri),
        this.#stop.signal,
      );
    }
  }

  async #read(uri: vscode.Uri, slices: Slices): Promise<void> {
    const { signal } = this.#stop;
    const name = uri.toString();
    if (/\/kustomization\.ya?ml$/.test(uri.path))
      this.#service.kustomized.add(vscode.Uri.joinPath(uri, '..').toString());
    if (vscode.workspace.textDocuments.some((document) => document.uri.toString() === name)) return;
    let text: string;
    try {
      const { size } = await vscode.workspace.fs.stat(uri);
      if (size > maxFileBytes) return;
      text = Buffer.from(await vscode.workspace.fs.readFile(uri)).toString('utf8');
    } catch {
      // Gone meanwhile, or not to be read: then nobody can be led there either.
      this.#service.index(name, [], []);
      return;
    }
    signal.throwIfAborted();
    const checker = new FileChecker(name);
    checker.update(text);
    const objects = await checker.objects(this.#service.settings, slices, signal);
    this.#service.index(name, objects, checker.kinds());
  }

  #slices(): Slices {
    return new Slices(() => performance.now());
  }

  readonly #complain = (error: unknown): void => {
    if (!this.#stop.signal.aborted)
      this.#service.log.warn(`Cannot read the workspace's manifests: ${reasonOf(error)}`);
  };
}

const maxFolders = 1_000;
const leftOut = new Set(['node_modules', '.git', 'vendor']);

/** Manifests below the folders, the nearer ones first. */
async function walkFolders(folders: readonly vscode.Uri[], signal: AbortSignal): Promise<vscode.Uri[]> {
  const queue = [...folders];
  const files: vscode.Uri[] = [];
  for (let next = 0; next < queue.length && next < maxFolders && files.length < maxFiles; next++) {
    signal.throwIfAborted();
    const folder = queue[next] as vscode.Uri;
    for (const [name, type] of await vscode.workspace.fs.readDirectory(folder)) {
      const uri = vscode.Uri.joinPath(folder, name);
      if (type === vscode.FileType.Directory && !leftOut.has(name)) queue.push(uri);
      if (type === vscode.FileType.File && /\.ya?ml$/.test(name)) files.push(uri);
    }
  }
  return files.slice(0, maxFiles);
}
