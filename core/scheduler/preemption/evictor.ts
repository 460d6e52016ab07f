import { isConflict, isNotFound } from '../../api/errors.ts';
import type { Pod } from '../../api/generated/core-v1.ts';
import { pods } from '../../api/generated/resources.ts';
import type { Client } from '../../client/client.ts';
import { referenceTo, type EventRecorder } from '../../client/events.ts';
import type { Clock } from '../../machinery/clock.ts';
import { timestamp } from '../../machinery/timestamp.ts';
import type { PodFacts } from '../cluster/pod-facts.ts';

/** Ends the Pods that make room for another. */
export class Evictor {
  readonly #client: Pick<Client, 'updateStatus' | 'delete'>;
  readonly #clock: Clock;
  readonly #events: EventRecorder;

  constructor(client: Pick<Client, 'updateStatus' | 'delete'>, clock: Clock, events: EventRecorder) {
    this.#client = client;
    this.#clock = clock;
    this.#events = events;
  }

  async evict(
    victims: readonly PodFacts[],
    preemptor: PodFacts,
    nodeName: string,
    signal: AbortSignal,
  ): Promise<void> {
    await Promise.all(
      victims.map(async ({ pod, uid }) => {
        const { namespace, name = '', deletionTimestamp } = pod.metadata;
        if (deletionTimestamp !== undefined) return;
        await this.#markDisrupted(pod, signal);
        try {
          await this.#client.delete(pods, { namespace, name }, { preconditions: { uid }, signal });
        } catch (error) {
          if (!isNotFound(error) && !isConflict(error)) throw error;
          return;
        }
        const message = `Preempted by pod ${preemptor.uid} on node ${nodeName}`;
        this.#events.event(referenceTo(pods, pod), 'Normal', 'Preempted', message, {
          action: 'Preempting',
          related: referenceTo(pods, preemptor.pod),
        });
      }),
    );
  }

  /** Tells a Job, say, that the Pod's end is not its own doing (KEP-3329). */
  async #markDisrupted(pod: Pod, signal: AbortSignal): Promise<void> {
    const others = (pod.status.conditions ?? []).filter(({ type }) => type !== 'DisruptionTarget');
    const condition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'PreemptionByScheduler',
      message: 'default-scheduler: preempting to accommodate a higher priority pod',
      lastTransitionTime: timestamp(this.#clock.now()),
    };
    const status = { ...pod.status, conditions: [...others, condition] };
    try {
      await this.#client.updateStatus(pods, { ...pod, status }, { signal });
    } catch (error) {
      // The mark is a courtesy; somebody else who writes the Pod meanwhile does not save it.
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }
}
