/**
 * Wakes whoever waits for "something changed". Waiters look at the state themselves, so nothing is queued here and
 * a notification nobody waits for is rightly forgotten.
 */
export class Notifier {
  #waiting: (() => void)[] = [];

  notify(): void {
    if (this.#waiting.length === 0) return;
    const woken = this.#waiting;
    this.#waiting = [];
    for (const wake of woken) wake();
  }

  /** Resolves at the next notification, or when `signal` aborts: the caller checks which. */
  wait(signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      if (signal === undefined) {
        this.#waiting.push(resolve);
        return;
      }
      const onAbort = () => {
        this.#waiting = this.#waiting.filter((other) => other !== wake);
        resolve();
      };
      const wake = () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      this.#waiting.push(wake);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }
}
