import type { KubernetesObject } from '../../api/object.ts';
import type { KindDeclaration } from '../../api/scheme.ts';
import { isObject } from '../../machinery/json.ts';
import type { PodParts } from './check.ts';

const inSpec = ['spec', 'template'];

/** Where the kinds that make Pods keep what they make them from, by "group/plural". */
const places: ReadonlyMap<string, readonly string[]> = new Map([
  ['/podtemplates', ['template']],
  ['/replicationcontrollers', inSpec],
  ['apps/replicasets', inSpec],
  ['apps/deployments', inSpec],
  ['apps/statefulsets', inSpec],
  ['apps/daemonsets', inSpec],
  ['batch/jobs', inSpec],
  ['batch/cronjobs', ['spec', 'jobTemplate', 'spec', 'template']],
]);

export const templateResources: ReadonlySet<string> = new Set(places.keys());

/** The Pod that an object describes; undefined where it describes none. */
export function templateOf(
  { group, plural }: Pick<KindDeclaration, 'group' | 'plural'>,
  object: KubernetesObject,
): PodParts | undefined {
  const path = places.get(`${group}/${plural}`) ?? [];
  const template = path.reduce<unknown>((value, name) => (isObject(value) ? value[name] : undefined), object);
  const { metadata = {}, spec } = (template ?? {}) as Partial<PodParts>;
  return spec === undefined ? undefined : { metadata, spec };
}
