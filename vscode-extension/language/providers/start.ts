import * as vscode from 'vscode';
import type { LanguageDependencies } from '../register.ts';
import { registerCompletions } from './completions.ts';
import { ManifestDiagnostics } from './diagnostics.ts';
import { DryRun } from './dry-run.ts';
import { registerHovers } from './hovers.ts';
import { ManifestService } from './manifest-service.ts';
import { registerNavigation } from './navigation.ts';
import { registerQuickFixes } from './quick-fixes.ts';
import { showSchemaStatus } from './schema-status.ts';
import { WorkspaceFiles } from './workspace-files.ts';

/** The language at work. */
export interface Language extends vscode.Disposable {
  /** Checks the active manifest with the cluster. */
  dryRun(): Promise<void>;
}

/** Builds everything that knows manifests. Loaded when the first one is open, as the schemas take a while. */
export function startLanguage(dependencies: LanguageDependencies): Language {
  const service = new ManifestService(dependencies);
  const diagnostics = new ManifestDiagnostics(service);
  const dryRun = new DryRun(service, diagnostics);
  const all = vscode.Disposable.from(
    dryRun,
    diagnostics,
    registerQuickFixes([diagnostics, dryRun]),
    registerCompletions(service),
    registerHovers(service),
    registerNavigation(service),
    showSchemaStatus(service),
    new WorkspaceFiles(service),
    service,
  );
  return { dryRun: () => dryRun.ask(), dispose: () => all.dispose() };
}
