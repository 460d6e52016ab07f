import { isConflict, isNotFound } from '../../api/errors.ts';
import type { Event } from '../../api/generated/core-v1.ts';
import { events } from '../../api/generated/resources.ts';
import { keyOf, parseKey } from '../../api/object.ts';
import { parseTimestamp } from '../../machinery/timestamp.ts';
import { Controller, type Requeue } from '../runtime/controller.ts';
import type { ControllerDependencies } from '../runtime/dependencies.ts';

/** Upstream: --event-ttl. */
const defaultTtlMs = 3_600_000;

/** Forgets events after an hour in which they did not happen again. */
export function createEventExpiryController(
  { client, clock, informers, onError }: ControllerDependencies,
  ttlMs = defaultTtlMs,
): Controller {
  const informer = informers.informer(events);
  const controller = new Controller({
    name: 'event-expiry',
    clock,
    workers: 2,
    reconcile,
    onError,
  });
  informer.addHandler({
    onAdd: (event) => controller.queue.addAfter(keyOf(event), leftMs(event)),
  });
  return controller;

  async function reconcile(key: string, signal: AbortSignal): Promise<Requeue | void> {
    const name = parseKey(key);
    const event = informer.lister.get(name);
    if (event === undefined) return;
    const requeueAfterMs = leftMs(event);
    if (requeueAfterMs > 0) return { requeueAfterMs };
    const { uid = '', resourceVersion = '' } = event.metadata;
    try {
      await client.delete(events, name, { preconditions: { uid, resourceVersion }, signal });
    } catch (error) {
      if (isNotFound(error)) return;
      // It has just happened again.
      if (isConflict(error)) return { requeueAfterMs: ttlMs };
      throw error;
    }
  }

  function leftMs(event: Event): number {
    return happenedMs(event) + ttlMs - clock.now();
  }
}

/** When it happened last, as far as it says so. */
function happenedMs({ metadata, lastTimestamp, eventTime, series }: Event): number {
  const times = [metadata.creationTimestamp, lastTimestamp, eventTime, series?.lastObservedTime];
  return Math.max(0, ...times.map((time) => parseTimestamp(time) ?? 0));
}
