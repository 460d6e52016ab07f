import { dns1123SubdomainProblems } from '../../machinery/names.ts';
import type { KubernetesObject } from '../object.ts';
import type { Resource } from '../resource.ts';
import { packageOfResource, resourceFactList } from '../schema/facts.ts';
import { objectSchemaOf } from '../schema/schemas.ts';
import type { KindDeclaration } from '../scheme.ts';

type Rules<T extends KubernetesObject> = Partial<
  Pick<
    KindDeclaration<T>,
    | 'applyDefaults'
    | 'validate'
    | 'validateUpdate'
    | 'validateStatus'
    | 'warnings'
    | 'deprecation'
    | 'selectableFields'
    | 'nameProblems'
    | 'generation'
    | 'unconditionalUpdate'
    | 'createOnUpdate'
    | 'scale'
    | 'conversion'
  >
> & {
  /** Subresources of the public API that this server serves; all of them when absent. */
  readonly subresources?: readonly string[];
};

/** Declares a kind of the public API: its facts, plus the rules that are code. */
export function declareKind<T extends KubernetesObject>(
  resource: Resource<T>,
  rules: Rules<T> = {},
): KindDeclaration {
  const { group, version, plural } = resource;
  const fact = resourceFactList.find(
    (other) => other.group === group && other.version === version && other.plural === plural,
  );
  if (fact === undefined)
    throw new Error(`Cannot declare "${group}/${version}/${plural}": the API has no such kind`);
  const { subresources: served, ...code } = rules;
  const type = `${packageOfResource(fact)}.${fact.kind}`;
  const subresources = Object.entries(fact.subresources ?? {}).filter(
    ([name]) => served?.includes(name) ?? true,
  );
  const declaration: KindDeclaration<T> = {
    ...fact,
    subresources: Object.fromEntries(subresources),
    type,
    get schema() {
      return objectSchemaOf(type);
    },
    nameProblems: dns1123SubdomainProblems,
    generation: false,
    unconditionalUpdate: true,
    ...code,
  };
  // Rules are stored under the kind they were declared for, so they only ever see objects of it.
  return declaration as unknown as KindDeclaration;
}
