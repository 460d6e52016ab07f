import * as vscode from 'vscode';
import { reasonOf } from '../../session/reason.ts';
import type { Problem } from '../checks/problem.ts';
import { Slices } from '../service/slices.ts';
import { typingPauseMs } from '../service/typing-pause.ts';
import type { ManifestService } from './manifest-service.ts';
import { isManifest, toRange } from './ranges.ts';

interface Pending {
  readonly timer: NodeJS.Timeout;
  readonly abort: AbortController;
}

/** What is wrong with the open manifests, as they are typed. */
export class ManifestDiagnostics implements vscode.Disposable {
  readonly #service: ManifestService;
  readonly #collection = vscode.languages.createDiagnosticCollection('wheelhouse');
  readonly #problems = new Map<string, { readonly version: number; readonly problems: readonly Problem[] }>();
  readonly #pending = new Map<string, Pending>();
  /** How long the last check of each file took. */
  readonly #tookMs = new Map<string, number>();
  readonly #disposables: vscode.Disposable[];

  constructor(service: ManifestService) {
    this.#service = service;
    this.#disposables = [
      this.#collection,
      service.onChange(() => this.#checkAll()),
      vscode.workspace.onDidOpenTextDocument((document) => this.#schedule(document, 0)),
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length === 0) return;
        this.#schedule(document, typingPauseMs(this.#tookMs.get(document.uri.toString()) ?? 0));
      }),
      vscode.workspace.onDidCloseTextDocument((document) => this.#forget(document.uri)),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('wheelhouse.validation')) this.#checkAll();
      }),
    ];
    this.#checkAll();
  }

  /** What was found in the document as it is now; nothing while it is being checked. */
  problemsOf(document: vscode.TextDocument): readonly Problem[] {
    const known = this.#problems.get(document.uri.toString());
    return known?.version === document.version ? known.problems : [];
  }

  dispose(): void {
    for (const { timer, abort } of this.#pending.values()) {
      clearTimeout(timer);
      abort.abort();
    }
    for (const disposable of this.#disposables) disposable.dispose();
  }

  #checkAll(): void {
    for (const document of vscode.workspace.textDocuments) this.#schedule(document, 0);
  }

  #schedule(document: vscode.TextDocument, afterMs: number): void {
    if (!isManifest(document)) return;
    const key = document.uri.toString();
    this.#cancel(key);
    const abort = new AbortController();
    const timer = setTimeout(() => {
      this.#check(document, abort.signal).catch((error: unknown) => {
        if (!abort.signal.aborted)
          this.#service.log.error(`Cannot check ${document.uri.fsPath}: ${reasonOf(error)}`);
      });
    }, afterMs);
    this.#pending.set(key, { timer, abort });
  }

  async #check(document: vscode.TextDocument, signal: AbortSignal): Promise<void> {
    if (document.isClosed) return;
    const settings = vscode.workspace.getConfiguration('wheelhouse.validation', document.uri);
    if (!settings.get('enabled', true)) {
      this.#forget(document.uri);
      return;
    }
    const { version } = document;
    const startedMs = performance.now();
    const checker = this.#service.checkerOf(document);
    const slices = new Slices(() => performance.now());
    const objects = await checker.objects(this.#service.settings, slices, signal);
    this.#service.index(checker.name, objects, checker.kinds());
    const against = this.#service.settings;
    const problems = await checker.check(against, slices, signal);
    if (settings.get('references', true) && this.#service.namesAreFinal(document.uri)) {
      const { known } = this.#service;
      problems.push(...(await checker.between({ settings: against, objects, known }, slices, signal)));
    }
    signal.throwIfAborted();
    this.#problems.set(checker.name, { version, problems });
    this.#collection.set(
      document.uri,
      problems.map((problem) => toDiagnostic(document, problem)),
    );
    const tookMs = performance.now() - startedMs;
    this.#tookMs.set(checker.name, tookMs);
    this.#service.log.trace(`Checked ${checker.name} in ${tookMs.toFixed(1)} ms`);
  }

  #forget(uri: vscode.Uri): void {
    this.#cancel(uri.toString());
    this.#problems.delete(uri.toString());
    this.#tookMs.delete(uri.toString());
    this.#collection.delete(uri);
  }

  #cancel(key: string): void {
    const pending = this.#pending.get(key);
    if (pending === undefined) return;
    clearTimeout(pending.timer);
    pending.abort.abort();
    this.#pending.delete(key);
  }
}

const severities = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
  information: vscode.DiagnosticSeverity.Information,
  hint: vscode.DiagnosticSeverity.Hint,
} as const;

export function toDiagnostic(document: vscode.TextDocument, problem: Problem): vscode.Diagnostic {
  const { range, message, severity, code } = problem;
  const diagnostic = new vscode.Diagnostic(toRange(document, range), message, severities[severity]);
  diagnostic.source = 'wheelhouse';
  diagnostic.code = code;
  if (code === 'deprecated') diagnostic.tags = [vscode.DiagnosticTag.Deprecated];
  return diagnostic;
}
