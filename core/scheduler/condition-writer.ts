import { isConflict, isNotFound } from '../api/errors.ts';
import type { Pod, PodCondition, PodStatus } from '../api/generated/core-v1.ts';
import { pods } from '../api/generated/resources.ts';
import type { Client } from '../client/client.ts';
import type { Clock } from '../machinery/clock.ts';
import { timestamp } from '../machinery/timestamp.ts';

/** What a Pod's status shall say about its scheduling. */
export interface SchedulingOutcome {
  readonly reason: 'Unschedulable' | 'SchedulerError';
  readonly message: string;
  /** The node where room is being made; "" takes an earlier nomination back. */
  readonly nominatedNodeName?: string;
}

const workers = 8;

/** Writes outcomes into Pods' statuses, the latest of each Pod, a few at a time. */
export class ConditionWriter {
  readonly #client: Pick<Client, 'get' | 'updateStatus'>;
  readonly #clock: Clock;
  readonly #onError: (error: unknown, doing: string) => void;
  readonly #waiting = new Map<string, { readonly pod: Pod; readonly outcome: SchedulingOutcome }>();
  #running = 0;

  constructor(
    client: Pick<Client, 'get' | 'updateStatus'>,
    clock: Clock,
    onError: (error: unknown, doing: string) => void,
  ) {
    this.#client = client;
    this.#clock = clock;
    this.#onError = onError;
  }

  /** A newer outcome takes the place of one that still waits. */
  write(pod: Pod, outcome: SchedulingOutcome, signal: AbortSignal): void {
    this.#waiting.set(pod.metadata.uid ?? '', { pod, outcome });
    if (this.#running >= workers) return;
    this.#running++;
    void this.#work(signal).finally(() => this.#running--);
  }

  async #work(signal: AbortSignal): Promise<void> {
    for (const [uid, { pod, outcome }] of this.#waiting) {
      if (signal.aborted) return;
      this.#waiting.delete(uid);
      try {
        await this.#update(pod, outcome, signal);
      } catch (error) {
        if (signal.aborted || isNotFound(error) || isConflict(error)) continue;
        this.#onError(error, `write the scheduling condition of Pod "${pod.metadata.name}"`);
      }
    }
  }

  async #update(pod: Pod, outcome: SchedulingOutcome, signal: AbortSignal): Promise<void> {
    try {
      await this.#updateFrom(pod, outcome, signal);
    } catch (error) {
      if (!isConflict(error)) throw error;
      const { namespace, name = '' } = pod.metadata;
      const live = await this.#client.get(pods, { namespace, name }, { signal });
      // Meanwhile it may have been bound, or be another Pod of the same name.
      if (live.metadata.uid !== pod.metadata.uid || live.spec.nodeName) return;
      await this.#updateFrom(live, outcome, signal);
    }
  }

  async #updateFrom(pod: Pod, outcome: SchedulingOutcome, signal: AbortSignal): Promise<void> {
    const status = withOutcome(pod.status, outcome, this.#clock.now());
    if (status !== undefined) await this.#client.updateStatus(pods, { ...pod, status }, { signal });
  }
}

/** Undefined when the status says so already. */
export function withOutcome(
  status: PodStatus,
  outcome: SchedulingOutcome,
  nowMs: number,
): PodStatus | undefined {
  const { reason, message, nominatedNodeName = status.nominatedNodeName ?? '' } = outcome;
  const conditions = status.conditions ?? [];
  const current = conditions.find(({ type }) => type === 'PodScheduled');
  const isSame =
    current?.status === 'False' &&
    current.reason === reason &&
    current.message === message &&
    nominatedNodeName === (status.nominatedNodeName ?? '');
  if (isSame) return undefined;
  const lastTransitionTime = current?.status === 'False' ? current.lastTransitionTime : timestamp(nowMs);
  const condition: PodCondition = {
    type: 'PodScheduled',
    status: 'False',
    lastTransitionTime,
    reason,
    message,
  };
  const others = conditions.filter((other) => other !== current);
  const { nominatedNodeName: _, ...rest } = status;
  return {
    ...rest,
    conditions: [...others, condition],
    ...(nominatedNodeName === '' ? {} : { nominatedNodeName }),
  };
}
