import type {
  APIGroupDiscoveryList,
  APIResourceDiscovery,
  APISubresourceDiscovery,
} from '../api/generated/apidiscovery-v2.ts';
import type { KubernetesObject } from '../api/object.ts';
import type { Resource } from '../api/resource.ts';
import type { CustomColumn } from '../api/scheme.ts';

/** A kind the server serves, as people speak of it. */
export interface ServedResource extends Resource<KubernetesObject> {
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly verbs: readonly string[];
  readonly subresources: readonly string[];
  /** Of a custom kind: what its definition shows of an object beside the name. */
  readonly printerColumns?: readonly CustomColumn[] | undefined;
}

/** Finds kinds by any of the names people use: `po`, `pod`, `pods`, `deployments.apps`, `deployments.v1.apps`. */
export class ResourceIndex {
  readonly all: readonly ServedResource[];

  /** `discovery` is an apidiscovery.k8s.io/v2 APIGroupDiscoveryList; the preferred version of a group comes first. */
  constructor(discovery: unknown) {
    this.all = ((discovery as APIGroupDiscoveryList).items ?? []).flatMap((group) =>
      (group.versions ?? []).flatMap((version) =>
        (version.resources ?? []).map((resource) =>
          served(group.metadata.name ?? '', version.version, resource),
        ),
      ),
    );
  }

  lookUp(name: string): ServedResource | undefined {
    const wanted = name.toLowerCase();
    const [plain = '', ...qualifiers] = wanted.split('.');
    const candidates = this.all.filter((resource) => isCalled(resource, plain));
    if (qualifiers.length === 0) return candidates[0];
    const qualifier = qualifiers.join('.');
    return candidates.find(
      ({ group, version }) =>
        group === qualifier || `${version}.${group}` === qualifier || (group === '' && version === qualifier),
    );
  }

  ofKind(group: string, version: string, kind: string): ServedResource | undefined {
    return this.all.find(
      (resource) => resource.group === group && resource.version === version && resource.kind === kind,
    );
  }

  /** `all` and other categories. */
  inCategory(category: string): readonly ServedResource[] {
    return this.all.filter(({ categories }) => categories.includes(category));
  }
}

type Described = APIResourceDiscovery & { readonly printerColumns?: readonly CustomColumn[] };

function served(group: string, version: string, fact: Described): ServedResource {
  return {
    group,
    version,
    plural: fact.resource,
    kind: fact.responseKind?.kind ?? '',
    namespaced: fact.scope === 'Namespaced',
    singular: fact.singularResource ?? '',
    shortNames: fact.shortNames ?? [],
    categories: fact.categories ?? [],
    verbs: fact.verbs,
    subresources: (fact.subresources ?? []).map(({ subresource }: APISubresourceDiscovery) => subresource),
    ...(fact.printerColumns === undefined ? {} : { printerColumns: fact.printerColumns }),
  };
}

function isCalled(resource: ServedResource, name: string): boolean {
  return (
    resource.plural === name ||
    resource.singular === name ||
    resource.kind.toLowerCase() === name ||
    resource.shortNames.includes(name)
  );
}

/** "pod/web" or "deployment.apps/web": how results name an object. */
export function objectLabel(
  resource: { readonly group: string; readonly singular?: string; readonly kind: string },
  name: string,
): string {
  const singular = resource.singular || resource.kind.toLowerCase();
  return `${resource.group === '' ? singular : `${singular}.${resource.group}`}/${name}`;
}
