import type { InputEvent } from './keys.ts';

/**
 * The terminal the user sits at. There is one owner of the keyboard per process; whoever needs it borrows it, the
 * latest borrower receives every key, and releasing hands it (and all it has not consumed) back to the one before.
 */
export interface Terminal {
  /** Cells per row; 80 when the terminal does not say. */
  readonly columns: number;
  /** Rows of the screen; 24 when the terminal does not say. */
  readonly rows: number;
  /** True when colour is wanted on this terminal (NO_COLOR, TERM=dumb and --color already weighed). */
  readonly colors: boolean;
  /** False for TERM=dumb: no cursor addressing, hence no panes and no line editing. */
  readonly addressable: boolean;
  /** Calls back after the size changed; the returned function stops that. */
  onResize(listener: () => void): () => void;
  /** Writes to the screen as it is (escape sequences included): the text is the caller's responsibility. */
  write(text: string | Uint8Array): void;
  /** Resolves when the terminal can take more output. */
  drained(signal?: AbortSignal): Promise<void>;
  /** Borrows the keyboard as decoded keys. The handler runs once per event, in order. */
  borrowKeys(handler: (event: InputEvent) => void, options?: BorrowOptions): KeyboardLease;
  /** Borrows the keyboard as raw bytes, for `exec -it` and `attach`: Ctrl-C and Ctrl-Z belong to the far side. */
  borrowBytes(): ByteLease;
  /** Stops the process like Ctrl-Z at a shell would, and restores everything on `fg`. */
  suspend(): void;
}

export interface BorrowOptions {
  /** Escape sequences that set up what this borrower needs (say an alternate screen), and undo it again. */
  readonly enter?: string;
  readonly leave?: string;
  /** Called after `fg` with the screen in an unknown state: draw everything again. */
  readonly onResume?: () => void;
}

export interface KeyboardLease {
  /** Gives the keyboard back. Idempotent. */
  release(): void;
}

export interface ByteLease extends KeyboardLease {
  /** The bytes as typed, until `release()` ends the iteration. What was not read goes back to the next owner. */
  readonly input: AsyncIterable<Uint8Array>;
}
