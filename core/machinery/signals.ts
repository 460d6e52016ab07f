import type { Clock } from './clock.ts';

/** A signal that follows others until it is disposed of. */
export interface LinkedSignal extends Disposable {
  readonly signal: AbortSignal;
}

/**
 * Aborts with the first of its sources. AbortSignal.any leaves a few dozen bytes behind in every source for as long
 * as that lives (Node 20), which is for ever where a signal of the process meets one of a call; this leaves nothing.
 */
export function linkSignals(...sources: readonly AbortSignal[]): LinkedSignal {
  const linked = new AbortController();
  const listeners = sources.map((source) => {
    const onAbort = () => linked.abort(source.reason);
    if (source.aborted) onAbort();
    source.addEventListener('abort', onAbort, { once: true });
    return () => source.removeEventListener('abort', onAbort);
  });
  return {
    signal: linked.signal,
    [Symbol.dispose]: () => {
      for (const remove of listeners) remove();
    },
  };
}

/** Aborts with its source, or with a TimeoutError when `withinMs` of the clock are over, until it is disposed of. */
export function signalWithin(clock: Clock, withinMs: number, source: AbortSignal): LinkedSignal {
  const late = new AbortController();
  const cancel = clock.after(withinMs, () =>
    late.abort(new DOMException(`It took over ${withinMs} ms`, 'TimeoutError')),
  );
  const linked = linkSignals(source, late.signal);
  return {
    signal: linked.signal,
    [Symbol.dispose]: () => {
      cancel();
      linked[Symbol.dispose]();
    },
  };
}

/** Resolves when the signal aborts. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** As `work`, unless the signal aborts first: then a rejection with its reason, whatever becomes of the work. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let onAbort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** A call that is open. */
export interface OpenCall {
  readonly ending: AbortController;
  /** Its place among those that are open. */
  readonly slot: number;
}

/**
 * The calls that are open: each has a signal of its own, and all of them end at once. Cheaper than a signal of the
 * process linked to one of each call, which for a small request is a tenth of all its work.
 *
 * They stand in slots, not in a Set: V8 replaces a Set's table every few additions, and one that was replaced still leads
 * to the next and to the calls that were in it. Once one of them is old, as after every full collection, all that follow
 * grow old with it, and so did a tenth of all that small requests made, for the next full collection to find.
 */
export class OpenCalls {
  readonly #slots: (AbortController | undefined)[] = [];
  readonly #free: number[] = [];
  #over: { readonly reason: Error } | undefined;

  begin(): OpenCall {
    const ending = new AbortController();
    if (this.#over !== undefined) ending.abort(this.#over.reason);
    const slot = this.#free.pop() ?? this.#slots.length;
    this.#slots[slot] = ending;
    return { ending, slot };
  }

  /** Called once. */
  end({ slot }: OpenCall): void {
    this.#slots[slot] = undefined;
    this.#free.push(slot);
  }

  /** Aborts those that are open and those that begin from now on. */
  endAll(reason: Error): void {
    this.#over = { reason };
    for (const ending of this.#slots) ending?.abort(reason);
  }
}
