import { groupBy } from '../../machinery/group-by.ts';
import type {
  APIGroupDiscovery,
  APIGroupDiscoveryList,
  APIResourceDiscovery,
  APISubresourceDiscovery,
} from '../../api/generated/apidiscovery-v2.ts';
import type { APIGroup, APIGroupList, APIResource, APIResourceList } from '../../api/generated/meta-v1.ts';
import { apiVersionOf } from '../../api/resource.ts';
import type { KindDeclaration, Scheme } from '../../api/scheme.ts';
import type { SubresourceFact } from '../../api/schema/facts.ts';

/**
 * What is served, as clients ask for it: derived from the scheme alone, so nothing is advertised that is not there.
 * `groups` narrows it to the core group ("/api") or to the named ones ("/apis").
 */
export function aggregatedDiscovery(
  scheme: Scheme,
  groups?: 'core' | 'named',
  describe: (kind: KindDeclaration) => APIResourceDiscovery = resourceDiscovery,
): APIGroupDiscoveryList {
  const items = groupsOf(scheme)
    .filter(({ name }) => groups === undefined || (groups === 'core') === (name === ''))
    .map(({ name, versions }): APIGroupDiscovery => ({
      metadata: name === '' ? {} : { name },
      versions: versions.map(({ version, kinds }) => ({
        version,
        resources: kinds.map(describe),
        freshness: 'Current',
      })),
    }));
  return { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', metadata: {}, items };
}

/** As `aggregatedDiscovery`, with the columns of custom kinds: for clients that print tables themselves. */
export function printableDiscovery(scheme: Scheme): APIGroupDiscoveryList {
  return aggregatedDiscovery(scheme, undefined, (kind) => {
    const described = resourceDiscovery(kind);
    return kind.custom === undefined ? described : { ...described, printerColumns: kind.custom.columns };
  });
}

/** `/apis`: the named groups. */
export function apiGroupList(scheme: Scheme): APIGroupList {
  const groups = groupsOf(scheme)
    .filter(({ name }) => name !== '')
    .map(apiGroup);
  return { kind: 'APIGroupList', apiVersion: 'v1', groups };
}

/** `/apis/<group>`; undefined when nothing of it is served. */
export function apiGroupOf(scheme: Scheme, group: string): APIGroup | undefined {
  const found = groupsOf(scheme).find(({ name }) => name === group);
  return found === undefined ? undefined : { kind: 'APIGroup', apiVersion: 'v1', ...apiGroup(found) };
}

/** `/api/v1` and `/apis/<group>/<version>`; undefined when nothing of it is served. */
export function apiResourceList(scheme: Scheme, group: string, version: string): APIResourceList | undefined {
  const kinds = scheme.all().filter((kind) => kind.group === group && kind.version === version);
  if (kinds.length === 0) return undefined;
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: apiVersionOf({ group, version }),
    resources: kinds.flatMap(resourcesOf),
  };
}

interface Group {
  readonly name: string;
  readonly versions: readonly { readonly version: string; readonly kinds: readonly KindDeclaration[] }[];
}

/** Groups and versions in upstream's order of preference; groups it does not know come last, by name. */
function groupsOf(scheme: Scheme): Group[] {
  return [...groupBy(scheme.all(), ({ group }) => group)]
    .map(([name, kinds]) => ({
      name,
      versions: [...groupBy(kinds, ({ version }) => version)]
        .map(([version, ofVersion]) => ({ version, kinds: ofVersion.toSorted(byPlural) }))
        .toSorted((a, b) => compareVersions(b.version, a.version)),
    }))
    .toSorted((a, b) => rankOf(a.name) - rankOf(b.name) || (a.name < b.name ? -1 : 1));
}

const preferredGroups = [
  '',
  'apiregistration.k8s.io',
  'apps',
  'events.k8s.io',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'autoscaling',
  'batch',
  'certificates.k8s.io',
  'networking.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
  'storage.k8s.io',
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'scheduling.k8s.io',
  'coordination.k8s.io',
  'node.k8s.io',
  'discovery.k8s.io',
  'resource.k8s.io',
  'flowcontrol.apiserver.k8s.io',
];

function rankOf(group: string): number {
  const rank = preferredGroups.indexOf(group);
  return rank < 0 ? preferredGroups.length : rank;
}

/** Stable before beta before alpha, then the higher number (apimachinery/pkg/version: CompareKubeAwareVersionStrings). */
export function compareVersions(a: string, b: string): number {
  const [x, y] = [versionParts(a), versionParts(b)];
  if (x === undefined || y === undefined) {
    if (x === undefined && y === undefined) return a < b ? 1 : a > b ? -1 : 0;
    return x === undefined ? -1 : 1;
  }
  return x.stage - y.stage || x.major - y.major || x.minor - y.minor;
}

function versionParts(version: string): { stage: number; major: number; minor: number } | undefined {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
  if (match === null) return undefined;
  const stage = match[2] === 'alpha' ? 0 : match[2] === 'beta' ? 1 : 2;
  return { stage, major: Number(match[1]), minor: Number(match[3] ?? 0) };
}

function byPlural(a: KindDeclaration, b: KindDeclaration): number {
  return a.plural < b.plural ? -1 : 1;
}

function resourceDiscovery(kind: KindDeclaration): APIResourceDiscovery {
  const { group, version, shortNames, categories } = kind;
  const subresources = Object.entries(kind.subresources ?? {});
  return {
    resource: kind.plural,
    responseKind: { group, version, kind: kind.kind },
    scope: kind.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: kind.singular,
    verbs: kind.verbs,
    ...(shortNames === undefined ? {} : { shortNames }),
    ...(categories === undefined ? {} : { categories }),
    ...(subresources.length === 0
      ? {}
      : { subresources: subresources.map(([name, fact]) => subresourceDiscovery(kind, name, fact)) }),
  };
}

function subresourceDiscovery(
  kind: KindDeclaration,
  subresource: string,
  fact: SubresourceFact,
): APISubresourceDiscovery {
  const responseKind = {
    group: fact.group ?? kind.group,
    version: fact.version ?? kind.version,
    kind: fact.kind,
  };
  return { subresource, responseKind, verbs: fact.verbs };
}

function apiGroup({ name, versions }: Group): APIGroup {
  const all = versions.map(({ version }) => ({ groupVersion: `${name}/${version}`, version }));
  const [preferredVersion] = all;
  return { name, versions: all, ...(preferredVersion === undefined ? {} : { preferredVersion }) };
}

function resourcesOf(kind: KindDeclaration): APIResource[] {
  const { plural, singular, namespaced, verbs, shortNames, categories } = kind;
  const resource: APIResource = {
    name: plural,
    singularName: singular,
    namespaced,
    kind: kind.kind,
    verbs,
    ...(shortNames === undefined ? {} : { shortNames }),
    ...(categories === undefined ? {} : { categories }),
  };
  const subresources = Object.entries(kind.subresources ?? {}).map(([name, fact]): APIResource => ({
    name: `${plural}/${name}`,
    singularName: '',
    namespaced,
    ...(fact.group === undefined ? {} : { group: fact.group }),
    ...(fact.version === undefined ? {} : { version: fact.version }),
    kind: fact.kind,
    verbs: fact.verbs,
  }));
  return [resource, ...subresources];
}
