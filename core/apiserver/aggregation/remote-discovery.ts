import type {
  APIGroupDiscovery,
  APIGroupDiscoveryList,
  APIResourceDiscovery,
  APISubresourceDiscovery,
  APIVersionDiscovery,
} from '../../api/generated/apidiscovery-v2.ts';
import type { APIGroup, APIGroupList, APIResource } from '../../api/generated/meta-v1.ts';
import { isObject } from '../../machinery/json.ts';
import { compareVersions } from '../handlers/discovery.ts';

/** What a user's API server serves of one group version, and where that stands among the others. */
export interface RemoteVersion {
  readonly group: string;
  readonly version: string;
  readonly groupPriority: number;
  readonly versionPriority: number;
  /** As it was told last; absent where it never was. */
  readonly resources: readonly APIResource[] | undefined;
  readonly available: boolean;
  /** Where its OpenAPI 3 document is, with its hash; absent where it has none. */
  readonly openApi: string | undefined;
}

/** The resources of an APIResourceList as another server sent it. Throws where it is none. */
export function readResourceList(body: Buffer, group: string, version: string): readonly APIResource[] {
  const value: unknown = JSON.parse(body.toString('utf8'));
  if (!isObject(value) || value['kind'] !== 'APIResourceList' || !Array.isArray(value['resources']))
    throw new Error('it is no APIResourceList');
  if (value['groupVersion'] !== `${group}/${version}`)
    throw new Error(`it is of ${JSON.stringify(value['groupVersion'])}`);
  return value['resources'].filter(
    (resource): resource is APIResource =>
      isObject(resource) &&
      typeof resource['name'] === 'string' &&
      typeof resource['kind'] === 'string' &&
      Array.isArray(resource['verbs']),
  );
}

/** The plain document of all groups with those of users' servers: an unavailable one is still a group. */
export function withRemoteGroups(local: APIGroupList, remotes: readonly RemoteVersion[]): APIGroupList {
  const groups = new Map(local.groups.map((group) => [group.name ?? '', group] as const));
  for (const remote of remotes)
    groups.set(remote.group, withVersion(groups.get(remote.group), remote, remotes));
  return { ...local, groups: [...groups.values()] };
}

/** One group of it; undefined where there is nothing of it. */
export function withRemoteVersions(
  local: APIGroup | undefined,
  group: string,
  remotes: readonly RemoteVersion[],
): APIGroup | undefined {
  const own = remotes.filter((remote) => remote.group === group);
  const merged = own.reduce<APIGroup | undefined>(
    (before, remote) => withVersion(before, remote, remotes),
    local,
  );
  return merged === undefined ? undefined : { kind: 'APIGroup', apiVersion: 'v1', ...merged };
}

function withVersion(
  before: APIGroup | undefined,
  { group, version }: RemoteVersion,
  remotes: readonly RemoteVersion[],
): APIGroup {
  const versions = [...new Set([...(before?.versions ?? []).map((known) => known.version), version])]
    .toSorted(
      (one, other) => rank(remotes, group, other) - rank(remotes, group, one) || compareVersions(other, one),
    )
    .map((name) => ({ groupVersion: `${group}/${name}`, version: name }));
  const [preferredVersion] = versions;
  return {
    ...before,
    name: group,
    versions,
    ...(preferredVersion === undefined ? {} : { preferredVersion }),
  };
}

/** Between versions of users' servers their priorities decide; what they say nothing of is by its name. */
function rank(remotes: readonly RemoteVersion[], group: string, version: string): number {
  return remotes.find((one) => one.group === group && one.version === version)?.versionPriority ?? 0;
}

/** The aggregated document with what users' servers serve; what does not answer now is told to be stale. */
export function withRemoteResources(
  local: APIGroupDiscoveryList,
  remotes: readonly RemoteVersion[],
): APIGroupDiscoveryList {
  const items = new Map(local.items.map((group) => [group.metadata.name ?? '', group] as const));
  for (const remote of remotes.toSorted((one, other) => other.groupPriority - one.groupPriority)) {
    const before = items.get(remote.group);
    items.set(remote.group, groupWith(before, remote, remotes));
  }
  return { ...local, items: [...items.values()] };
}

function groupWith(
  before: APIGroupDiscovery | undefined,
  remote: RemoteVersion,
  remotes: readonly RemoteVersion[],
): APIGroupDiscovery {
  const { group, version } = remote;
  const others = (before?.versions ?? []).filter((known) => known.version !== version);
  const versions = [...others, versionOf(remote)].toSorted(
    (one, other) =>
      rank(remotes, group, other.version) - rank(remotes, group, one.version) ||
      compareVersions(other.version, one.version),
  );
  return { metadata: { name: group }, versions };
}

function versionOf({ group, version, resources = [], available }: RemoteVersion): APIVersionDiscovery {
  const subresources = new Map<string, APISubresourceDiscovery[]>();
  const kindOf = (one: APIResource) => ({
    group: one.group ?? group,
    version: one.version ?? version,
    kind: one.kind,
  });
  for (const one of resources) {
    const [resource = '', subresource] = one.name.split('/', 2);
    if (subresource === undefined) continue;
    const known = subresources.get(resource) ?? [];
    subresources.set(resource, [...known, { subresource, responseKind: kindOf(one), verbs: one.verbs }]);
  }
  const of = resources
    .filter(({ name }) => !name.includes('/'))
    .map((one): APIResourceDiscovery => {
      const { name, singularName, namespaced, verbs, shortNames, categories } = one;
      const below = subresources.get(name);
      return {
        resource: name,
        responseKind: kindOf(one),
        scope: namespaced ? 'Namespaced' : 'Cluster',
        singularResource: singularName,
        verbs,
        ...(shortNames === undefined ? {} : { shortNames }),
        ...(categories === undefined ? {} : { categories }),
        ...(below === undefined ? {} : { subresources: below }),
      };
    });
  return { version, resources: of, freshness: available ? 'Current' : 'Stale' };
}
