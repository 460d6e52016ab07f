import * as vscode from 'vscode';
import { looksLikeManifest } from '../checks/check-document.ts';
import { objectsOf, type ManifestObject } from '../checks/manifest-objects.ts';
import type { Problem } from '../checks/problem.ts';
import { askServer } from '../dry-run/ask-server.ts';
import { serverProblems, withoutKnown } from '../dry-run/server-problems.ts';
import { dryRunSummary } from '../dry-run/summary.ts';
import { moved } from '../service/file-checker.ts';
import type { PlacedDocument } from '../syntax/manifest-file.ts';
import type { ParsedDocument } from '../syntax/parse-document.ts';
import type { OpenCluster } from '../../session/cluster-session.ts';
import { reasonOf } from '../../session/reason.ts';
import { toDiagnostic, type ManifestDiagnostics } from './diagnostics.ts';
import type { ManifestService } from './manifest-service.ts';
import { isManifest } from './ranges.ts';

/** For all objects of a file together. */
const timeoutMs = 30_000;
const atOnce = 4;
/** Of one file; more are more than anybody wants to wait for at every save. */
const maxObjects = 200;
const fieldManager = 'wheelhouse-vscode';
/** How long the answer stays in the status bar. */
const shownMs = 8_000;

interface Answers {
  readonly problems: readonly Problem[];
  /** Objects that the cluster was asked about. */
  readonly asked: number;
  /** Objects and documents that it could not be asked about. */
  readonly left: number;
}

/** Asks the cluster what it would say to an apply: on demand, and when a manifest is saved. */
export class DryRun implements vscode.Disposable {
  readonly #service: ManifestService;
  readonly #diagnostics: ManifestDiagnostics;
  readonly #collection = vscode.languages.createDiagnosticCollection('wheelhouse-cluster');
  readonly #problems = new Map<string, { readonly version: number; readonly problems: readonly Problem[] }>();
  readonly #running = new Map<string, AbortController>();
  readonly #disposables: vscode.Disposable[];

  constructor(service: ManifestService, diagnostics: ManifestDiagnostics) {
    this.#service = service;
    this.#diagnostics = diagnostics;
    this.#disposables = [
      this.#collection,
      vscode.workspace.onDidSaveTextDocument((document) => void this.#onSave(document)),
      // What the cluster said was about another text.
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length > 0) this.#forget(document.uri);
      }),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#forget(uri)),
      new vscode.Disposable(service.session.onClusterChange(() => this.#forgetAll())),
    ];
  }

  problemsOf(document: vscode.TextDocument): readonly Problem[] {
    const known = this.#problems.get(document.uri.toString());
    return known?.version === document.version ? known.problems : [];
  }

  /** The command: says how it went, also when all is well. */
  async ask(): Promise<void> {
    const document = vscode.window.activeTextEditor?.document;
    if (document === undefined || !isManifest(document)) {
      void vscode.window.showInformationMessage(
        vscode.l10n.t('Open a manifest to check it with the cluster.'),
      );
      return;
    }
    const { session } = this.#service;
    const { current } = session;
    if (current === undefined || session.state.kind !== 'connected') {
      void vscode.window.showWarningMessage(vscode.l10n.t('No cluster is connected to check with.'));
      return;
    }
    const title = vscode.l10n.t('Asking "{0}"…', current.context.name);
    const location = vscode.ProgressLocation.Window;
    try {
      const found = await vscode.window.withProgress({ location, title }, () => this.#run(document, current));
      if (found === undefined) return;
      const counts = { ...found, problems: found.problems.length };
      const text = dryRunSummary(counts, current.context.name, maxObjects);
      void vscode.window.setStatusBarMessage(text, shownMs);
    } catch (error) {
      const why = reasonOf(error);
      void vscode.window.showErrorMessage(vscode.l10n.t('Cannot ask "{0}": {1}', current.context.name, why));
    }
  }

  dispose(): void {
    this.#forgetAll();
    for (const disposable of this.#disposables) disposable.dispose();
  }

  async #onSave(document: vscode.TextDocument): Promise<void> {
    const { session, log } = this.#service;
    const { current } = session;
    const settings = vscode.workspace.getConfiguration('wheelhouse.validation', document.uri);
    if (!isManifest(document) || current === undefined || session.state.kind !== 'connected') return;
    // Saving an object of the cluster is a write of its own, which the server has just answered.
    if (
      document.uri.scheme === 'wheelhouse' ||
      !settings.get('enabled', true) ||
      !settings.get('dryRunOnSave', true)
    )
      return;
    try {
      await this.#run(document, current);
    } catch (error) {
      log.info(`Cannot check ${document.uri.fsPath} with the cluster: ${reasonOf(error)}`);
    }
  }

  /** Undefined where the run was overtaken. */
  async #run(document: vscode.TextDocument, current: OpenCluster): Promise<Answers | undefined> {
    const key = document.uri.toString();
    this.#running.get(key)?.abort();
    const overtaken = new AbortController();
    this.#running.set(key, overtaken);
    const signal = AbortSignal.any([overtaken.signal, current.signal, AbortSignal.timeout(timeoutMs)]);
    const { version } = document;
    try {
      const answers = await this.#askAll(document, current, signal);
      if (overtaken.signal.aborted || document.isClosed || document.version !== version) return undefined;
      const news = withoutKnown(answers.problems, this.#diagnostics.problemsOf(document));
      this.#problems.set(key, { version, problems: news });
      this.#collection.set(
        document.uri,
        news.map((problem) => toDiagnostic(document, problem)),
      );
      return answers;
    } catch (error) {
      if (overtaken.signal.aborted) return undefined;
      throw error;
    } finally {
      if (this.#running.get(key) === overtaken) this.#running.delete(key);
    }
  }

  async #askAll(document: vscode.TextDocument, current: OpenCluster, signal: AbortSignal): Promise<Answers> {
    const { documents } = this.#service.checkerOf(document);
    const broken = documents.filter(({ text, parsed }) => !isAskable(parsed) && looksLikeManifest(text));
    const objects = documents
      .filter(({ parsed }) => isAskable(parsed))
      .flatMap((placed) => objectsOf(placed.parsed.root).map((object) => ({ placed, object })));
    const wanted = objects.slice(0, maxObjects);
    const answers: (readonly Problem[] | undefined)[] = [];
    for (let at = 0; at < wanted.length; at += atOnce) {
      const some = wanted.slice(at, at + atOnce);
      const asked = some.map(({ placed, object }) => this.#askOne(placed, object, current, signal));
      answers.push(...(await Promise.all(asked)));
    }
    const given = answers.filter((answer) => answer !== undefined);
    return {
      problems: given.flat(),
      asked: given.length,
      left: broken.length + objects.length - given.length,
    };
  }

  /** Undefined where the cluster serves no such kind: that is told of without asking. */
  async #askOne(
    { parsed, start }: PlacedDocument,
    object: ManifestObject,
    current: OpenCluster,
    signal: AbortSignal,
  ): Promise<readonly Problem[] | undefined> {
    const { settings } = this.#service;
    const kind = settings.model.get(object.apiVersion, object.kind);
    const resource = kind && (await current.resources()).ofKind(kind.group, kind.version, kind.kind);
    if (resource === undefined) return undefined;
    const { namespace } = settings;
    const answer = await askServer({
      verbs: current.cluster.verbs,
      resource,
      object,
      namespace,
      fieldManager,
      signal,
    });
    const context = { document: parsed, ...settings };
    return serverProblems(answer, object, context).map((problem) => moved(problem, start));
  }

  #forget(uri: vscode.Uri): void {
    const key = uri.toString();
    this.#running.get(key)?.abort();
    this.#problems.delete(key);
    this.#collection.delete(uri);
  }

  #forgetAll(): void {
    for (const running of this.#running.values()) running.abort();
    this.#running.clear();
    this.#problems.clear();
    this.#collection.clear();
  }
}

/** What is broken or to be rendered is no object yet. */
function isAskable({ template, problems }: ParsedDocument): boolean {
  return !template && problems.length === 0;
}
