/** One decoded key press: a named key, or the printable text of a single grapheme (or a run typed together). */
export interface Key {
  readonly kind: 'key';
  /** `a`, `é`, `up`, `pageup`, `f5`, `enter`, `tab`, `backspace`, `escape`, …; letters in lower case unless typed so. */
  readonly name: string;
  /** What the key inserts; empty for keys that only command. */
  readonly text: string;
  readonly ctrl: boolean;
  readonly alt: boolean;
  readonly shift: boolean;
}

/** Text the terminal delivered between the bracketed-paste marks: never commands, whatever it contains. */
export interface Paste {
  readonly kind: 'paste';
  readonly text: string;
}

/** The terminal's answer to "where is the cursor" (DSR 6), both 1-based. */
export interface CursorReport {
  readonly kind: 'cursor';
  readonly row: number;
  readonly column: number;
}

export type InputEvent = Key | Paste | CursorReport;
