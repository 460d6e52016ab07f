import { nearestName } from '../../../core/machinery/nearest-name.ts';
import type { ManifestObject } from '../checks/manifest-objects.ts';
import type { Problem } from '../checks/problem.ts';
import { renameKey, replaceText } from '../fixes/edits.ts';
import { l10n } from '../l10n.ts';
import { followed, type Entry, type MapNode } from '../syntax/nodes.ts';
import { locate, type Path } from '../syntax/paths.ts';
import type { FileObject, FileObjects } from './object-index.ts';

/** Where an object says which Pods it is about: those of workloads it does not make. */
const places: Readonly<Record<string, Path>> = {
  Service: ['spec', 'selector'],
  PodDisruptionBudget: ['spec', 'selector', 'matchLabels'],
  NetworkPolicy: ['spec', 'podSelector', 'matchLabels'],
};

/** Labels by which an object selects Pods. */
export interface PodSelector {
  readonly namespace: string;
  readonly node: MapNode;
}

export function podSelectorOf(object: ManifestObject, namespace: string): PodSelector | undefined {
  const path = places[object.kind];
  if (path === undefined) return undefined;
  const { node, depth } = locate(object.node, path);
  const map = depth === path.length ? followed(node) : undefined;
  return map?.kind === 'map' && map.merged.length === 0
    ? { namespace: object.namespace ?? namespace, node: map }
    : undefined;
}

/**
 * Selectors that select nothing of what the files make, and look like a slip of the pen beside a workload of the same
 * file. Everything else may mean Pods that others make.
 */
export function selectorProblems(
  selectors: readonly PodSelector[],
  ownObjects: readonly FileObject[],
  files: FileObjects,
): Problem[] {
  return selectors.flatMap(({ namespace, node }) => {
    const labels = node.entries.flatMap(({ key, value }) =>
      value.kind === 'scalar' && typeof value.value === 'string' ? [[key, value.value] as const] : [],
    );
    if (labels.length !== node.entries.length || files.selectedBy(labels, namespace).length > 0) return [];
    const candidates = ownObjects.filter(
      ({ id, podLabels }) => id.namespace === namespace && podLabels !== undefined,
    );
    for (const { id, podLabels = {} } of candidates) {
      const slips = node.entries
        .filter(({ key, value }) => podLabels[key] !== value.value)
        .map((entry) => slipOf(entry, podLabels));
      const [slip] = slips;
      if (slips.length === 1 && slip !== undefined) return [problemOf(slip, `${id.kind} "${id.name}"`)];
    }
    return [];
  });
}

interface Slip {
  readonly entry: Entry;
  /** What was meant, as the key or as the value. */
  readonly meant: string;
  readonly isKey: boolean;
}

function slipOf(entry: Entry, podLabels: Readonly<Record<string, unknown>>): Slip | undefined {
  const { key, value } = entry;
  if (value.kind !== 'scalar') return undefined;
  const there = podLabels[key];
  if (typeof there === 'string') {
    return isSlip(value.text, there) ? { entry, meant: there, isKey: false } : undefined;
  }
  const meant = Object.keys(podLabels).find(
    (other) => podLabels[other] === value.value && isSlip(key, other),
  );
  return meant === undefined ? undefined : { entry, meant, isKey: true };
}

/** `web-1` beside `web-2` is no slip, and of very short names anything is near to anything. */
function isSlip(written: string, there: string): boolean {
  const plain = (text: string) => text.replace(/\d+/g, '');
  return written.length > 2 && plain(written) !== plain(there) && nearestName(written, [there]) !== undefined;
}

function problemOf({ entry, meant, isKey }: Slip, workload: string): Problem {
  const { value, keyRange } = entry;
  const edit = isKey ? renameKey(entry, meant) : value.kind === 'scalar' && replaceText(value, meant);
  return {
    range: isKey ? keyRange : value.range,
    severity: 'warning',
    code: 'selector',
    message: l10n.t('Selects no Pods of these files; did you mean "{0}", as {1} has it?', meant, workload),
    fixes: edit === false ? [] : [{ title: l10n.t('Replace with "{0}"', meant), edits: [edit] }],
  };
}
