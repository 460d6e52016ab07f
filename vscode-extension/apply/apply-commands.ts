import * as vscode from 'vscode';
import { isUnavailable } from '../../core/api/errors.ts';
import { attempt, isCancelled } from '../commands/failure.ts';
import { shortList } from '../commands/short-list.ts';
import { slowProgress, type Step } from '../commands/slow-progress.ts';
import { confirm } from '../commands/targets.ts';
import { dependentsText } from '../commands/dependents-text.ts';
import type { CompareDocuments } from '../documents/compare-documents.ts';
import type { ClusterSession, OpenCluster } from '../session/cluster-session.ts';
import { connectedCluster } from '../session/connected.ts';
import { reasonOf } from '../session/reason.ts';
import {
  planApply,
  type Applied,
  type PlacedObject,
  type PlannedObject,
  type PlanPlace,
} from './apply-plan.ts';
import { applyAll } from './apply-all.ts';
import { chooseTakenOver } from './choose-conflicts.ts';
import { deletePlaced, liveObjects, placedObject, type Deleted } from './delete-objects.ts';
import { chosenUris, readManifests, readSelection, type SourcedManifest } from './manifest-sources.ts';
import type { RefusalDiagnostics } from './refusal-diagnostics.ts';
import { countsText, placedText, resultText } from './result-texts.ts';
import { servedIndex } from './served-index.ts';
import { choosePlanned, showDifferences } from './show-plan.ts';

interface Dependencies {
  readonly session: ClusterSession;
  readonly compare: CompareDocuments;
  readonly refusals: RefusalDiagnostics;
  readonly log: vscode.LogOutputChannel;
}

/** For what goes with a deletion: worth a moment, and no more. */
const lookTimeoutMs = 5_000;

type Read = () => Promise<readonly SourcedManifest[]>;

/** Apply, try without changing anything, delete: for files, folders and selections. */
export function registerApplyCommands(dependencies: Dependencies): vscode.Disposable {
  const command = (name: string, work: (read: Read) => Promise<void>) =>
    vscode.commands.registerCommand(name, (uri?: vscode.Uri, uris?: readonly vscode.Uri[]) =>
      work(async () => readManifests(chosenUris(uri, uris))),
    );
  return vscode.Disposable.from(
    command('wheelhouse.apply', (read) => apply(dependencies, read)),
    command('wheelhouse.preview', (read) => preview(dependencies, read)),
    command('wheelhouse.deleteManifest', (read) => deleteObjects(dependencies, read)),
    vscode.commands.registerCommand('wheelhouse.applySelection', () => {
      const editor = vscode.window.activeTextEditor;
      return editor === undefined ? undefined : apply(dependencies, () => readSelection(editor));
    }),
  );
}

interface Plan {
  readonly cluster: OpenCluster;
  readonly place: PlanPlace;
  readonly planned: readonly PlannedObject[];
  readonly uriOf: (planned: PlannedObject) => vscode.Uri | undefined;
}

async function apply(dependencies: Dependencies, read: Read): Promise<void> {
  const doing = vscode.l10n.t('apply');
  await attempt(doing, async () => {
    const plan = await makePlan(dependencies, read);
    if (plan === undefined) return;
    const { planned, cluster, place } = plan;
    const title = placeTitle(vscode.l10n.t('Apply'), plan);
    await showDifferences(planned, dependencies.compare, title);
    if (planned.every(({ outcome }) => outcome === 'unchanged')) {
      void vscode.window.showInformationMessage(
        vscode.l10n.t('Cluster "{0}" already is as these manifests say', cluster.context.name),
      );
      return;
    }
    const chosen = await choosePlanned(planned, title);
    if (chosen === undefined || chosen.length === 0) return;
    const taken = await chooseTakenOver(chosen, title);
    if (taken === undefined) return;
    const results = await slowProgress(
      vscode.l10n.t('Applying to cluster "{0}"', cluster.context.name),
      cluster.signal,
      (signal, tell) =>
        applyAll(chosen, { ...place, signal }, taken, (next) => tell(stepTo(next, chosen.length))),
    );
    markRefused(dependencies, plan, results);
    report(dependencies, cluster, results);
  });
}

async function preview(dependencies: Dependencies, read: Read): Promise<void> {
  await attempt(vscode.l10n.t('compare'), async () => {
    const plan = await makePlan(dependencies, read);
    if (plan === undefined) return;
    const title = placeTitle(vscode.l10n.t('What would change'), plan);
    await showDifferences(plan.planned, dependencies.compare, title);
    const counts = countsText(plan.planned.map(({ outcome }) => outcome));
    const text = vscode.l10n.t('{0}: {1}. Nothing was changed', title, counts);
    if (plan.planned.some(({ outcome }) => outcome === 'refused'))
      void vscode.window.showWarningMessage(text);
    else void vscode.window.showInformationMessage(text);
  });
}

/** Reads everything, asks the server about everything, and marks what it refuses in the files. */
async function makePlan({ session, refusals }: Dependencies, read: Read): Promise<Plan | undefined> {
  const cluster = connectedCluster(session);
  if (cluster === undefined) {
    await vscode.commands.executeCommand('wheelhouse.chooseContext');
    return undefined;
  }
  const sources = await read();
  if (sources.length === 0) throw new Error(vscode.l10n.t('there is no object in it'));
  for (const { uri } of sources) refusals.clear(uri);
  const uris = new Map(sources.map(({ uri, manifest }) => [manifest, uri]));
  return slowProgress(
    vscode.l10n.t('Comparing with cluster "{0}"', cluster.context.name),
    cluster.signal,
    async (signal) => {
      const manifests = [...uris.keys()];
      const place: PlanPlace = {
        client: cluster.cluster.client,
        index: await servedIndex(cluster, manifests, signal),
        namespace: session.defaultNamespace,
        signal,
      };
      const planned = await planApply(manifests, place);
      const uriOf = ({ manifest }: PlannedObject) => uris.get(manifest);
      for (const each of planned) {
        const uri = uriOf(each);
        if (each.outcome === 'refused' && uri !== undefined) refusals.show(uri, each.manifest, each.error);
      }
      return { cluster, place, planned, uriOf };
    },
  );
}

/** `Apply to cluster "dev", namespace shop`. */
function placeTitle(what: string, { cluster, planned }: Plan): string {
  const namespaces = [...new Set(planned.flatMap(({ name }) => name.namespace ?? []))].sort();
  const { name } = cluster.context;
  return namespaces.length === 0
    ? vscode.l10n.t('{0}: cluster "{1}"', what, name)
    : vscode.l10n.t('{0}: cluster "{1}", namespace {2}', what, name, namespaces.join(', '));
}

/** Shows in the files what the server said; a cluster that went away says nothing about them. */
function markRefused({ refusals }: Dependencies, plan: Plan, results: readonly Applied[]): void {
  for (const result of results) {
    if (result.outcome !== 'failed' || isUnavailable(result.error) || isCancelled(result.error)) continue;
    const uri = plan.uriOf(result.planned);
    if (uri !== undefined) refusals.show(uri, result.planned.manifest, result.error);
  }
}

/** Tells in short what became of the objects; of each one, in the log. */
function report(
  { log }: Dependencies,
  { context }: OpenCluster,
  results: readonly (Applied | Deleted)[],
): void {
  const details = vscode.l10n.t('Details');
  for (const result of results) {
    const line = `${context.name}: ${resultText(result)}`;
    if (result.outcome === 'failed') log.error(`${line}: ${reasonOf(result.error)}`);
    else log.info(line);
  }
  const counts = countsText(results.map(({ outcome }) => outcome));
  const text = vscode.l10n.t('Cluster "{0}": {1}', context.name, counts);
  const failed = results.find((result) => result.outcome === 'failed');
  const isWhole = results.every(({ outcome }) => outcome !== 'left');
  const shown =
    failed === undefined
      ? isWhole
        ? vscode.window.showInformationMessage(text, details)
        : vscode.window.showWarningMessage(text, details)
      : vscode.window.showErrorMessage(
          `${text}. ${placedText(failed.planned)}: ${reasonOf(failed.error)}`,
          details,
        );
  shown.then((picked) => {
    if (picked === details) log.show();
  });
}

async function deleteObjects(dependencies: Dependencies, read: Read): Promise<void> {
  const { session } = dependencies;
  await attempt(vscode.l10n.t('delete'), async () => {
    const cluster = connectedCluster(session);
    if (cluster === undefined) {
      await vscode.commands.executeCommand('wheelhouse.chooseContext');
      return;
    }
    const sources = await read();
    if (sources.length === 0) throw new Error(vscode.l10n.t('there is no object in it'));
    const { context } = cluster;
    const { objects, goes } = await slowProgress(
      vscode.l10n.t('Looking at cluster "{0}"', context.name),
      cluster.signal,
      async (signal) => {
        const manifests = sources.map(({ manifest }) => manifest);
        const index = await servedIndex(cluster, manifests, signal);
        const placed = manifests.map((manifest) => placedObject(manifest, index, session.defaultNamespace));
        return { objects: placed, goes: await dependentsOfPlaced(cluster, placed, signal) };
      },
    );
    const question = vscode.l10n.t('Delete {0} objects of cluster "{1}"?', objects.length, context.name);
    const detail = [...shortList(objects.map(placedText)), goes].filter((line) => line !== '');
    if (!(await confirm(question, vscode.l10n.t('Delete'), detail.join('\n')))) return;
    const results = await slowProgress(
      vscode.l10n.t('Deleting from cluster "{0}"', context.name),
      cluster.signal,
      (signal, tell) =>
        deletePlaced(cluster.cluster.client, objects, signal, (next) => tell(stepTo(next, objects.length))),
    );
    report(dependencies, cluster, results);
  });
}

/** What goes with objects that are there; the question is asked all the same where that takes too long. */
async function dependentsOfPlaced(
  cluster: OpenCluster,
  objects: readonly PlacedObject[],
  signal: AbortSignal,
): Promise<string> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(lookTimeoutMs)]);
  const live = await liveObjects(cluster.cluster.client, objects, limit).catch(() => []);
  const text = await dependentsText(cluster, live, limit);
  signal.throwIfAborted();
  return text;
}

/** For work on `count` objects in turn, when it is this one's. */
function stepTo(next: PlacedObject, count: number): Step {
  return { message: placedText(next), increment: 100 / count };
}
