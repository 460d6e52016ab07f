import type { ClusterSession, OpenCluster } from './cluster-session.ts';

/** The part of the session that tells of openings. */
export type Openings = Pick<ClusterSession, 'current' | 'state' | 'onClusterChange' | 'onStateChange'>;

/**
 * Does what is to be done for as long as the cluster of a context is open, and begins again whenever it is opened
 * again: with a renewed certificate, say, or after a look at another cluster. `work` ends when its signal aborts;
 * where it fails before that, it is tried again when the cluster has come back. Ends with `signal`.
 */
export function whileOpen(
  session: Openings,
  context: string,
  work: (open: OpenCluster, signal: AbortSignal) => Promise<void>,
  { signal, onError }: { readonly signal: AbortSignal; readonly onError: (error: unknown) => void },
): void {
  if (signal.aborted) return;
  let worked: OpenCluster | undefined;
  const look = () => {
    const { current } = session;
    if (current === undefined || current === worked || current.context.name !== context) return;
    worked = current;
    work(current, AbortSignal.any([signal, current.signal])).catch((error: unknown) => {
      if (signal.aborted || current.signal.aborted) return;
      if (worked === current) worked = undefined;
      onError(error);
    });
  };
  const ends = [
    session.onClusterChange(look),
    session.onStateChange(({ kind }) => {
      if (kind === 'connected') look();
    }),
  ];
  signal.addEventListener('abort', () => ends.forEach((end) => end()), { once: true });
  look();
}

/** Whether the cluster of a context is open or being opened: one that is away comes back by itself. */
export function isOpenOrOpening({ current, state }: Openings, context: string): boolean {
  if (current !== undefined) return current.context.name === context;
  return state.kind === 'connecting' && state.context.name === context;
}
