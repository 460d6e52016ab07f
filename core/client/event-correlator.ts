import type { Event, ObjectReference } from '../api/generated/core-v1.ts';
import type { Clock } from '../machinery/clock.ts';
import { timestamp } from '../machinery/timestamp.ts';

/** Keys of each kind that are remembered; the least recently used goes first. */
const cacheSize = 4096;
/** Events of one source about one object: a burst of 25, then one in five minutes. */
const spamBurst = 25;
const spamRefillMs = 300_000;
/** More different messages than this within the interval, and similar events are told as one. */
const maxSimilar = 10;
const similarIntervalMs = 600_000;
/** Upstream's words, which people and dashboards search for. */
const combinedPrefix = '(combined from similar events): ';

export type Correlated =
  | { readonly kind: 'drop' }
  | { readonly kind: 'create'; readonly event: Event; readonly key: string }
  /** An event seen before: its name stays, count, message and time move. */
  | { readonly kind: 'update'; readonly event: Event; readonly key: string };

interface Similar {
  readonly messages: Set<string>;
  lastMs: number;
}

interface Observed {
  readonly name: string;
  readonly firstTimestamp: string | undefined;
  count: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

/**
 * Keeps a noisy component from filling the store: limits events by source and object, tells similar ones as one,
 * and counts repetitions instead of storing them (client-go/tools/record/events_cache.go).
 */
export class EventCorrelator {
  readonly #clock: Clock;
  readonly #buckets = new Recent<Bucket>();
  readonly #similar = new Recent<Similar>();
  readonly #observed = new Recent<Observed>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  correlate(event: Event): Correlated {
    if (!this.#withinLimit(event)) return { kind: 'drop' };
    const { told, key } = this.#aggregate(event);
    const seen = this.#observed.get(key);
    if (seen === undefined) {
      this.#observed.set(key, {
        name: told.metadata.name ?? '',
        firstTimestamp: told.firstTimestamp,
        count: 1,
      });
      return { kind: 'create', event: told, key };
    }
    seen.count += 1;
    const again: Event = {
      ...told,
      metadata: { ...told.metadata, name: seen.name },
      firstTimestamp: seen.firstTimestamp,
      count: seen.count,
    };
    return { kind: 'update', event: again, key };
  }

  /** The stored event is gone: what follows under `key` counts on from this one. */
  recreated(key: string, event: Event): void {
    this.#observed.set(key, {
      name: event.metadata.name ?? '',
      firstTimestamp: event.firstTimestamp,
      count: event.count ?? 1,
    });
  }

  #withinLimit(event: Event): boolean {
    const key = parts(event.source?.component, event.source?.host, ...objectParts(event.involvedObject));
    const now = this.#clock.monotonicMs();
    const bucket = this.#buckets.get(key) ?? { tokens: spamBurst, atMs: now };
    bucket.tokens = Math.min(spamBurst, bucket.tokens + (now - bucket.atMs) / spamRefillMs);
    bucket.atMs = now;
    const allowed = bucket.tokens >= 1;
    if (allowed) bucket.tokens -= 1;
    this.#buckets.set(key, bucket);
    return allowed;
  }

  #aggregate(event: Event): { told: Event; key: string } {
    const similarKey = parts(
      event.source?.component,
      event.source?.host,
      ...objectParts(event.involvedObject),
      event.type,
      event.reason,
      event.reportingComponent,
      event.reportingInstance,
    );
    const now = this.#clock.monotonicMs();
    const message = event.message ?? '';
    let similar = this.#similar.get(similarKey);
    if (similar === undefined || now - similar.lastMs > similarIntervalMs) {
      similar = { messages: new Set(), lastMs: now };
    }
    similar.lastMs = now;
    similar.messages.add(message);
    this.#similar.set(similarKey, similar);
    if (similar.messages.size < maxSimilar) return { told: event, key: parts(similarKey, message) };
    // The set needs to hold no more than tells it is full.
    const [oldest] = similar.messages;
    if (oldest !== undefined) similar.messages.delete(oldest);
    const writtenAt = timestamp(this.#clock.now());
    const told = {
      ...event,
      message: combinedPrefix + message,
      firstTimestamp: writtenAt,
      lastTimestamp: writtenAt,
    };
    return { told, key: similarKey };
  }
}

function objectParts(object: ObjectReference): (string | undefined)[] {
  return [object.kind, object.namespace, object.name, object.uid, object.apiVersion, object.fieldPath];
}

function parts(...values: readonly (string | undefined)[]): string {
  return values.map((value) => value ?? '').join('\u0000');
}

/** A map that forgets what was used least recently. */
class Recent<V> {
  readonly #entries = new Map<string, V>();

  get(key: string): V | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  set(key: string, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= cacheSize) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }
}
