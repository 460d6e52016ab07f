import { apiVersionOf, parseApiVersion } from '../../../core/api/resource.ts';
import { nearestName } from '../../../core/machinery/nearest-name.ts';
import { addMember, replaceText } from '../fixes/edits.ts';
import { l10n } from '../l10n.ts';
import { formerVersion, leavingKind } from '../schema/former-versions.ts';
import type { KindInfo } from '../schema/schema-model.ts';
import { entryOf, followed, type Entry, type Range } from '../syntax/nodes.ts';
import type { CheckContext } from './document-context.ts';
import type { ManifestObject } from './manifest-objects.ts';
import type { Fix, Problem } from './problem.ts';

/** Files of tools that look like objects and never reach a cluster. */
const foreignGroups =
  /^(kustomize\.config\.k8s\.io|.*\.config\.k8s\.io|kubeadm\.k8s\.io|kind\.x-k8s\.io|skaffold|k3d\.io)$/;

/** What is wrong with apiVersion and kind together. */
export function kindProblems(object: ManifestObject, context: CheckContext): Problem[] {
  const { node, apiVersion, kind } = object;
  if (kind === '') return [missingMember(object, 'kind', context, kindsOf(apiVersion, context))];
  if (apiVersion === '') {
    const versions = context.model.named(kind).map(apiVersionOf);
    // Something else may well have a kind.
    return versions.length === 0 ? [] : [missingMember(object, 'apiVersion', context, versions)];
  }
  const info = context.model.get(apiVersion, kind);
  if (info !== undefined) return leaving(object, info);
  const at = rangeOf(entryOf(node, 'apiVersion'), object);
  const former = formerVersion(apiVersion, kind);
  if (former !== undefined) return [endedVersion(object, former)];
  return unknownKind(object, context, at);
}

function endedVersion(
  { node, apiVersion, kind }: ManifestObject,
  { endedIn, now }: { readonly endedIn: string; readonly now?: string },
): Problem {
  const entry = entryOf(node, 'apiVersion') as Entry;
  const ended = l10n.t('{0} of "{1}" is not served since Kubernetes {2}', kind, apiVersion, endedIn);
  return {
    range: entry.value.range,
    severity: 'error',
    code: 'former-version',
    message: now === undefined ? ended : `${ended}; ${l10n.t('use "{0}"', now)}`,
    fixes: now === undefined ? [] : replacing(entry, now),
  };
}

function unknownKind(object: ManifestObject, { model }: CheckContext, at: Range): Problem[] {
  const { node, apiVersion, kind } = object;
  const { group, version } = parseApiVersion(apiVersion);
  if (foreignGroups.test(group) || (apiVersion === 'v1' && kind === 'Config')) return [];
  const elsewhere = model.named(kind).map(apiVersionOf);
  const inGroup = model.all().filter((info) => info.group === group);
  const knownVersion = inGroup.some((info) => info.version === version);
  // The kind is known by its name, and nothing by the name of its group.
  if (elsewhere.length > 0 && (knownVersion || inGroup.length > 0 || isMisspelt(group, model.all()))) {
    const versions = elsewhere.map((text) => `"${text}"`).join(', ');
    return [
      {
        range: at,
        severity: 'error',
        code: 'unknown-kind',
        message: l10n.t('"{0}" has no kind {1}; it is in {2}', apiVersion, kind, versions),
        fixes: elsewhere.flatMap((text) => replacing(entryOf(node, 'apiVersion'), text)),
      },
    ];
  }
  if (inGroup.length === 0)
    return model.complete
      ? [
          {
            range: at,
            severity: 'warning',
            code: 'unknown-kind',
            message: l10n.t('The cluster serves no group "{0}": it refuses {1}', group, kind),
          },
        ]
      : [];
  const names = inGroup.filter((info) => info.version === version).map((info) => info.kind);
  const meant = nearestName(kind, names.length > 0 ? names : inGroup.map((info) => info.kind));
  const unknown = l10n.t('"{0}" has no kind {1}', apiVersion, kind);
  return [
    {
      range: rangeOf(entryOf(node, 'kind'), object),
      severity: 'error',
      code: 'unknown-kind',
      message: meant === undefined ? unknown : `${unknown}; ${l10n.t('did you mean "{0}"?', meant)}`,
      fixes: meant === undefined ? [] : replacing(entryOf(node, 'kind'), meant),
    },
  ];
}

function isMisspelt(group: string, kinds: readonly KindInfo[]): boolean {
  return nearestName(group, new Set(kinds.map((info) => info.group))) !== undefined;
}

function leaving({ node, apiVersion, kind }: ManifestObject, { namespaced }: KindInfo): Problem[] {
  const instead = leavingKind(apiVersion, kind);
  const entry = entryOf(node, 'kind');
  if (instead === undefined || entry === undefined) return [];
  const message = l10n.t('{0} is on its way out: use {1}', kind, instead);
  return [
    { range: entry.value.range, severity: namespaced ? 'warning' : 'hint', code: 'deprecated', message },
  ];
}

function missingMember(
  { node }: ManifestObject,
  name: 'apiVersion' | 'kind',
  { document }: CheckContext,
  candidates: readonly string[],
): Problem {
  return {
    range: node.entries[0]?.keyRange ?? node.range,
    severity: 'error',
    code: 'required',
    message: l10n.t('{0} is required', name),
    fixes: candidates.slice(0, 5).map((value) => ({
      title: l10n.t('Add {0}', `${name}: ${value}`),
      edits: [addMember(document.text, node, [`${name}: ${value}`])],
    })),
  };
}

function kindsOf(apiVersion: string, { model }: CheckContext): string[] {
  return model
    .all()
    .filter((info) => apiVersionOf(info) === apiVersion)
    .map(({ kind }) => kind);
}

function rangeOf(entry: Entry | undefined, { node }: ManifestObject): Range {
  return entry?.value.range ?? node.entries[0]?.keyRange ?? node.range;
}

function replacing(entry: Entry | undefined, text: string): Fix[] {
  const value = followed(entry?.value);
  if (value?.kind !== 'scalar') return [];
  return [{ title: l10n.t('Replace with "{0}"', text), edits: [replaceText(value, text)] }];
}
