import * as vscode from 'vscode';
import { within } from '../../session/within.ts';
import { hoverAt, objectAt } from '../hover/hover.ts';
import { liveObject } from '../hover/live-object.ts';
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
      const { session, settings } = service;
      const { model } = settings;
      const { current, state } = session;
      const object = objectAt(placed.parsed, offset);
      const live =
        object === undefined || current === undefined || state.kind !== 'connected'
          ? undefined
          : await liveObject(current, object, settings, within(current, patienceMs));
      if (token.isCancellationRequested) return undefined;
      const found = hoverAt(placed.parsed, offset, { model, live: live && (() => live) });
      if (found === undefined) return undefined;
      const text = new vscode.MarkdownString(found.paragraphs.join('\n\n'));
      return new vscode.Hover(text, toRange(document, found.range, placed.start));
    },
  });
}
