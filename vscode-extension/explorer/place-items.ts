import * as vscode from 'vscode';
import { sanitizeLine } from '../../core/printers/sanitize.ts';
import { contextColor } from '../session/context-color.ts';
import type { ContextNode, NamespaceNode, SelectorNode } from './tree-node.ts';

const { None, Collapsed } = vscode.TreeItemCollapsibleState;

/** Where the tree looks, and below it where else it could look. */
export function selectorItem({ what, chosen }: SelectorNode): vscode.TreeItem {
  const isContext = what === 'context';
  const label = isContext ? vscode.l10n.t('Context') : vscode.l10n.t('Namespace');
  const item = new vscode.TreeItem(label, Collapsed);
  item.description = chosen === undefined ? vscode.l10n.t('All namespaces') : sanitizeLine(chosen);
  item.iconPath = isContext
    ? contextIcon('server-environment', chosen ?? '')
    : new vscode.ThemeIcon('symbol-namespace');
  item.accessibilityInformation = { label: `${label}: ${item.description}` };
  return item;
}

export function contextItem({ name, current }: ContextNode): vscode.TreeItem {
  const item = new vscode.TreeItem(sanitizeLine(name), None);
  item.iconPath = contextIcon(current ? 'pass-filled' : 'server-environment', name);
  describeChoice(item, sanitizeLine(name), current);
  if (!current) {
    const title = vscode.l10n.t('Open cluster "{0}"', name);
    item.tooltip = title;
    item.command = { title, command: 'wheelhouse.chooseContext', arguments: [{ context: name }] };
  }
  return item;
}

export function namespaceItem({ name, current, status }: NamespaceNode): vscode.TreeItem {
  const label = name === undefined ? vscode.l10n.t('All namespaces') : sanitizeLine(name);
  const item = new vscode.TreeItem(label, None);
  item.iconPath = new vscode.ThemeIcon(
    current ? 'pass-filled' : name === undefined ? 'globe' : 'symbol-namespace',
    current ? new vscode.ThemeColor('charts.green') : undefined,
  );
  describeChoice(item, label, current, status === undefined || status.text === 'Active' ? '' : status.text);
  if (!current) {
    const title = vscode.l10n.t('Show {0}', label);
    item.tooltip = title;
    item.command = { title, command: 'wheelhouse.chooseNamespace', arguments: [{ namespace: name }] };
  }
  return item;
}

/** What an icon says is said in words as well, for those who do not see it. */
function describeChoice(item: vscode.TreeItem, label: string, current: boolean, state = ''): void {
  const words = [current ? vscode.l10n.t('shown now') : '', state].filter((text) => text !== '');
  item.description = words.join(' · ');
  item.accessibilityInformation = { label: [label, ...words].join(', ') };
}

/** The same colour as in the status bar. */
function contextIcon(icon: string, context: string): vscode.ThemeIcon {
  const settings = vscode.workspace.getConfiguration('wheelhouse');
  const colors = settings.get<Record<string, string>>('contextColors', {});
  return new vscode.ThemeIcon(icon, new vscode.ThemeColor(`charts.${contextColor(context, colors)}`));
}
