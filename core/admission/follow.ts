import { keyOf } from '../api/object.ts';
import type { KubernetesObject } from '../api/object.ts';
import type { Resource } from '../api/resource.ts';
import { Backoff } from '../machinery/backoff.ts';
import { sleep } from '../machinery/clock.ts';
import type { Clock } from '../machinery/clock.ts';
import type { Random } from '../machinery/random.ts';
import type { Lookup } from './lookup.ts';

export interface FollowOptions {
  readonly client: Lookup;
  readonly clock: Clock;
  readonly random: Random;
  readonly onError?: ((error: unknown) => void) | undefined;
}

/**
 * Keeps all objects of a kind at hand until `signal` aborts. `onChange` gets them by their keys, first when they are
 * complete and then after every batch of changes; the map is the follower's own and changes. `changed` are the
 * objects of the batch, as they are or were; undefined where anything may have changed.
 */
export async function follow<T extends KubernetesObject>(
  { client, clock, random, onError }: FollowOptions,
  resource: Resource<T>,
  signal: AbortSignal,
  onChange: (objects: ReadonlyMap<string, T>, changed: readonly T[] | undefined) => void,
): Promise<void> {
  const backoff = new Backoff({ initialMs: 50, maxMs: 2_000, jitter: 0.5, random });
  while (!signal.aborted) {
    // A new state is built aside: nobody sees half of one.
    const objects = new Map<string, T>();
    let complete = false;
    try {
      const watch = { sendInitialEvents: true, allowBookmarks: true, signal };
      for await (const batch of client.watch(resource, watch)) {
        const changed: T[] = [];
        const wasComplete = complete;
        for (const event of batch) {
          if (event.type === 'BOOKMARK') {
            if (!event.initialEventsEnd) continue;
            complete = true;
            backoff.reset();
            continue;
          }
          if (event.type === 'DELETED') objects.delete(keyOf(event.object));
          else objects.set(keyOf(event.object), event.object);
          changed.push(event.object);
        }
        if (complete && !wasComplete) onChange(objects, undefined);
        else if (complete && changed.length > 0) onChange(objects, changed);
      }
    } catch (error) {
      if (signal.aborted) return;
      onError?.(error);
    }
    await sleep(clock, backoff.nextMs(), signal).catch(() => undefined);
  }
}
