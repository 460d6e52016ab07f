import * as vscode from 'vscode';
import type { KubernetesObject } from '../../../core/api/object.ts';
import type { JsonObject } from '../../../core/machinery/json.ts';
import type { ManifestObject } from '../checks/manifest-objects.ts';
import { hoverAt, objectAt } from '../hover/hover.ts';
import { idOf } from '../references/object-index.ts';
import type { ManifestService } from './manifest-service.ts';
import { selector, toRange } from './ranges.ts';

/** A hover that takes longer says what is known without the cluster. */
const patienceMs = 600;

export function registerHovers(service: ManifestService): vscode.Disposable {
  return vscode.languages.registerHoverProvider(selector, {
    async provideHover(document, position, token) {
      const at = service.at(document, position);
      if (at === undefined) return undefined;
      const { placed, offset } = at;
      const { model } = service.settings;
      const object = objectAt(placed.parsed, offset);
      const live = object === undefined ? undefined : await liveObject(service, object);
      if (token.isCancellationRequested) return undefined;
      const found = hoverAt(placed.parsed, offset, { model, live: live && (() => live) });
      if (found === undefined) return undefined;
      const text = new vscode.MarkdownString(found.paragraphs.join('\n\n'));
      return new vscode.Hover(text, toRange(document, found.range, placed.start));
    },
  });
}

/** Undefined where the cluster has none, or does not say so in time. */
async function liveObject(service: ManifestService, object: ManifestObject): Promise<JsonObject | undefined> {
  const { session, settings } = service;
  const current = session.current;
  if (current === undefined || session.state.kind !== 'connected' || object.name === '') return undefined;
  const { group, kind, namespace, name } = idOf(object, settings.model, settings.namespace);
  const version = settings.model.get(object.apiVersion, object.kind)?.version ?? '';
  const signal = AbortSignal.any([current.signal, AbortSignal.timeout(patienceMs)]);
  try {
    const resource = (await current.resources()).ofKind(group, version, kind);
    if (resource === undefined) return undefined;
    const target = namespace === undefined ? { name } : { namespace, name };
    const found = await current.cluster.client.get<KubernetesObject>(resource, target, { signal });
    return found as unknown as JsonObject;
  } catch {
    // Not there, not allowed or too slow: a hover is no place to complain.
    return undefined;
  }
}
