import * as vscode from 'vscode';
import type { CategoryName } from './categories.ts';
import { statusOf, type ObjectStatus } from './object-status.ts';
import { sanitizeLine } from '../../core/printers/sanitize.ts';
import { rowWords } from './row-words.ts';
import type { TreeModel } from './tree-model.ts';
import { contextItem, namespaceItem, selectorItem } from './place-items.ts';
import type { ContainerNode, KindNode, ObjectNode, TreeNode } from './tree-node.ts';

const { None, Collapsed } = vscode.TreeItemCollapsibleState;

/** A node as the editor draws it. */
export function treeItemOf(node: TreeNode, model: TreeModel, showsNamespace: boolean): vscode.TreeItem {
  const item = draw(node, model, showsNamespace);
  item.id = node.id;
  item.contextValue = rowWords(node).join(' ');
  return item;
}

function draw(node: TreeNode, model: TreeModel, showsNamespace: boolean): vscode.TreeItem {
  switch (node.type) {
    case 'selector':
      return selectorItem(node);
    case 'context':
      return contextItem(node);
    case 'namespace':
      return namespaceItem(node);
    case 'category':
      return categoryItem(node.name);
    case 'kind':
      return kindItem(node, model);
    case 'range': {
      const item = new vscode.TreeItem(`${sanitizeLine(node.from)} … ${sanitizeLine(node.to)}`, Collapsed);
      item.description = String(node.objects.length);
      return item;
    }
    case 'object':
      return objectItem(node, model.hasChildren(node), showsNamespace);
    case 'container':
      return containerItem(node);
    case 'more': {
      const item = new vscode.TreeItem(vscode.l10n.t('{0} more are on their way', node.remaining), None);
      item.iconPath = new vscode.ThemeIcon('loading~spin');
      return item;
    }
    case 'message': {
      const item = new vscode.TreeItem(sanitizeLine(node.text), None);
      item.iconPath = new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.warningForeground'));
      item.tooltip = node.text;
      return item;
    }
  }
}

function categoryItem(name: CategoryName): vscode.TreeItem {
  const { t } = vscode.l10n;
  const looks: Readonly<Record<CategoryName, readonly [string, string]>> = {
    workloads: [t('Workloads'), 'rocket'],
    network: [t('Network'), 'globe'],
    configuration: [t('Configuration'), 'settings'],
    storage: [t('Storage'), 'database'],
    access: [t('Access'), 'key'],
    cluster: [t('Cluster'), 'server'],
    custom: [t('Custom Resources'), 'extensions'],
  };
  const [label, icon] = looks[name];
  const item = new vscode.TreeItem(label, Collapsed);
  item.iconPath = new vscode.ThemeIcon(icon);
  return item;
}

function kindItem(node: KindNode, model: TreeModel): vscode.TreeItem {
  const { kind, plural, group } = node.resource;
  const item = new vscode.TreeItem(pluralOf(kind, plural), Collapsed);
  const counts = model.counts(node);
  if (counts !== undefined) {
    const { total, errors } = counts;
    item.description = errors === 0 ? String(total) : vscode.l10n.t('{0} · {1} failing', total, errors);
    if (errors > 0) item.iconPath = iconOf({ severity: 'error', text: '' });
  }
  item.tooltip = group === '' ? plural : `${plural}.${group}`;
  // Otherwise the tooltip would be read aloud, without the counts.
  item.accessibilityInformation = { label: spoken(pluralOf(kind, plural), item.description) };
  return item;
}

/** What a row says, for those who hear it: icons and colours are in its words as well. */
function spoken(...parts: readonly (string | boolean | undefined)[]): string {
  return parts.filter((part) => typeof part === 'string' && part !== '').join(', ');
}

/** "NetworkPolicies": the kind with the ending of its plural. */
function pluralOf(kind: string, plural: string): string {
  let same = 0;
  while (same < kind.length && kind[same]?.toLowerCase() === plural[same]) same++;
  return kind.slice(0, same) + plural.slice(same);
}

function objectItem(node: ObjectNode, hasChildren: boolean, showsNamespace: boolean): vscode.TreeItem {
  const { object, resource } = node;
  const { name = '', namespace } = object.metadata;
  const status = statusOf(resource, object);
  const item = new vscode.TreeItem(sanitizeLine(name), hasChildren ? Collapsed : None);
  const place = showsNamespace && namespace !== undefined ? [namespace] : [];
  item.description = [status.text, ...place].filter((text) => text !== '').join(' · ');
  item.iconPath = iconOf(status);
  item.tooltip = tooltipOf(node, status);
  item.accessibilityInformation = { label: spoken(resource.kind, sanitizeLine(name), item.description) };
  return item;
}

function tooltipOf({ object, resource }: ObjectNode, status: ObjectStatus): vscode.MarkdownString {
  const { name = '', namespace, labels = {}, creationTimestamp } = object.metadata;
  const text = new vscode.MarkdownString();
  text
    .appendMarkdown(`**${resource.kind}** `)
    .appendText(namespace === undefined ? name : `${namespace}/${name}`);
  if (status.text !== '') text.appendText(`\n\n${status.text}`);
  if (creationTimestamp !== undefined)
    text.appendText(`\n\n${vscode.l10n.t('Created {0}', creationTimestamp)}`);
  const lines = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  if (lines.length > 0) text.appendText('\n\n').appendCodeblock(lines.map(sanitizeLine).join('\n'), 'text');
  return text;
}

function containerItem(node: ContainerNode): vscode.TreeItem {
  const item = new vscode.TreeItem(sanitizeLine(node.name), None);
  const role =
    node.role === 'init'
      ? [vscode.l10n.t('init')]
      : node.role === 'ephemeral'
        ? [vscode.l10n.t('debug')]
        : [];
  item.description = [...role, node.status.text, sanitizeLine(node.image)].join(' · ');
  item.iconPath = iconOf(node.status);
  item.tooltip = node.image;
  item.accessibilityInformation = {
    label: spoken(vscode.l10n.t('Container'), sanitizeLine(node.name), item.description),
  };
  return item;
}

function iconOf({ severity }: ObjectStatus): vscode.ThemeIcon {
  const themed = (icon: string, color: string) => new vscode.ThemeIcon(icon, new vscode.ThemeColor(color));
  switch (severity) {
    case 'good':
      return themed('pass-filled', 'charts.green');
    case 'progressing':
      return themed('circle-large-outline', 'charts.yellow');
    case 'warning':
      return themed('warning', 'charts.orange');
    case 'error':
      return themed('error', 'charts.red');
    case undefined:
      return new vscode.ThemeIcon('symbol-object');
  }
}
