import type { Aggregator } from '../apiserver/aggregation/aggregator.ts';
import type { RemoteVersion } from '../apiserver/aggregation/remote-discovery.ts';
import type { Client } from '../client/client.ts';
import type { RemoteKinds, RemoteResource } from '../controllers/runtime/remote-kinds.ts';

/** What users' API servers serve, as controllers see it. */
export function remoteKinds(
  aggregator: Pick<Aggregator, 'remotes' | 'onChange'>,
  client: Client,
): RemoteKinds {
  return {
    client,
    discover() {
      const remotes = aggregator.remotes.toSorted(preferredFirst);
      const known = remotes.filter(({ available, resources }) => available && resources !== undefined);
      const resources = new Map<string, RemoteResource>();
      for (const remote of known)
        for (const resource of resourcesOf(remote)) {
          const key = `${resource.group}/${resource.plural}`;
          if (!resources.has(key)) resources.set(key, resource);
        }
      return {
        resources: [...resources.values()],
        unknown: remotes
          .filter((remote) => !known.includes(remote))
          .map(({ group, version }) => `${group}/${version}`)
          .toSorted(),
      };
    },
    onChange: (listener) => void aggregator.onChange(listener),
  };
}

function preferredFirst(a: RemoteVersion, b: RemoteVersion): number {
  return b.versionPriority - a.versionPriority;
}

function resourcesOf({ group, version, resources = [] }: RemoteVersion): readonly RemoteResource[] {
  return resources
    .filter(({ name }) => !name.includes('/'))
    .map(({ name, kind, namespaced, verbs }) => ({ group, version, plural: name, kind, namespaced, verbs }));
}
