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
  /** Calls back after the size changed, or changed and changed back; the returned function stops that. */
  onResize(listener: () => void): () => void;
  /** Writes to the screen as it is (escape sequences included): the text is the caller's responsibility. */
  write(text: string | Uint8Array): void;
  /** Resolves when the terminal can take more output. */
  drained(signal?: AbortSignal): Promise<void>;
  /**
   * Borrows the keyboard as decoded keys. The handler runs once per event, in order; what it answers with `'keep'` is
   * type-ahead, delivered again to the next borrower (as bytes if that one wants bytes).
   */
  borrowKeys(handler: (event: InputEvent) => void | 'keep', options?: BorrowOptions): KeyboardLease;
  /** Borrows the keyboard as raw bytes, for `exec -it` and `attach`: Ctrl-C and Ctrl-Z belong to the far side. */
  borrowBytes(): ByteLease;
  /** Stops the process like Ctrl-Z at a shell would, and restores everything on `fg`. */
  suspend(): void;
}

export interface BorrowOptions {
  /**
   * Puts the terminal into the state this borrower needs (modes, alternate screen) and draws. Called when the lease
   * begins, when a later borrower has given the keyboard back, and after `fg`: the screen may hold anything then.
   */
  readonly enter?: (reason: 'begin' | 'uncovered' | 'resumed') => void;
  /**
   * Undoes `enter` with `write` alone, synchronously. Called when somebody borrows on top, on release, before the
   * process stops or ends: whatever happens to the process, what `leave` writes is the last thing the user sees.
   */
  readonly leave?: (reason: 'end' | 'covered' | 'suspended' | 'exit') => void;
}

export interface KeyboardLease {
  /** Gives the keyboard back. Idempotent. */
  release(): void;
}

export interface ByteLease extends KeyboardLease {
  /** The bytes as typed, until `release()` ends the iteration. What was not read goes back to the next owner. */
  readonly input: AsyncIterable<Uint8Array>;
}
