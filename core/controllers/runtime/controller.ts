import { isConflict } from '../../api/errors.ts';
import type { Clock } from '../../machinery/clock.ts';
import { loopTimeOf } from '../../machinery/loop-time.ts';
import { WorkQueue } from '../../machinery/work-queue.ts';
import type { Runnable } from './manager.ts';

/** What a reconcile may ask for. Nothing: wait for the next event. */
export interface Requeue {
  readonly requeueAfterMs: number;
}

/**
 * Brings what `key` names from its observed state one step nearer to the desired one. It is called with the key
 * alone and must read the rest, be idempotent, and pass `signal` on. What it throws is retried with back-off.
 */
export type Reconcile = (key: string, signal: AbortSignal) => Promise<Requeue | void>;

export interface ControllerOptions {
  /** Such as "deployment". */
  readonly name: string;
  readonly clock: Clock;
  readonly reconcile: Reconcile;
  /** Keys worked on at a time; 5 unless given, as upstream's --concurrent-*-syncs. */
  readonly workers?: number;
  /** Ends a reconcile that hangs; a minute unless given. */
  readonly deadlineMs?: number;
  /** Told of failures worth a person's attention: not of lost races, which are everyday. */
  readonly onError?: ((error: unknown, doing: string) => void) | undefined;
}

/** A queue of keys and the workers that reconcile them: each key by one worker at a time, retried until it succeeds. */
export class Controller implements Runnable {
  readonly name: string;
  readonly queue: WorkQueue;
  readonly #options: ControllerOptions;

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.name = options.name;
    this.queue = new WorkQueue({ clock: options.clock });
  }

  /** Works until the signal aborts; resolves when the last reconcile has returned. */
  async run(signal: AbortSignal): Promise<void> {
    const { workers = 5 } = this.#options;
    await Promise.all(Array.from({ length: workers }, () => this.#work(signal)));
    this.queue.shutDown();
  }

  async #work(signal: AbortSignal): Promise<void> {
    const time = loopTimeOf(this.#options.clock);
    for (;;) {
      const key = await this.queue.get(signal);
      if (key === undefined) return;
      try {
        // Of a thousand keys, most have nothing to wait for.
        await time.turn();
        await this.#reconcile(key, signal);
      } finally {
        this.queue.done(key);
      }
    }
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<void> {
    const { clock, name, reconcile, deadlineMs = 60_000, onError } = this.#options;
    const deadline = new AbortController();
    const abort = () => deadline.abort(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    const cancel = clock.after(deadlineMs, () => {
      deadline.abort(new DOMException(`${name} "${key}" took over ${deadlineMs} ms`, 'TimeoutError'));
    });
    try {
      const result = await reconcile(key, deadline.signal);
      this.queue.forget(key);
      if (result !== undefined) this.queue.addAfter(key, result.requeueAfterMs);
    } catch (error) {
      if (signal.aborted) return;
      if (!isConflict(error)) onError?.(error, `reconcile ${name} "${key}"`);
      this.queue.addRateLimited(key);
    } finally {
      cancel();
      signal.removeEventListener('abort', abort);
    }
  }
}
