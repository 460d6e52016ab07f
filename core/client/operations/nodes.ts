import { isMirror } from '../../api/mirror-pods.ts';
import type { Pod } from '../../api/generated/core-v1.ts';
import { nodes, pods } from '../../api/generated/resources.ts';
import { isGone, isNotFound, isTooManyRequests } from '../../api/errors.ts';
import { keyOf } from '../../api/object.ts';
import { sleep, type Clock } from '../../machinery/clock.ts';
import type { Client, Writer } from '../client.ts';

/** How long to wait before a Pod is asked for again whose disruption budget said no; kubectl waits as long. */
const refusedRetryMs = 5_000;

/** Takes a node out of scheduling, or back in. */
export async function setSchedulable(
  client: Writer,
  node: string,
  schedulable: boolean,
  signal: AbortSignal,
): Promise<void> {
  const patch = { spec: { unschedulable: schedulable ? null : true } };
  await client.patch(nodes, { name: node }, 'strategic', patch, { signal });
}

/** What draining a node would do to its Pods. */
export interface DrainPlan {
  /** Will be evicted and made anew elsewhere. */
  readonly evicted: readonly Pod[];
  /** Will be evicted, and nobody makes them anew. */
  readonly lost: readonly Pod[];
  /** Among those that go: they keep files on the node (emptyDir), which are lost. */
  readonly withLocalData: readonly Pod[];
  /** Stay: they belong to a DaemonSet, which would make them anew at once, or to the node itself. */
  readonly staying: readonly Pod[];
}

/** Sorts the Pods of a node as kubectl drain does (kubectl/pkg/drain/filters.go). */
export async function planDrain(
  client: Client,
  node: string,
  signal: AbortSignal,
  { podSelector }: { readonly podSelector?: string } = {},
): Promise<DrainPlan> {
  const { items } = await client.list(pods, {
    fieldSelector: `spec.nodeName=${node}`,
    signal,
    ...(podSelector === undefined ? {} : { labelSelector: podSelector }),
  });
  const stays = (pod: Pod) => controllerOf(pod)?.kind === 'DaemonSet' || isMirror(pod);
  const ended = ({ status }: Pod) => status.phase === 'Succeeded' || status.phase === 'Failed';
  const going = items.filter((pod) => !stays(pod));
  return {
    evicted: going.filter((pod) => controllerOf(pod) !== undefined || ended(pod)),
    lost: going.filter((pod) => controllerOf(pod) === undefined && !ended(pod)),
    withLocalData: going.filter((pod) => !ended(pod) && pod.spec.volumes?.some((volume) => volume.emptyDir)),
    staying: items.filter(stays),
  };
}

export interface DrainProgress {
  /** A Pod was asked to leave, has left, or is held back by its disruption budget. */
  readonly onPod: (pod: Pod, state: 'leaving' | 'gone' | 'held back', why?: string) => void;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** For the containers to end; what each Pod says where it is left out. */
  readonly gracePeriodSeconds?: number | undefined;
  /** Delete instead: nobody asks disruption budgets then. */
  readonly disableEviction?: boolean;
}

/**
 * Cordons a node and evicts its Pods, all at once, waiting where a disruption budget holds one back. Resolves when
 * all are gone; rejects with the first failure that is not a budget's, or when aborted.
 */
export async function drainNode(
  client: Client,
  node: string,
  plan: DrainPlan,
  progress: DrainProgress,
): Promise<void> {
  await setSchedulable(client, node, false, progress.signal);
  const failed = new AbortController();
  const signal = AbortSignal.any([progress.signal, failed.signal]);
  const gone = watchForEnds(client, node, signal);
  const leave = async (pod: Pod) => {
    // Waited for before it is asked to leave, so that no end is missed.
    const left = gone.of(pod);
    left.catch(() => {});
    await evict(client, pod, { ...progress, signal });
    progress.onPod(pod, 'leaving');
    await left;
    progress.onPod(pod, 'gone');
  };
  try {
    await Promise.all([...plan.evicted, ...plan.lost].map(leave));
  } finally {
    failed.abort();
  }
}

async function evict(client: Client, pod: Pod, progress: DrainProgress): Promise<void> {
  const { clock, signal, onPod, gracePeriodSeconds, disableEviction = false } = progress;
  const { namespace, name = '', uid = '' } = pod.metadata;
  const deleteOptions = {
    preconditions: { uid },
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
  };
  const body = {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { namespace, name },
    deleteOptions,
  };
  for (;;) {
    try {
      if (disableEviction) await client.delete(pods, { namespace, name }, { ...deleteOptions, signal });
      else await client.createSubresource(pods, { namespace, name }, 'eviction', body, { signal });
      return;
    } catch (error) {
      if (isNotFound(error)) return;
      if (!isTooManyRequests(error)) throw error;
      onPod(pod, 'held back', error instanceof Error ? error.message : String(error));
      await sleep(clock, refusedRetryMs, signal);
    }
  }
}

/** Tells when Pods of a node are gone, by one watch over all of them. */
function watchForEnds(client: Client, node: string, signal: AbortSignal) {
  const waiting = new Map<string, () => void>();
  const fieldSelector = `spec.nodeName=${node}`;
  const follow = async () => {
    while (!signal.aborted) {
      const { items, resourceVersion } = await client.list(pods, { fieldSelector, signal });
      const there = new Set(items.map(uidKey));
      for (const [key, resolve] of waiting) if (!there.has(key)) resolve();
      try {
        for await (const batch of client.watch(pods, { fieldSelector, resourceVersion, signal })) {
          for (const event of batch) {
            if (event.type === 'DELETED') waiting.get(uidKey(event.object))?.();
          }
        }
      } catch (error) {
        if (!isGone(error)) throw error;
      }
    }
  };
  let broken: (error: unknown) => void = () => {};
  const failure = new Promise<never>((_resolve, reject) => (broken = reject));
  failure.catch(() => {});
  let following: Promise<void> | undefined;
  return {
    of(pod: Pod): Promise<void> {
      const left = new Promise<void>((resolve) => waiting.set(uidKey(pod), resolve));
      following ??= follow().catch(broken);
      return Promise.race([left, failure]);
    },
  };
}

function uidKey(pod: Pod): string {
  return `${keyOf(pod)}/${pod.metadata.uid ?? ''}`;
}

function controllerOf({ metadata }: Pod) {
  return metadata.ownerReferences?.find(({ controller }) => controller === true);
}
