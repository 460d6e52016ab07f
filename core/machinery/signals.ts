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
