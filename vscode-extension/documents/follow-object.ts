import { StatusError } from '../../core/api/errors.ts';
import { events } from '../../core/api/generated/resources.ts';
import type { KubernetesObject, ObjectName } from '../../core/api/object.ts';
import type { Client } from '../../core/client/client.ts';
import { SharedInformer, type InformerSelection } from '../../core/client/informer.ts';
import type { Resource } from '../../core/api/resource.ts';
import type { Clock } from '../../core/machinery/clock.ts';
import type { Random } from '../../core/machinery/random.ts';

/** Changes that come together are told together. */
const settleMs = 250;

export interface FollowDependencies {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Called once when following has begun, then whenever the object changed or something happened to it. */
  readonly onChange: () => void;
}

/** Tells of changes of one object and of its events, until the signal aborts; never rejects. */
export async function followObject(
  resource: Resource<KubernetesObject>,
  { namespace, name }: ObjectName,
  dependencies: FollowDependencies,
): Promise<void> {
  const { clock, signal, onChange } = dependencies;
  let cancel: (() => void) | undefined;
  const changed = () => {
    cancel ??= clock.after(settleMs, () => {
      cancel = undefined;
      if (!signal.aborted) onChange();
    });
  };
  signal.addEventListener('abort', () => cancel?.(), { once: true });
  const place = namespace === undefined ? {} : { namespace };
  const about = `involvedObject.kind=${resource.kind},involvedObject.name=${name}`;
  await Promise.all([
    follow(resource, { ...place, fieldSelector: `metadata.name=${name}` }, dependencies, changed),
    // Those of objects without a namespace are kept in "default".
    follow(events, { namespace: 'default', ...place, fieldSelector: about }, dependencies, changed),
  ]);
}

async function follow<T extends KubernetesObject>(
  resource: Resource<T>,
  selection: InformerSelection,
  { client, clock, random, signal }: FollowDependencies,
  changed: () => void,
): Promise<void> {
  const refused = new AbortController();
  const ends = AbortSignal.any([signal, refused.signal]);
  const informer = new SharedInformer(resource, selection, {
    client,
    clock,
    random,
    onError: (error) => {
      // Who may not look now will not be allowed to by asking again and again.
      if (error instanceof StatusError && error.reason === 'Forbidden') refused.abort();
    },
  });
  const running = informer.run(ends);
  try {
    await informer.synced(ends);
    // What is there is told of as well: it may have changed since somebody read it.
    informer.addHandler({ onAdd: changed, onUpdate: changed, onDelete: changed });
  } catch {
    // Ended before the first list came.
  }
  await running;
}
