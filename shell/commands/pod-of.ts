import type { Container, Pod } from '../../core/api/generated/core-v1.ts';
import { pods } from '../../core/api/generated/resources.ts';
import type { KubernetesObject } from '../../core/api/object.ts';
import { readiestFirst } from '../../core/client/operations/readiest-first.ts';
import type { ServedResource } from '../../core/client/resource-index.ts';
import { selectorFromLabels, selectorFromObject } from '../../core/machinery/label-selector.ts';
import type { CommandIo } from '../repl/command-line.ts';
import type { Session } from './session.ts';

const defaultContainerAnnotation = 'kubectl.kubernetes.io/default-container';

/** Kinds whose selector is labels alone, without expressions. */
const selectedByLabels: ReadonlySet<string> = new Set(['Service', 'ReplicationController']);

/** The Pods that an object stands for, those that are ready first; a Pod stands for itself. */
export async function podsBehind(
  { cluster: { client }, namespace }: Session,
  resource: ServedResource,
  name: string,
  signal: AbortSignal,
): Promise<{ readonly object: KubernetesObject; readonly pods: readonly Pod[] }> {
  const object = await client.get(resource, { namespace, name }, { signal });
  if (resource.kind === 'Pod' && resource.group === '') return { object, pods: [object as Pod] };
  const { selector } = (object as { spec?: { selector?: unknown } }).spec ?? {};
  if (selector === undefined || selector === null)
    throw new Error(`${resource.singular} "${name}" selects no Pods`);
  const labelSelector = selectedByLabels.has(resource.kind)
    ? selectorFromLabels(selector as Readonly<Record<string, string>>).toString()
    : selectorFromObject(selector).toString();
  const { items } = await client.list(pods, { namespace, labelSelector, signal });
  return { object, pods: readiestFirst(items) };
}

/** The first of `podsBehind`. Throws in kubectl's words where there is none. */
export async function podOf(
  session: Session,
  resource: ServedResource,
  name: string,
  signal: AbortSignal,
): Promise<Pod> {
  const [pod] = (await podsBehind(session, resource, name, signal)).pods;
  if (pod === undefined)
    throw new Error(`timed out waiting for the condition: ${resource.kind} "${name}" has no Pods`);
  return pod;
}

/**
 * The container that is meant where none is named (kubectl/pkg/cmd/util/podcmd); of several, people are told which.
 * Without `io` nobody is told.
 */
export async function containerOf(
  pod: Pod,
  named: string | undefined,
  io: Pick<CommandIo, 'stderr'> | undefined,
): Promise<Container> {
  const { containers, initContainers = [], ephemeralContainers = [] } = pod.spec;
  const all: readonly Container[] = [
    ...containers,
    ...(initContainers ?? []),
    ...(ephemeralContainers ?? []),
  ];
  const podName = pod.metadata.name ?? '';
  if (named !== undefined) {
    const found = all.find(({ name }) => name === named);
    if (found === undefined) throw new Error(`container ${named} not found in pod ${podName}`);
    return found;
  }
  const annotated = pod.metadata.annotations?.[defaultContainerAnnotation];
  const marked = all.find(({ name }) => name === annotated);
  if (marked !== undefined) return marked;
  const [first] = containers;
  if (first === undefined) throw new Error(`pod ${podName} has no containers`);
  if (all.length > 1) {
    const names = [
      ...containers.map(({ name }) => name),
      ...(ephemeralContainers ?? []).map(({ name }) => `${name} (ephem)`),
      ...(initContainers ?? []).map(({ name }) => `${name} (init)`),
    ];
    await io?.stderr.write(`Defaulted container "${first.name}" out of: ${names.join(', ')}\n`);
  }
  return first;
}
