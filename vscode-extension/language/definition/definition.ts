import type { CheckContext } from '../checks/document-context.ts';
import { objectsOf, type ManifestObject } from '../checks/manifest-objects.ts';
import type { KnownObjects } from '../references/check-references.ts';
import type { FileObject } from '../references/object-index.ts';
import { referencesOf, type ObjectId } from '../references/references.ts';
import { contains, followed, textOf, type Range } from '../syntax/nodes.ts';
import { locate, nodeAt, type Path } from '../syntax/paths.ts';

/** Where something that a document names is. */
export type Definition =
  | { readonly kind: 'file'; readonly object: FileObject }
  | { readonly kind: 'live'; readonly id: ObjectId }
  /** In the same document. */
  | { readonly kind: 'here'; readonly range: Range };

export interface Definitions {
  /** What names it. */
  readonly origin: Range;
  readonly targets: readonly Definition[];
}

/** Follows the name at an offset: to the files that define the object, otherwise to the cluster that has it. */
export function definitionAt(
  context: CheckContext,
  offset: number,
  known: KnownObjects,
): Definitions | undefined {
  const object = objectsOf(context.document.root).find(({ node }) => contains(node.range, offset));
  if (object === undefined) return undefined;
  const reference = referencesOf(object, context).find(
    ({ node, key }) => contains(node.range, offset) || (key !== undefined && contains(key.range, offset)),
  );
  if (reference !== undefined) {
    const { node, key, target } = reference;
    const origin = contains(node.range, offset) ? node.range : (key?.range ?? node.range);
    const files = known.files.find(target).map((found): Definition => ({ kind: 'file', object: found }));
    if (files.length > 0) return { origin, targets: files };
    return known.live?.namesOf(target)?.has(target.name) === true
      ? { origin, targets: [{ kind: 'live', id: target }] }
      : undefined;
  }
  return volumeAt(object, offset) ?? selectedAt(object, offset, known);
}

const containerLists = ['containers', 'initContainers', 'ephemeralContainers'];

/** From what a container mounts to the volume of the Pod. */
function volumeAt({ node: root }: ManifestObject, offset: number): Definitions | undefined {
  const at = nodeAt(root, offset);
  const containers = at?.path.findLastIndex((step) => containerLists.includes(String(step))) ?? -1;
  if (at === undefined || containers < 0 || at.onKey) return undefined;
  const inside = at.path.slice(containers + 2);
  if (!['volumeMounts', 'volumeDevices'].includes(String(inside[0])) || inside[2] !== 'name')
    return undefined;
  const volumes = followed(locate(root, [...at.path.slice(0, containers), 'volumes']).node);
  if (volumes?.kind !== 'list') return undefined;
  const volume = volumes.items.find((item) => textOf(item, 'name') === at.node.value);
  return volume && { origin: at.node.range, targets: [{ kind: 'here', range: volume.range }] };
}

const selectors: readonly Path[] = [
  ['spec', 'selector'],
  ['spec', 'selector', 'matchLabels'],
  ['spec', 'podSelector', 'matchLabels'],
];

/** From a selector to the workloads of the files whose Pods it selects. */
function selectedAt(
  { node: root, kind, namespace }: ManifestObject,
  offset: number,
  { files }: KnownObjects,
): Definitions | undefined {
  if (!['Service', 'PodDisruptionBudget', 'NetworkPolicy'].includes(kind)) return undefined;
  const at = nodeAt(root, offset);
  const path = selectors.find(
    (selector) =>
      at !== undefined &&
      at.path.length <= selector.length + 1 &&
      selector.every((step, i) => step === at.path[i]),
  );
  if (at === undefined || path === undefined) return undefined;
  const wanted = followed(locate(root, path).node);
  if (wanted?.kind !== 'map') return undefined;
  const labels = Object.entries(wanted.value as object).filter(
    (pair): pair is [string, string] => typeof pair[1] === 'string',
  );
  const targets = files.selectedBy(labels, namespace).map((object): Definition => ({ kind: 'file', object }));
  const origin = at.onKey ? (at.entry?.keyRange ?? at.node.range) : at.node.range;
  return targets.length === 0 ? undefined : { origin, targets };
}
