import * as vscode from 'vscode';
import { isNotFound } from '../../core/api/errors.ts';
import type { ObjectName } from '../../core/api/object.ts';
import type { ServedResource } from '../../core/client/resource-index.ts';
import { systemClock } from '../../core/machinery/clock.ts';
import { systemRandom } from '../../core/machinery/random.ts';
import { sanitizeLine } from '../../core/printers/sanitize.ts';
import type { ClusterSession, OpenCluster } from '../session/cluster-session.ts';
import { reasonOf } from '../session/reason.ts';
import { whileOpen } from '../session/while-open.ts';
import { within } from '../session/within.ts';
import { followObject } from './follow-object.ts';
import { addressUri, parseResourceUri, type ResourcePath } from './resource-uri.ts';

const describeScheme = 'wheelhouse-describe';
const describeTimeoutMs = 15_000;

/** Where the description of an object is shown. */
export function describeUri(context: string, resource: ResourcePath, name: ObjectName): vscode.Uri {
  return addressUri(describeScheme, context, resource, name, 'txt');
}

interface Place {
  readonly open: OpenCluster;
  readonly resource: ServedResource;
  readonly name: ObjectName;
}

/**
 * Descriptions of objects as read-only documents, which follow their objects while they can be seen. The editor
 * takes over only the lines that differ, so the cursor stays where it is.
 */
export class DescribeDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #session: ClusterSession;
  readonly #changes = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.#changes.event;
  /** The last text of what is visible: what is left of an object that is deleted. */
  readonly #texts = new Map<string, string>();
  readonly #followed = new Map<string, AbortController>();
  readonly #disposables: vscode.Disposable;

  constructor(session: ClusterSession) {
    this.#session = session;
    this.#disposables = vscode.Disposable.from(
      vscode.workspace.registerTextDocumentContentProvider(describeScheme, this),
      vscode.window.onDidChangeVisibleTextEditors(() => this.#followVisible()),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#texts.delete(uri.toString())),
      this.#changes,
    );
    this.#followVisible();
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const key = uri.toString();
    try {
      const text = await describe(await this.#find(uri));
      this.#texts.set(key, text);
      return text;
    } catch (error) {
      const before = this.#texts.get(key);
      return before === undefined || !isNotFound(error) ? reasonOf(error) : `${reasonOf(error)}\n\n${before}`;
    }
  }

  dispose(): void {
    for (const stop of this.#followed.values()) stop.abort();
    this.#disposables.dispose();
  }

  #followVisible(): void {
    const visible = vscode.window.visibleTextEditors
      .map(({ document }) => document.uri)
      .filter(({ scheme }) => scheme === describeScheme);
    const keys = new Set(visible.map(String));
    for (const [key, stop] of this.#followed) {
      if (keys.has(key)) continue;
      stop.abort();
      this.#followed.delete(key);
    }
    for (const uri of visible) if (!this.#followed.has(uri.toString())) this.#follow(uri);
  }

  #follow(uri: vscode.Uri): void {
    const key = uri.toString();
    const stop = new AbortController();
    this.#followed.set(key, stop);
    const refresh = () => this.#changes.fire(uri);
    // It may have changed while nobody looked.
    if (this.#texts.has(key)) refresh();
    const address = parseResourceUri(uri);
    if (address === undefined) return;
    const follow = async (open: OpenCluster, signal: AbortSignal) => {
      const { resource, name } = await this.#find(uri);
      const { client } = open.cluster;
      const dependencies = { client, clock: systemClock, random: systemRandom, signal, onChange: refresh };
      await followObject(resource, name, dependencies);
    };
    whileOpen(this.#session, address.context, follow, {
      signal: stop.signal,
      // The document says what is wrong.
      onError: refresh,
    });
  }

  async #find(uri: vscode.Uri): Promise<Place> {
    const address = parseResourceUri(uri);
    const open = this.#session.current;
    if (address === undefined || open === undefined || open.context.name !== address.context) {
      throw new Error(vscode.l10n.t('The cluster of this object is not open'));
    }
    const index = await open.resources();
    const resource = index.all.find(
      ({ group, version, plural }) =>
        group === address.group && version === address.version && plural === address.plural,
    );
    if (resource === undefined)
      throw new Error(vscode.l10n.t('The cluster does not serve {0}', address.plural));
    return { open, resource, name: address.name };
  }
}

async function describe({ open, resource, name }: Place): Promise<string> {
  // Loaded when something is described: what it aligns columns with is half of what starting up would take.
  const { describeObject } = await import('../../core/printers/describe/describe-object.ts');
  const signal = within(open, describeTimeoutMs);
  const { client } = open.cluster;
  const object = await client.get(resource, name, { signal });
  const lines = await describeObject(client, resource, object, { nowMs: Date.now(), events: true, signal });
  return lines.map((line) => `${sanitizeLine(line)}\n`).join('');
}
