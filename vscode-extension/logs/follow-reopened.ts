import { l10n } from '../language/l10n.ts';
import { isOpenOrOpening, whileOpen, type Openings } from '../session/while-open.ts';
import { reasonOf } from '../session/reason.ts';
import {
  followLogs,
  LogProgress,
  type FollowDependencies,
  type FollowOptions,
  type LogScope,
  type LogSink,
} from './log-follower.ts';

/**
 * Follows logs of the cluster of a context through every reopening of it, each log from the line where it was left,
 * until the signal aborts. Where that cluster is closed and not about to be opened again, the sink is told.
 */
export function followReopened(
  session: Openings,
  context: string,
  scope: LogScope,
  options: FollowOptions,
  sink: LogSink,
  dependencies: FollowDependencies,
  signal: AbortSignal,
): void {
  if (signal.aborted) return;
  const progress = new LogProgress();
  let parted = false;
  const look = () => {
    if (signal.aborted || parted === !isOpenOrOpening(session, context)) return;
    parted = !parted;
    sink.note(
      '',
      parted
        ? l10n.t('the connection to "{0}" was closed; the logs go on when it is opened again', context)
        : l10n.t('goes on'),
    );
  };
  // To be opened anew, a cluster is closed first: only what that comes to is worth a word.
  const settled = () => queueMicrotask(look);
  const ends = [session.onClusterChange(settled), session.onStateChange(settled)];
  signal.addEventListener('abort', () => ends.forEach((end) => end()), { once: true });
  settled();
  whileOpen(
    session,
    context,
    (open, openSignal) => followLogs(open, scope, options, sink, dependencies, openSignal, progress),
    { signal, onError: (error) => sink.note('', reasonOf(error)) },
  );
}
