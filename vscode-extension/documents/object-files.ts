import * as vscode from 'vscode';
import { isNotFound } from '../../core/api/errors.ts';
import type { KubernetesObject } from '../../core/api/object.ts';
import { manifestsOf, type Manifest } from '../../core/client/manifests.ts';
import type { ServedResource } from '../../core/client/resource-index.ts';
import { systemClock } from '../../core/machinery/clock.ts';
import { systemRandom } from '../../core/machinery/random.ts';
import type { RefusalDiagnostics } from '../apply/refusal-diagnostics.ts';
import type { ClusterSession, OpenCluster } from '../session/cluster-session.ts';
import { untilOpen } from '../session/until-open.ts';
import { whileOpen } from '../session/while-open.ts';
import { reasonOf } from '../session/reason.ts';
import { within } from '../session/within.ts';
import type { CompareDocuments } from './compare-documents.ts';
import { followLive } from './follow-live.ts';
import { saveObject } from './object-save.ts';
import { HeldObjects, type HeldObject } from './held-objects.ts';
import { textToEdit } from './object-text.ts';
import { parseResourceUri, type ObjectAddress } from './resource-uri.ts';

const callTimeoutMs = 15_000;
/** Editors of a window that was loaded again ask for their files before its cluster is open. */
const openTimeoutMs = 5_000;
/** After a save the editor asks once more what the file is like; what it is told then must be news. */
const reloadAfterMs = 200;
/** So often it is looked whether the editor is done with that. */
const mostLooks = 10;

/** The objects of the open cluster as files that can be edited and saved. */
export class ObjectFiles implements vscode.Disposable {
  readonly #session: ClusterSession;
  readonly #compare: CompareDocuments;
  readonly #refusals: RefusalDiagnostics;
  readonly #changes = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly onDidChangeFile = this.#changes.event;
  readonly #files = new HeldObjects((key) => documentAt(key) !== undefined);

  constructor(session: ClusterSession, compare: CompareDocuments, refusals: RefusalDiagnostics) {
    this.#session = session;
    this.#compare = compare;
    this.#refusals = refusals;
  }

  dispose(): void {
    this.#changes.dispose();
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    const file = this.#files.get(uri.toString()) ?? (await this.#load(uri));
    return { type: vscode.FileType.File, ctime: 0, mtime: file.mtime, size: file.bytes.length };
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    return (await this.#load(uri)).bytes;
  }

  async writeFile(uri: vscode.Uri, content: Uint8Array): Promise<void> {
    const text = Buffer.from(content).toString('utf8');
    const { address, open, resource } = await this.#find(uri);
    const file = this.#files.get(uri.toString()) ?? (await this.#loadToWrite(uri));
    const manifest = theOnly(text, address.name.name);
    this.#refusals.clear(uri);
    const signal = within(open, callTimeoutMs);
    try {
      const { client } = open.cluster;
      const handedOut = (revision: string) => file.handedOut(revision);
      const saved = await saveObject(client, resource, address.name, manifest.object, handedOut, signal);
      if (saved.kind === 'conflict') {
        void this.#showConflict(uri, saved.live);
        throw new Error(vscode.l10n.t('it was changed in the cluster meanwhile; nothing was overwritten'));
      }
      file.saved(Buffer.from(content), manifest.object.metadata.resourceVersion ?? '', saved.object);
      this.#takeSoon(uri, file, saved.object);
    } catch (error) {
      this.#refusals.show(uri, manifest, error);
      throw vscode.FileSystemError.NoPermissions(reasonOf(error));
    }
  }

  /**
   * Follows the object while it is shown, over every opening of its cluster, so that an editor without changes shows
   * the newest.
   */
  watch(uri: vscode.Uri): vscode.Disposable {
    const stop = new AbortController();
    const address = parseResourceUri(uri);
    if (address !== undefined) {
      whileOpen(this.#session, address.context, (open, signal) => this.#follow(uri, address, open, signal), {
        signal: stop.signal,
        onError: () => {
          // The editor keeps what it has; saving tells what is wrong.
        },
      });
    }
    return { dispose: () => stop.abort() };
  }

  async #find(
    uri: vscode.Uri,
  ): Promise<{ address: ObjectAddress; open: OpenCluster; resource: ServedResource }> {
    const address = parseResourceUri(uri);
    if (address === undefined) throw vscode.FileSystemError.FileNotFound(uri);
    const open = await untilOpen(this.#session, systemClock, openTimeoutMs);
    if (open === undefined || open.context.name !== address.context) {
      throw vscode.FileSystemError.Unavailable(vscode.l10n.t('Cluster "{0}" is not open', address.context));
    }
    const resource = await resourceAt(open, address).catch((error: unknown) => {
      throw vscode.FileSystemError.Unavailable(reasonOf(error));
    });
    if (resource === undefined) throw vscode.FileSystemError.FileNotFound(uri);
    return { address, open, resource };
  }

  async #load(uri: vscode.Uri): Promise<HeldObject> {
    const { address, open, resource } = await this.#find(uri);
    const signal = within(open, callTimeoutMs);
    try {
      const object = await open.cluster.client.get(resource, address.name, { signal });
      const file = this.#files.of(uri.toString());
      file.hold(object);
      return file;
    } catch (error) {
      if (isNotFound(error)) throw vscode.FileSystemError.FileNotFound(reasonOf(error));
      throw vscode.FileSystemError.Unavailable(reasonOf(error));
    }
  }

  async #loadToWrite(uri: vscode.Uri): Promise<HeldObject> {
    try {
      return await this.#load(uri);
    } catch (error) {
      if (!(error instanceof vscode.FileSystemError) || error.code !== 'FileNotFound') throw error;
      throw vscode.FileSystemError.NoPermissions(
        vscode.l10n.t('the cluster no longer has it; copy the text to a file and apply that to make it anew'),
      );
    }
  }

  /** What is being saved counts as changed until that is done; who types on is left alone. */
  #takeSoon(uri: vscode.Uri, file: HeldObject, object: KubernetesObject, looks = mostLooks): void {
    systemClock.after(reloadAfterMs, () => {
      if (documentAt(uri.toString())?.isDirty === true && looks > 1)
        this.#takeSoon(uri, file, object, looks - 1);
      else this.#take(uri, file, object);
    });
  }

  /** What was typed meanwhile is neither overwritten nor called old. */
  #take(uri: vscode.Uri, file: HeldObject, object: KubernetesObject): void {
    if (documentAt(uri.toString())?.isDirty === true) return;
    if (file.hold(object)) this.#changes.fire([{ type: vscode.FileChangeType.Changed, uri }]);
  }

  async #follow(
    uri: vscode.Uri,
    address: ObjectAddress,
    open: OpenCluster,
    signal: AbortSignal,
  ): Promise<void> {
    const resource = await resourceAt(open, address);
    if (resource === undefined) throw new Error(`The cluster does not serve ${address.plural}`);
    const key = uri.toString();
    const handler = {
      onPresent: (object: KubernetesObject) => {
        const file = this.#files.get(key);
        if (file === undefined) this.#changes.fire([{ type: vscode.FileChangeType.Created, uri }]);
        else this.#take(uri, file, object);
      },
      onAbsent: () => {
        // The editor asks whether it is really gone.
        if (this.#files.forget(key)) this.#changes.fire([{ type: vscode.FileChangeType.Deleted, uri }]);
      },
    };
    const dependencies = { clock: systemClock, random: systemRandom };
    await followLive(open.cluster.client, resource, address.name, handler, dependencies, signal);
  }

  /** Both states side by side, and what can be done about it. */
  async #showConflict(uri: vscode.Uri, live: KubernetesObject): Promise<void> {
    const { name = '', resourceVersion = '' } = live.metadata;
    const theirs = this.#compare.add(`${name}.yaml`, textToEdit(live));
    await vscode.commands.executeCommand(
      'vscode.diff',
      theirs,
      uri,
      vscode.l10n.t('{0}: cluster ↔ yours', name),
    );
    const keepMine = vscode.l10n.t('Save Mine');
    const takeTheirs = vscode.l10n.t('Discard Mine');
    const picked = await vscode.window.showWarningMessage(
      vscode.l10n.t(
        '"{0}" was changed in the cluster while you edited it. Merge on the right, then save yours, or discard it.',
        name,
      ),
      keepMine,
      takeTheirs,
    );
    const document = documentAt(uri.toString());
    if (document === undefined) return;
    if (picked === takeTheirs) await vscode.commands.executeCommand('workbench.action.files.revert', uri);
    if (picked === keepMine) {
      const edit = new vscode.WorkspaceEdit();
      const found = /^( {2}resourceVersion: ).*$/m.exec(document.getText());
      if (found === null) {
        void vscode.window.showWarningMessage(
          vscode.l10n.t(
            'Cannot save yours: write "resourceVersion: {0}" into its metadata first',
            resourceVersion,
          ),
        );
        return;
      }
      const start = document.positionAt(found.index);
      const end = document.positionAt(found.index + found[0].length);
      edit.replace(uri, new vscode.Range(start, end), `${found[1]}${JSON.stringify(resourceVersion)}`);
      await vscode.workspace.applyEdit(edit);
      await document.save();
    }
  }
}

/** The kind of an address; undefined where the cluster does not serve it. */
async function resourceAt(open: OpenCluster, address: ObjectAddress): Promise<ServedResource | undefined> {
  return (await open.resources()).all.find(
    ({ group, version, plural }) =>
      group === address.group && version === address.version && plural === address.plural,
  );
}

function theOnly(text: string, name: string): Manifest {
  const [manifest, ...more] = manifestsOf(text, `${name}.yaml`);
  if (manifest === undefined || more.length > 0) {
    throw vscode.FileSystemError.NoPermissions(vscode.l10n.t('There must be exactly one object'));
  }
  return manifest;
}

function documentAt(key: string): vscode.TextDocument | undefined {
  return vscode.workspace.textDocuments.find((each) => each.uri.toString() === key);
}
