import { setMaxListeners } from 'node:events';
import type { InformerFactory } from '../../client/informer-factory.ts';

/** A part that works until its signal aborts, and resolves when it has let go of everything. */
export interface Runnable {
  readonly name: string;
  run(signal: AbortSignal): Promise<void>;
}

/**
 * Runs parts over one set of informers: informers first, the parts when every cache is filled. Parts never end by
 * themselves: when one throws, the others are stopped and the error is passed on, for the process to restart whole.
 */
export class Manager implements Runnable {
  readonly name = 'manager';
  readonly #informers: InformerFactory;
  readonly parts: readonly Runnable[];

  constructor(informers: InformerFactory, parts: readonly Runnable[]) {
    this.#informers = informers;
    this.parts = parts;
  }

  async run(signal: AbortSignal): Promise<void> {
    const stop = new AbortController();
    // Every worker and every watch listens: many listeners are no leak here.
    setMaxListeners(0, stop.signal);
    const abort = () => stop.abort(signal.reason);
    if (signal.aborted) return;
    signal.addEventListener('abort', abort, { once: true });
    try {
      const informing = this.#informers.run(stop.signal);
      const working = this.#work(stop.signal).catch((error: unknown) => {
        if (!stop.signal.aborted) stop.abort(error);
        if (!signal.aborted) throw error;
      });
      const results = await Promise.allSettled([informing, working]);
      for (const result of results) if (result.status === 'rejected') throw result.reason;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  async #work(signal: AbortSignal): Promise<void> {
    await this.#informers.synced(signal);
    const stop = new AbortController();
    const running = this.parts.map(async (part) => {
      const either = AbortSignal.any([signal, stop.signal]);
      setMaxListeners(0, either);
      try {
        await part.run(either);
      } catch (cause) {
        if (signal.aborted || stop.signal.aborted) return;
        stop.abort(cause);
        throw new Error(`Part "${part.name}" failed`, { cause });
      }
    });
    const results = await Promise.allSettled(running);
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }
}
