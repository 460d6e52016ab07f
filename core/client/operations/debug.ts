import type { ContainerStatus, EphemeralContainer, Pod } from '../../api/generated/core-v1.ts';
import { pods } from '../../api/generated/resources.ts';
import type { ObjectName } from '../../api/object.ts';
import type { Client } from '../client.ts';

/** Adds a container to a Pod that runs, to look around in; it stays until the Pod ends (kubectl debug). */
export async function addDebugContainer(
  client: Client,
  pod: ObjectName,
  container: EphemeralContainer,
  signal: AbortSignal,
): Promise<void> {
  const patch = { spec: { ephemeralContainers: [container] } };
  await client.patch(pods, pod, 'strategic', patch, { subresource: 'ephemeralcontainers', signal });
}

/** Resolves when a container of a Pod runs or has ended. Rejects when the signal aborts or the Pod is deleted. */
export async function containerStarted(
  client: Client,
  pod: ObjectName,
  container: string,
  signal: AbortSignal,
): Promise<ContainerStatus> {
  const { namespace, name } = pod;
  const fieldSelector = `metadata.name=${name}`;
  const { items, resourceVersion } = await client.list(pods, { namespace, fieldSelector, signal });
  const there = items.map((item) => startedStatus(item, container)).find((status) => status !== undefined);
  if (there !== undefined) return there;
  const stop = new AbortController();
  const watching = AbortSignal.any([signal, stop.signal]);
  try {
    for await (const batch of client.watch(pods, {
      namespace,
      fieldSelector,
      resourceVersion,
      signal: watching,
    })) {
      for (const event of batch) {
        if (event.type === 'BOOKMARK') continue;
        if (event.type === 'DELETED') throw new Error(`pod "${name}" was deleted`);
        const status = startedStatus(event.object, container);
        if (status !== undefined) return status;
      }
    }
  } finally {
    stop.abort();
  }
  throw new Error(`Container "${container}" of pod "${name}" did not start in time`);
}

function startedStatus({ status }: Pod, container: string): ContainerStatus | undefined {
  const all = [
    ...(status.containerStatuses ?? []),
    ...(status.initContainerStatuses ?? []),
    ...(status.ephemeralContainerStatuses ?? []),
  ];
  return all.find(
    ({ name, state }) =>
      name === container && (state?.running !== undefined || state?.terminated !== undefined),
  );
}
