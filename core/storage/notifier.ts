import type { Deferred } from '../machinery/deferred.ts';
import { deferred } from '../machinery/deferred.ts';

/**
 * Wakes whoever waits for "something changed". Waiters look at the state themselves, so nothing is queued here and
 * a notification nobody waits for is rightly forgotten.
 */
export class Notifier {
  #next: Deferred<void> | undefined;

  notify(): void {
    this.#next?.resolve();
    this.#next = undefined;
  }

  /** Resolves at the next notification, the same promise for all who wait for it. */
  wait(): Promise<void> {
    this.#next ??= deferred();
    return this.#next.promise;
  }

  /**
   * Notifies when `signal` aborts, too, until disposed of: then whoever waits finds that out for itself. Once a
   * watch, because a listener for each wait would cost more than all the rest of it.
   */
  wakeOn(signal: AbortSignal): Disposable {
    const onAbort = () => this.notify();
    signal.addEventListener('abort', onAbort, { once: true });
    return { [Symbol.dispose]: () => signal.removeEventListener('abort', onAbort) };
  }
}
