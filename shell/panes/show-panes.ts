import type { Clock } from '../../core/machinery/clock.ts';
import type { Interpreter } from '../repl/command-line.ts';
import type { History } from '../repl/history.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { BlessedSurface } from './blessed-surface.ts';
import { FrameTimer } from './frame-timer.ts';
import type { PaneModel } from './pane-model.ts';
import { Panes } from './panes.ts';

export interface ShowPanesOptions {
  readonly terminal: Terminal;
  /** Left to right with their share of the width; usually nodes (2) and Pods (3). */
  readonly panes: readonly { readonly model: PaneModel; readonly weight: number }[];
  /** Runs what keys and the command line ask for. */
  readonly interpreter: Interpreter;
  readonly clock: Clock;
  /** Shared with the shell, so that its lines can be called back here. */
  readonly history?: History;
  readonly signal: AbortSignal;
}

/**
 * Full-screen live panes until the user goes back or `signal` aborts. On return the main screen and the terminal's
 * modes are as before. Rejects where the terminal cannot place a cursor (TERM=dumb).
 */
export async function showPanes(options: ShowPanesOptions): Promise<void> {
  const { terminal, clock, signal } = options;
  if (!terminal.addressable) {
    throw new Error('Cannot show panes: this terminal (TERM=dumb or unset) cannot place the cursor');
  }
  if (signal.aborted) return;
  const surface = await BlessedSurface.create(terminal);
  let leave: () => void = () => undefined;
  const left = new Promise<void>((resolve) => {
    leave = resolve;
  });

  const frames = new FrameTimer(clock, () => surface.show(panes.draw(terminal.columns, terminal.rows)));
  const panes = new Panes({
    ...options,
    drawNow: () => frames.now(),
    drawSoon: () => frames.soon(),
    leave: () => leave(),
  });
  const unsubscribe = options.panes.map(({ model }) => model.subscribe(() => frames.soon()));
  const stopResize = terminal.onResize(() => {
    surface.resize();
    frames.now();
  });
  const lease = terminal.borrowKeys((event) => panes.handle(event), {
    enter: (reason) => {
      surface.enter(reason);
      frames.start();
    },
    leave: () => {
      frames.stop();
      surface.leave();
    },
  });
  signal.addEventListener('abort', leave, { once: true });
  try {
    await left;
  } finally {
    signal.removeEventListener('abort', leave);
    for (const stop of unsubscribe) stop();
    stopResize();
    panes.close();
    lease.release();
    surface.dispose();
  }
}
