import { apiservices, customresourcedefinitions } from '../../core/api/generated/resources.ts';
import type { KubernetesObject } from '../../core/api/object.ts';
import type { Resource } from '../../core/api/resource.ts';
import type { Clock } from '../../core/machinery/clock.ts';
import type { ClusterSession, OpenCluster } from './cluster-session.ts';
import { mayList } from './may-list.ts';

/** Between a definition and its kind being served; definitions that come together are asked about once. */
const servedAfterMs = 500;

/**
 * Tells the session when the open cluster may serve other kinds: definitions and API servers come, change and go. Who
 * may not list those hears of new kinds with the next connection.
 */
export function followKinds(
  session: Pick<ClusterSession, 'current' | 'state' | 'onClusterChange' | 'onStateChange' | 'kindsChanged'>,
  clock: Clock,
  onError: (error: unknown, doing: string) => void,
): () => void {
  let followed: OpenCluster | undefined;
  let ending = new AbortController();
  const follow = () => {
    const { current, state } = session;
    if (current === undefined || current === followed || state.kind !== 'connected') return;
    followed = current;
    const attempt = (ending = new AbortController());
    const signal = AbortSignal.any([current.signal, attempt.signal]);
    const changed = settling(clock, signal, () => {
      if (session.current === current) session.kindsChanged();
    });
    Promise.all([
      followOne(current, customresourcedefinitions, changed, signal),
      followOne(current, apiservices, changed, signal),
    ]).catch((error: unknown) => {
      if (signal.aborted) return;
      // Tried again with the next connection, both of them.
      attempt.abort(error);
      if (followed === current) followed = undefined;
      onError(error, 'follow what the cluster serves');
    });
  };
  const ends = [session.onClusterChange(follow), session.onStateChange(follow)];
  follow();
  return () => {
    for (const end of ends) end();
    ending.abort(new Error('Nobody wants to hear of kinds any more'));
  };
}

async function followOne<T extends KubernetesObject>(
  { cluster, informers }: OpenCluster,
  resource: Resource<T>,
  changed: () => void,
  signal: AbortSignal,
): Promise<void> {
  if (!(await mayList(cluster, resource, {}, signal)) || signal.aborted) return;
  const informer = informers.informer(resource);
  await informer.synced(signal);
  let told = false;
  const tell = () => {
    if (told) changed();
  };
  const end = informer.addHandler({ onAdd: tell, onUpdate: tell, onDelete: tell });
  signal.addEventListener('abort', end, { once: true });
  // What was there already was told of at once.
  told = true;
}

function settling(clock: Clock, signal: AbortSignal, act: () => void): () => void {
  let cancel: (() => void) | undefined;
  signal.addEventListener('abort', () => cancel?.(), { once: true });
  return () => {
    cancel ??= clock.after(servedAfterMs, () => {
      cancel = undefined;
      act();
    });
  };
}
