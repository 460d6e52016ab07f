import type { Clock } from '../../core/machinery/clock.ts';
import type { OpenCluster } from './cluster-session.ts';
import type { Openings } from './while-open.ts';

/**
 * The open cluster, undefined where there is none. Where one is about to be opened, as after a window was loaded,
 * that is waited for, at most `limitMs`; whether it answers is not.
 */
export function untilOpen(
  session: Openings,
  clock: Clock,
  limitMs: number,
): Promise<OpenCluster | undefined> {
  const isPending = () =>
    session.current === undefined && (session.state.kind === 'unread' || session.state.kind === 'connecting');
  if (!isPending()) return Promise.resolve(session.current);
  return new Promise((resolve) => {
    const finish = () => {
      cancel();
      for (const end of ends) end();
      resolve(session.current);
    };
    const look = () => {
      if (!isPending()) finish();
    };
    // What is opened in place of another is closed for a moment.
    const settled = () => queueMicrotask(look);
    const ends = [session.onClusterChange(settled), session.onStateChange(settled)];
    const cancel = clock.after(limitMs, finish);
  });
}
