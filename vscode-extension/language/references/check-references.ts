import { nearestName } from '../../../core/machinery/nearest-name.ts';
import type { Fix, Problem } from '../checks/problem.ts';
import { replaceText } from '../fixes/edits.ts';
import { l10n } from '../l10n.ts';
import type { ScalarNode } from '../syntax/nodes.ts';
import { keyOf, type FileObject, type FileObjects } from './object-index.ts';
import type { ObjectId, Reference } from './references.ts';

/** The objects of the connected cluster, as far as they are known already; asking may make more of them known. */
export interface LiveObjects {
  /** Undefined while nothing is known of the kind in the namespace. */
  namesOf(kind: Omit<ObjectId, 'name'>): ReadonlySet<string> | undefined;
  /** Keys of the object's data; undefined while they are not known. */
  keysOf(id: ObjectId): readonly string[] | undefined;
}

export interface KnownObjects {
  readonly files: FileObjects;
  /** Undefined without a cluster. */
  readonly live: LiveObjects | undefined;
}

/** Among more names than this, one that looks alike is no sign of a slip, and takes long to find. */
const mostCandidates = 1_000;

/** References to what is neither in the files nor in the cluster, as far as that can be known. */
export function referenceProblems(references: readonly Reference[], known: KnownObjects): Problem[] {
  return references.flatMap((reference) => referenceProblem(reference, known) ?? []);
}

function referenceProblem(reference: Reference, { files, live }: KnownObjects): Problem | undefined {
  const { target } = reference;
  const inFiles = files.find(target);
  const names = live?.namesOf(target);
  if (inFiles.length > 0 || names?.has(target.name) === true)
    return keyProblem(reference, inFiles, live, names?.has(target.name) === true);
  if (reference.optional || isAlwaysThere(target)) return undefined;
  const meant = meantName(target, files, names);
  // Without a cluster, only what looks like a slip of the pen is told of.
  if (names === undefined && meant === undefined) return undefined;
  const where = names === undefined ? l10n.t('in these files') : l10n.t('in these files or the cluster');
  const missing = l10n.t('There is no {0} {1}', describe(target), where);
  return {
    range: reference.node.range,
    severity: reference.madeByOthers ? 'information' : 'warning',
    code: 'missing-object',
    message: meant === undefined ? missing : `${missing}; ${l10n.t('did you mean "{0}"?', meant)}`,
    fixes: meant === undefined ? [] : [replacing(reference.node, meant)],
  };
}

function meantName(
  target: ObjectId,
  files: FileObjects,
  live: ReadonlySet<string> | undefined,
): string | undefined {
  const inFiles = files.namesOf(target);
  if (inFiles.size + (live?.size ?? 0) > mostCandidates) return undefined;
  return nearestName(target.name, new Set([...inFiles, ...(live ?? [])]));
}

function keyProblem(
  { target, key, optional }: Reference,
  inFiles: readonly FileObject[],
  live: LiveObjects | undefined,
  isLive: boolean,
): Problem | undefined {
  if (key === undefined || optional) return undefined;
  // What the files say comes into the cluster with them.
  const keys =
    inFiles.length > 0 ? inFiles.flatMap((object) => object.keys) : isLive ? live?.keysOf(target) : [];
  if (keys === undefined || keys.includes(key.text)) return undefined;
  const meant = nearestName(key.text, keys);
  const missing = l10n.t('{0} has no key "{1}"', describe(target), key.text);
  return {
    range: key.range,
    severity: 'warning',
    code: 'missing-key',
    message: meant === undefined ? missing : `${missing}; ${l10n.t('did you mean "{0}"?', meant)}`,
    fixes: meant === undefined ? [] : [replacing(key, meant)],
  };
}

/** Objects that are in a file twice: the later one would overwrite the earlier. */
export function duplicateProblems(objects: readonly FileObject[]): Problem[] {
  const seen = new Set<string>();
  return objects.flatMap(({ id, nameRange }): Problem[] => {
    const key = keyOf(id);
    if (!seen.has(key)) {
      seen.add(key);
      return [];
    }
    const message = l10n.t('{0} is in this file already', describe(id));
    return [{ range: nameRange, severity: 'warning', code: 'duplicate-object', message }];
  });
}

function describe({ kind, name, namespace }: ObjectId): string {
  return namespace === undefined || namespace === 'default'
    ? `${kind} "${name}"`
    : l10n.t('{0} in namespace "{1}"', `${kind} "${name}"`, namespace);
}

/** What every cluster makes by itself, in each namespace or once. */
function isAlwaysThere({ group, kind, name }: ObjectId): boolean {
  switch (`${group}/${kind}`) {
    case '/ServiceAccount':
      return name === 'default';
    case '/ConfigMap':
      return name === 'kube-root-ca.crt';
    case '/Namespace':
      return name === 'default' || name.startsWith('kube-');
    case 'scheduling.k8s.io/PriorityClass':
    case 'rbac.authorization.k8s.io/ClusterRole':
      return name.startsWith('system') || ['cluster-admin', 'admin', 'edit', 'view'].includes(name);
    default:
      return false;
  }
}

function replacing(node: ScalarNode, name: string): Fix {
  return { title: l10n.t('Replace with "{0}"', name), edits: [replaceText(node, name)] };
}
