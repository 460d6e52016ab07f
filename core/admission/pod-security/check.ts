import type { Container, EphemeralContainer, Pod } from '../../api/generated/core-v1.ts';
import type { ObjectMeta } from '../../api/generated/meta-v1.ts';

/** A Pod, or the template of one. */
export interface PodParts {
  readonly metadata: ObjectMeta;
  readonly spec: Pod['spec'];
}

/** Why a Pod is not of a level: `reason` in few words, `detail` with the names and values. */
export interface Violation {
  readonly reason: string;
  readonly detail: string;
}

export type CheckPod = (pod: PodParts) => Violation | undefined;

/** One rule of a level, as it stands from a release on. */
export interface Check {
  readonly id: string;
  readonly level: 'baseline' | 'restricted';
  /** By the minor of the release, ascending. */
  readonly versions: readonly (readonly [since: number, check: CheckPod])[];
  /** Checks of the level below that need not run where this one does. */
  readonly overrides?: readonly string[];
}

export type AnyContainer = Container | EphemeralContainer;

/** Every container there is, in upstream's order. */
export function containersOf({ spec }: PodParts): readonly AnyContainer[] {
  return [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])];
}

export function plural(singular: string, count: number, more = `${singular}s`): string {
  return count === 1 ? singular : more;
}

export function quoted(names: Iterable<string>): string {
  return [...names].map((name) => `"${name}"`).join(', ');
}

/** As upstream lists sets. */
export function sorted(values: Iterable<string>): readonly string[] {
  return [...new Set(values)].toSorted();
}

/** `container "a"` or `containers "a", "b"`. */
export function containersNamed(containers: readonly AnyContainer[]): string {
  return `${plural('container', containers.length)} ${quoted(containers.map(({ name }) => name))}`;
}

/** Who set something that may not be set: the Pod itself, its containers, or both. */
export function settersOf(pod: boolean, containers: readonly AnyContainer[]): readonly string[] {
  return [...(pod ? ['pod'] : []), ...(containers.length === 0 ? [] : [containersNamed(containers)])];
}

export function isWindows({ spec }: PodParts): boolean {
  return spec.os?.name === 'windows';
}

/** Its root is nobody on the node (KEP-127). */
export function hasUserNamespace({ spec }: PodParts): boolean {
  return spec.hostUsers === false;
}
