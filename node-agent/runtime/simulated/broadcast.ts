import type { RuntimeEvent } from '../runtime.ts';

/** Events a listener may be behind before they are replaced by one that says "look at everything". */
const maxPending = 1_000;
const anything: RuntimeEvent = { podUid: undefined, containerId: undefined, kind: 'unknown' };

/** Hands events to any number of listeners, each at its own pace and with a bounded queue. */
export class Broadcast {
  readonly #listeners = new Set<(event: RuntimeEvent) => void>();

  send(event: RuntimeEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  async *listen(signal: AbortSignal): AsyncGenerator<RuntimeEvent> {
    let pending: RuntimeEvent[] = [anything];
    let wake = () => {};
    const listener = (event: RuntimeEvent) => {
      if (pending.length >= maxPending) pending = [anything];
      else pending.push(event);
      wake();
    };
    const onAbort = () => wake();
    this.#listeners.add(listener);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      while (!signal.aborted) {
        const events = pending;
        pending = [];
        for (const event of events) yield event;
        if (pending.length > 0 || signal.aborted) continue;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } finally {
      this.#listeners.delete(listener);
      signal.removeEventListener('abort', onAbort);
    }
  }
}
