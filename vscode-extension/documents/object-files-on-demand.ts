import * as vscode from 'vscode';
import type { ObjectFiles } from './object-files.ts';
import { resourceScheme } from './resource-uri.ts';

/** The files of `ObjectFiles`, which is loaded when the first of them is asked for: it reads and writes YAML. */
export class ObjectFilesOnDemand implements vscode.FileSystemProvider, vscode.Disposable {
  readonly #load: () => Promise<ObjectFiles>;
  readonly #changes = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly onDidChangeFile = this.#changes.event;
  readonly #registration: vscode.Disposable;
  #loaded: Promise<ObjectFiles> | undefined;

  constructor(load: () => Promise<ObjectFiles>) {
    this.#load = load;
    this.#registration = vscode.workspace.registerFileSystemProvider(resourceScheme, this, {
      isCaseSensitive: true,
    });
  }

  dispose(): void {
    this.#registration.dispose();
    this.#changes.dispose();
    this.#loaded?.then(
      (files) => files.dispose(),
      () => undefined,
    );
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    return (await this.#files()).stat(uri);
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    return (await this.#files()).readFile(uri);
  }

  async writeFile(uri: vscode.Uri, content: Uint8Array): Promise<void> {
    await (await this.#files()).writeFile(uri, content);
  }

  watch(uri: vscode.Uri): vscode.Disposable {
    let ended = false;
    let watching: vscode.Disposable | undefined;
    this.#files().then(
      (files) => {
        if (!ended) watching = files.watch(uri);
      },
      // Whoever reads the file is told.
      () => undefined,
    );
    return {
      dispose: () => {
        ended = true;
        watching?.dispose();
      },
    };
  }

  readDirectory(): [string, vscode.FileType][] {
    return [];
  }

  /** The editor makes the folders of a file that is gone before it writes it; there are none, or all. */
  createDirectory(): void {}

  delete(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  rename(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  #files(): Promise<ObjectFiles> {
    this.#loaded ??= this.#load().then(
      (files) => {
        files.onDidChangeFile((changes) => this.#changes.fire(changes));
        return files;
      },
      (error: unknown) => {
        this.#loaded = undefined;
        throw error;
      },
    );
    return this.#loaded;
  }
}
