import type { Range } from '../syntax/nodes.ts';

/** Something that could be written at the cursor. */
export interface Completion {
  readonly label: string;
  readonly kind: 'field' | 'required-field' | 'value' | 'kind' | 'reference' | 'snippet';
  /** In the editor's snippet syntax; every line after the first carries its whole indentation. */
  readonly snippet: string;
  readonly replace: Range;
  readonly detail?: string | undefined;
  readonly documentation?: string | undefined;
  /** Compared as text. */
  readonly sort: string;
  /** What to choose from stands where the cursor will be. */
  readonly asksForMore?: boolean;
}

/** A text that stands for itself in a snippet. */
export function literal(text: string): string {
  return text.replace(/[\\$}]/g, '\\$&');
}
