import { isNotFound, StatusError } from '../api/errors.ts';
import type { Event, ObjectReference } from '../api/generated/core-v1.ts';
import { events } from '../api/generated/resources.ts';
import type { KubernetesObject } from '../api/object.ts';
import { apiVersionOf, type Resource } from '../api/resource.ts';
import { sleep, type Clock } from '../machinery/clock.ts';
import { signalWithin } from '../machinery/signals.ts';
import { microTimestamp, timestamp } from '../machinery/timestamp.ts';
import type { Writer } from './client.ts';
import { EventCorrelator } from './event-correlator.ts';

export type EventType = 'Normal' | 'Warning';

/** What the newer form of events tells besides (events.k8s.io). */
export interface EventDetails {
  /** What the reporter did, such as "Binding". */
  readonly action: string;
  /** Another object that had a part in it. */
  readonly related?: ObjectReference;
}

/** Tells people what happened to an object. Never blocks and never fails: events are best effort. */
export interface EventRecorder {
  /**
   * `reason` is a short CamelCase word for machines, `message` a sentence for people. With `details` it is told in the
   * newer form, as upstream's scheduler does, otherwise in the older one, as its kubelet and controllers do.
   */
  event(
    regarding: ObjectReference,
    type: EventType,
    reason: string,
    message: string,
    details?: EventDetails,
  ): void;
}

export interface EventRecorderOptions {
  readonly client: Pick<Writer, 'create' | 'patch'>;
  readonly clock: Clock;
  /** Such as "kubelet" or "default-scheduler": what `describe` shows under From. */
  readonly component: string;
  readonly host?: string;
  /** Which of several such components; the newer form tells it. The component's name unless given. */
  readonly instance?: string;
  /** Receives what could not be written, and of those for which there is no room the first; silent unless given. */
  readonly onDrop?: (event: Event, why: string) => void;
}

const queueLimit = 1000;
const maxTries = 12;
const retryDelayMs = 10_000;
const writeDeadlineMs = 30_000;
/** Of a message in the newer form (pkg/apis/core/validation/events.go: NoteLengthLimit). */
const messageLimitBytes = 1024;

/** The reference by which events name an object; `fieldPath` such as `spec.containers{web}`. */
export function referenceTo<T extends KubernetesObject>(
  resource: Resource<T>,
  object: T,
  fieldPath?: string,
): ObjectReference {
  const { namespace, name, uid, resourceVersion } = object.metadata;
  return {
    kind: resource.kind,
    namespace,
    name,
    uid,
    apiVersion: apiVersionOf(resource),
    resourceVersion,
    ...(fieldPath === undefined ? {} : { fieldPath }),
  };
}

/**
 * Writes events in order from a bounded queue, correlated by client-go's rules. Recording works before `run` and
 * while the API is away; beyond 1,000 waiting events new ones are dropped.
 *
 * Repetitions are counted in `count`, and in the newer form in its `series`. Both are told as one by the same rules:
 * client-go's own for the newer form (tools/events) keep the first message, while why a Pod waits changes, and know no
 * limit.
 */
export class QueuedEventRecorder implements EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #correlator: EventCorrelator;
  readonly #queue: Event[] = [];
  #wake: (() => void) | undefined;
  #sequence = 0;
  /** Until half of what waits is written. */
  #isFull = false;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#correlator = new EventCorrelator(options.clock);
  }

  get waiting(): number {
    return this.#queue.length;
  }

  event(
    regarding: ObjectReference,
    type: EventType,
    reason: string,
    message: string,
    details?: EventDetails,
  ): void {
    const event = { ...this.#make(regarding, type, reason, message), ...this.#inNewerForm(details) };
    if (this.#queue.length >= queueLimit) {
      // Whoever makes so many would fill the log as well.
      if (!this.#isFull)
        this.#options.onDrop?.(
          event,
          `${queueLimit} are waiting already, and those that follow are dropped, too`,
        );
      this.#isFull = true;
      return;
    }
    this.#queue.push(event);
    this.#wake?.();
  }

  /** Writes until the signal aborts. What is queued then is lost. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const event = this.#queue.shift();
      if (this.#queue.length < queueLimit / 2) this.#isFull = false;
      if (event === undefined) await this.#untilQueued(signal);
      else await this.#record(event, signal);
    }
  }

  #untilQueued(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const settle = () => {
        this.#wake = undefined;
        signal.removeEventListener('abort', settle);
        resolve();
      };
      this.#wake = settle;
      signal.addEventListener('abort', settle, { once: true });
      if (signal.aborted || this.#queue.length > 0) settle();
    });
  }

  async #record(event: Event, signal: AbortSignal): Promise<void> {
    const correlated = this.#correlator.correlate(event);
    if (correlated.kind === 'drop') return;
    let next = correlated;
    for (let tries = 1; !signal.aborted; tries++) {
      try {
        await this.#write(next, signal);
        return;
      } catch (error) {
        if (next.kind === 'update' && isNotFound(error)) {
          next = { ...next, kind: 'create', event: this.#renamed(next.event) };
          this.#correlator.recreated(next.key, next.event);
          continue;
        }
        // What the server refused once it refuses again; only an absent server is worth waiting for.
        if (!isTransient(error) || tries >= maxTries) {
          this.#options.onDrop?.(next.event, error instanceof Error ? error.message : String(error));
          return;
        }
        await sleep(this.#options.clock, retryDelayMs, signal).catch(() => undefined);
      }
    }
  }

  async #write(correlated: { kind: 'create' | 'update'; event: Event }, signal: AbortSignal): Promise<void> {
    const { client, clock } = this.#options;
    const { event } = correlated;
    using deadline = signalWithin(clock, writeDeadlineMs, signal);
    if (correlated.kind === 'create') {
      await client.create(events, written(event), { signal: deadline.signal });
      return;
    }
    const { namespace, name = '' } = event.metadata;
    const { count, lastTimestamp, series, message } = written(event);
    const change = series === undefined ? { count, lastTimestamp, message } : { series, message };
    await client.patch(events, { namespace, name }, 'merge', change, { signal: deadline.signal });
  }

  #make(regarding: ObjectReference, type: EventType, reason: string, message: string): Event {
    const { clock, component, host } = this.#options;
    const now = timestamp(clock.now());
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: this.#name(regarding), namespace: regarding.namespace ?? 'default' },
      involvedObject: regarding,
      reason,
      message,
      source: host === undefined ? { component } : { component, host },
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
      type,
      reportingComponent: component,
      reportingInstance: host ?? '',
    };
  }

  #inNewerForm(details: EventDetails | undefined): Partial<Event> {
    if (details === undefined) return {};
    const { clock, component, instance = component } = this.#options;
    return {
      ...details,
      source: {},
      eventTime: microTimestamp(clock.now()),
      reportingInstance: instance,
    };
  }

  #renamed(event: Event): Event {
    return { ...event, metadata: { ...event.metadata, name: this.#name(event.involvedObject) } };
  }

  /** As upstream: the object's name and the time in nanoseconds, in hex. The sequence stands in for the nanoseconds. */
  #name(regarding: ObjectReference): string {
    const nanos = BigInt(Math.floor(this.#options.clock.now())) * 1_000_000n + BigInt(this.#sequence++ % 1e6);
    return `${regarding.name ?? ''}.${nanos.toString(16)}`;
  }
}

/** Counted and dated as its form has it: what is correlated is counted and dated in the older one. */
function written(event: Event): Event {
  if (event.eventTime === undefined) return event;
  const { count = 1, firstTimestamp: _first, lastTimestamp: _last, eventTime, ...rest } = event;
  return {
    ...rest,
    eventTime,
    message: shortened(event.message ?? ''),
    ...(count === 1 ? {} : { series: { count, lastObservedTime: eventTime } }),
  };
}

function shortened(message: string): string {
  const bytes = Buffer.from(message);
  if (bytes.length <= messageLimitBytes) return message;
  const ending = ' ...';
  // As a stream: what is left of a character that is cut in two is left out.
  const kept = bytes.subarray(0, messageLimitBytes - ending.length);
  return `${new TextDecoder().decode(kept, { stream: true })}${ending}`;
}

function isTransient(error: unknown): boolean {
  const { reason } = StatusError.from(error);
  return (
    reason === 'ServiceUnavailable' ||
    reason === 'Timeout' ||
    reason === 'ServerTimeout' ||
    reason === 'TooManyRequests'
  );
}
