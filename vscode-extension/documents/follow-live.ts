import type { KubernetesObject, ObjectName } from '../../core/api/object.ts';
import type { Resource } from '../../core/api/resource.ts';
import type { Client } from '../../core/client/client.ts';
import { SharedInformer } from '../../core/client/informer.ts';
import type { Clock } from '../../core/machinery/clock.ts';
import type { Random } from '../../core/machinery/random.ts';

export interface LiveHandler {
  /** It is there like this: told first, and of every change. */
  readonly onPresent: (object: KubernetesObject) => void;
  /** It is not there: told first where that is so, and when it goes. */
  readonly onAbsent: () => void;
}

/** Tells of one object until the signal aborts; never rejects. */
export async function followLive(
  client: Client,
  resource: Resource<KubernetesObject>,
  { namespace = '', name }: ObjectName,
  { onPresent, onAbsent }: LiveHandler,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
  signal: AbortSignal,
): Promise<void> {
  const fieldSelector = `metadata.name=${name}`;
  const selection = namespace === '' ? { fieldSelector } : { namespace, fieldSelector };
  const informer = new SharedInformer(resource, selection, { client, clock, random });
  informer.addHandler({ onAdd: onPresent, onUpdate: onPresent, onDelete: onAbsent });
  informer.synced(signal).then(
    () => {
      if (informer.lister.size === 0) onAbsent();
    },
    () => undefined,
  );
  await informer.run(signal);
}
