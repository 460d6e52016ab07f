import * as vscode from 'vscode';
import type { ObjectName } from '../../core/api/object.ts';
import { describeObject } from '../../core/printers/describe/describe-object.ts';
import { sanitizeLine } from '../../core/printers/sanitize.ts';
import { reasonOf } from '../commands/failure.ts';
import type { ClusterSession } from '../session/cluster-session.ts';
import { addressUri, parseResourceUri, type ResourcePath } from './resource-uri.ts';

const describeScheme = 'wheelhouse-describe';
const describeTimeoutMs = 15_000;

/** Where the description of an object is shown. */
export function describeUri(context: string, resource: ResourcePath, name: ObjectName): vscode.Uri {
  return addressUri(describeScheme, context, resource, name, 'txt');
}

/** Descriptions of objects as read-only documents. */
export function registerDescribeDocuments(session: ClusterSession): vscode.Disposable {
  return vscode.workspace.registerTextDocumentContentProvider(describeScheme, {
    provideTextDocumentContent: (uri) => describe(session, uri).catch((error: unknown) => reasonOf(error)),
  });
}

async function describe(session: ClusterSession, uri: vscode.Uri): Promise<string> {
  const address = parseResourceUri(uri);
  const open = session.current;
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
  const signal = AbortSignal.any([open.signal, AbortSignal.timeout(describeTimeoutMs)]);
  const { client } = open.cluster;
  const object = await client.get(resource, address.name, { signal });
  const lines = await describeObject(client, resource, object, { nowMs: Date.now(), events: true, signal });
  return lines.map((line) => `${sanitizeLine(line)}\n`).join('');
}
