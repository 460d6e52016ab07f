export { showPanes, type ShowPanesOptions } from './show-panes.ts';
export type {
  PaneAction,
  PaneCell,
  PaneColumn,
  PaneModel,
  PaneRow,
  PaneState,
  Severity,
} from './pane-model.ts';
