import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import * as vscode from 'vscode';
import type { Pod } from '../../core/api/generated/core-v1.ts';
import { pods } from '../../core/api/generated/resources.ts';
import { parseDurationMs } from '../../core/machinery/duration.ts';
import { attempt, signalOf } from '../commands/failure.ts';
import { containerOf, labelOf, targetsOf, type Target, type TreeArguments } from '../commands/targets.ts';
import type { ClusterSession } from '../session/cluster-session.ts';
import { reasonOf } from '../session/reason.ts';
import { within } from '../session/within.ts';
import { logScopeOf, readLog, type LogLine, type LogScope } from './log-follower.ts';
import { LogTerminal, type LogTerminalOptions } from './log-terminal.ts';
import { plainText } from './log-text.ts';

const listTimeoutMs = 15_000;
/** Of the run before of a container; it has ended, so it is shown as a document. */
const previousLines = 20_000;
/** Of all of them; the editor takes no document that is much longer. */
const previousCharacters = 20_000_000;

/** Following, the run before, and everything as a file. */
export function registerLogCommands(session: ClusterSession): vscode.Disposable {
  const open = new Map<vscode.Terminal, LogTerminal>();
  const each = (command: string, work: (target: Target, scope: LogScope) => Promise<void>) =>
    vscode.commands.registerCommand(command, async (...where: TreeArguments) => {
      for (const target of targetsOf(session, where)) {
        await attempt(vscode.l10n.t('show the logs of {0}', labelOf(target)), () =>
          work(target, logScopeOf(target.resource, target.object, containerOf(where)?.name)),
        );
      }
    });
  const follow = (target: Target, scope: LogScope, more: Partial<LogTerminalOptions>) => {
    const options = { prefix: isMerged(target, scope), ...more };
    const logs = new LogTerminal(session, target.cluster.context.name, scope, options);
    const name = vscode.l10n.t('Logs: {0}', [target.name.name, scope.container].filter(Boolean).join('/'));
    const terminal = vscode.window.createTerminal({
      name,
      pty: logs,
      iconPath: new vscode.ThemeIcon('output'),
    });
    open.set(terminal, logs);
    terminal.show(true);
  };
  return vscode.Disposable.from(
    each('wheelhouse.logs', async (target, scope) => {
      const tailLines = vscode.workspace.getConfiguration('wheelhouse').get('logs.tailLines', 1_000);
      follow(target, scope, { tailLines });
    }),
    each('wheelhouse.logsSince', async (target, scope) => {
      const sinceSeconds = await askForAge();
      if (sinceSeconds !== undefined) follow(target, scope, { sinceSeconds });
    }),
    each('wheelhouse.previousLogs', showPrevious),
    each('wheelhouse.downloadLogs', download),
    vscode.commands.registerCommand('wheelhouse.filterLogs', async () => {
      const active = vscode.window.activeTerminal;
      const logs = active === undefined ? undefined : open.get(active);
      if (logs !== undefined) return logs.askForFilter();
      void vscode.window.showInformationMessage(vscode.l10n.t('Choose a terminal with logs first'));
    }),
    vscode.window.onDidCloseTerminal((terminal) => open.delete(terminal)),
  );
}

function isMerged({ resource, object }: Target, { container }: LogScope): boolean {
  if (resource.kind !== 'Pod') return true;
  const { containers, initContainers = [] } = (object as Pod).spec;
  return container === undefined && containers.length + (initContainers?.length ?? 0) > 1;
}

async function askForAge(): Promise<number | undefined> {
  const text = await vscode.window.showInputBox({
    title: vscode.l10n.t('Logs Since'),
    prompt: vscode.l10n.t('How far back, as "90s", "10m" or "2h"'),
    value: '10m',
    validateInput: (input) => {
      try {
        return parseDurationMs(input) > 0 ? undefined : vscode.l10n.t('More than nothing');
      } catch (error) {
        return reasonOf(error);
      }
    },
  });
  return text === undefined ? undefined : Math.ceil(parseDurationMs(text) / 1000);
}

async function showPrevious(target: Target, scope: LogScope): Promise<void> {
  const lines: LogLine[] = [];
  let characters = 0;
  const signal = within(target.cluster, 4 * listTimeoutMs);
  for (const { pod, container, restarts } of await containersOf(target, scope)) {
    if (restarts === 0 || characters > previousCharacters) continue;
    // How it ended is at the end.
    const options = { container, previous: true, tailLines: previousLines };
    for await (const some of readLog(target.cluster, pod, options, signal)) {
      lines.push(...some);
      for (const { text } of some) characters += text.length;
      if (characters > previousCharacters) break;
    }
  }
  if (lines.length === 0) {
    void vscode.window.showInformationMessage(
      vscode.l10n.t('No container of {0} ran before', labelOf(target)),
    );
    return;
  }
  const rows = lines.map((line) => `${line.pod} ${line.container} ${plainText(line)}\n`);
  if (characters > previousCharacters) rows.push(`${vscode.l10n.t('More is left out')}\n`);
  const content = rows.join('');
  await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ content, language: 'log' }));
}

/** Everything that is kept, into a file that the user chooses. */
async function download(target: Target, scope: LogScope): Promise<void> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const file = `${target.name.name}.log`;
  const uri = await vscode.window.showSaveDialog({
    title: vscode.l10n.t('Download Logs'),
    ...(folder === undefined ? {} : { defaultUri: vscode.Uri.joinPath(folder, file) }),
  });
  if (uri === undefined) return;
  const location = vscode.ProgressLocation.Notification;
  const title = vscode.l10n.t('Downloading logs of {0}', labelOf(target));
  await vscode.window.withProgress({ location, title, cancellable: true }, async (progress, token) => {
    const signal = signalOf(token, target.cluster.signal);
    // What was there before stays until all of it has come.
    const partial = `${uri.fsPath}.part`;
    const stream = createWriteStream(partial);
    const written = finished(stream);
    written.catch(() => {});
    try {
      for (const { pod, container } of await containersOf(target, scope)) {
        progress.report({ message: `${pod.name} ${container}` });
        for await (const lines of readLog(target.cluster, pod, { container }, signal)) {
          const text = lines
            .map((line) => `${line.pod} ${line.container} ${line.time} ${line.text}\n`)
            .join('');
          if (!stream.write(text)) await Promise.race([once(stream, 'drain'), written]);
        }
      }
      stream.end();
      await written;
      await rename(partial, uri.fsPath);
    } catch (error) {
      // A part of the logs must not look like all of them.
      stream.destroy();
      await rm(partial, { force: true });
      throw error;
    }
  });
  void vscode.window.showInformationMessage(vscode.l10n.t('The logs are in {0}', uri.fsPath));
}

async function containersOf({ cluster }: Target, { container: only, ...selection }: LogScope) {
  const signal = within(cluster, listTimeoutMs);
  const { items } = await cluster.cluster.client.list(pods, { ...selection, signal });
  return items.flatMap(({ metadata: { namespace, name = '' }, status }) =>
    [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]
      .filter((each) => only === undefined || each.name === only)
      .map((each) => ({ pod: { namespace, name }, container: each.name, restarts: each.restartCount })),
  );
}
