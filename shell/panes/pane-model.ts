/** How much a cell should worry the reader; panes turn it into colour, other views may turn it into a mark. */
export type Severity = 'normal' | 'good' | 'progressing' | 'warning' | 'error' | 'muted';

export interface PaneCell {
  /** Shown after sanitising; may come from the cluster as it is. */
  readonly text: string;
  readonly severity?: Severity;
}

export interface PaneColumn {
  readonly name: string;
  readonly align?: 'left' | 'right';
  /** 0 always stays; in a narrow pane the highest number is hidden first. */
  readonly priority: number;
}

export interface PaneRow {
  /** Stable for the life of the object (its UID): the selection follows it through sorting and updates. */
  readonly id: string;
  /** One cell per column. Pure and cheap; called only for rows on screen, and for all rows while filtering. */
  cells(nowMs: number): readonly PaneCell[];
  /** What sorts this row under a column; numbers ascend, strings compare naturally. Default: the cell's text. */
  order?(column: number): string | number;
  /** The command line a key stands for; undefined where the key makes no sense for this object. */
  command(action: PaneAction): string | undefined;
}

export type PaneAction = 'describe' | 'yaml' | 'logs' | 'previous-logs' | 'shell' | 'delete';

export type PaneState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  /** Rows are the last ones known; `reason` says in a few words why (it is shown). `sinceMs` is wall-clock time. */
  | { readonly kind: 'stale'; readonly sinceMs: number; readonly reason: string };

/**
 * One live table. The model owns its watch; a pane only reads. `rows()` returns the same array until something
 * changed, and unchanged rows keep their identity, so that 10,000 Pods cost nothing while nothing happens.
 */
export interface PaneModel {
  readonly title: string;
  readonly columns: readonly PaneColumn[];
  readonly state: PaneState;
  rows(): readonly PaneRow[];
  /** Starts the watch if nobody else did; calls back after rows or state changed. The returned function ends it. */
  subscribe(onChange: () => void): () => void;
}
