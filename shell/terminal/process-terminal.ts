import type { Clock } from '../../core/machinery/clock.ts';
import { ByteQueue } from './byte-queue.ts';
import { KeyDecoder, type DecodedInput } from './key-decoder.ts';
import type { InputEvent } from './keys.ts';
import type { BorrowOptions, ByteLease, KeyboardLease, Terminal } from './terminal.ts';

/** How long a lone Escape waits to see whether it begins a sequence. Long enough for a slow link, short to the hand. */
const escapeWaitMs = 40;
/** Type-ahead kept while nobody reads: more than anyone types, less than memory. */
const keptEvents = 4096;

export interface TerminalInput {
  readonly isRaw?: boolean;
  setRawMode(raw: boolean): unknown;
  resume(): unknown;
  pause(): unknown;
  on(event: 'data', listener: (chunk: Buffer) => void): unknown;
  on(event: 'end' | 'error', listener: () => void): unknown;
  off(event: 'data', listener: (chunk: Buffer) => void): unknown;
  off(event: 'end' | 'error', listener: () => void): unknown;
}

export interface TerminalOutput {
  readonly columns?: number;
  readonly rows?: number;
  write(chunk: string | Uint8Array): boolean;
  on(event: 'drain' | 'error', listener: () => void): unknown;
  off(event: 'drain' | 'error', listener: () => void): unknown;
}

export interface ProcessTerminalOptions {
  readonly input: TerminalInput;
  readonly output: TerminalOutput;
  readonly clock: Clock;
  readonly colors: boolean;
  readonly addressable: boolean;
  /**
   * True for a shell, which owns the keyboard from `open()` to `close()`. False for a single command: the keyboard is
   * taken when somebody borrows it and given back after, so that in between Ctrl-C is a signal as for any program.
   */
  readonly hold: boolean;
  /** The terminal went away (end of input, an error on either stream). Called once. */
  readonly onGone: () => void;
  /** Stops the process group like Ctrl-Z at a shell; returns when the process continues. */
  readonly stopProcess: () => void;
}

interface Borrower {
  readonly options: BorrowOptions;
  readonly keys?: (event: InputEvent) => void | 'keep';
  readonly bytes?: ByteQueue;
}

/**
 * The one owner of the keyboard. Nothing else in the process reads stdin or sets its mode: two readers would each get
 * half of the keys, or all of them twice.
 */
export class ProcessTerminal implements Terminal {
  readonly colors: boolean;
  readonly addressable: boolean;
  readonly #options: ProcessTerminalOptions;
  readonly #decoder = new KeyDecoder();
  readonly #borrowers: Borrower[] = [];
  readonly #resizeListeners = new Set<() => void>();
  #inbox: DecodedInput[] = [];
  #kept: DecodedInput[] = [];
  #delivering = false;
  #deliveryQueued = false;
  #cancelEscapeWait: (() => void) | undefined;
  #reportsExpected = 0;
  #open = false;
  #stopped = false;
  #gone = false;
  #full = false;
  #lineStart = true;
  #mainLineStart = true;

  constructor(options: ProcessTerminalOptions) {
    this.#options = options;
    this.colors = options.colors;
    this.addressable = options.addressable;
  }

  get columns(): number {
    return positive(this.#options.output.columns) ?? 80;
  }

  get rows(): number {
    return positive(this.#options.output.rows) ?? 24;
  }

  /** True when the last thing written ended a line: a prompt may follow without a line break. */
  get atLineStart(): boolean {
    return this.#lineStart;
  }

  /** Takes stdin and switches it to raw mode. Everything is given back by `close()`. */
  open(): void {
    if (this.#open) return;
    this.#open = true;
    const { input, output } = this.#options;
    output.on('error', this.#onGone);
    output.on('drain', this.#onDrain);
    input.on('data', this.#onData);
    input.on('end', this.#onGone);
    input.on('error', this.#onGone);
    this.#setRaw(true);
    input.resume();
  }

  /** Restores the terminal as it was found. Synchronous and idempotent, so it may run while the process dies. */
  close(): void {
    if (!this.#open) return;
    if (!this.#stopped) this.#borrowers.at(-1)?.options.leave?.('exit');
    this.#open = false;
    this.#cancelEscapeWait?.();
    this.#setRaw(false);
    const { input, output } = this.#options;
    input.off('data', this.#onData);
    input.off('end', this.#onGone);
    input.off('error', this.#onGone);
    input.pause();
    output.off('drain', this.#onDrain);
    for (const borrower of this.#borrowers) borrower.bytes?.end();
  }

  /**
   * After SIGWINCH, also when the size is the one it was: a terminal dragged smaller and back has cut or reflowed what
   * it showed, and the two signals arrive as one.
   */
  sizeChanged(): void {
    for (const listener of this.#resizeListeners) listener();
  }

  onResize(listener: () => void): () => void {
    // A wrapper of its own, so that subscribing twice is two subscriptions.
    const own = () => listener();
    this.#resizeListeners.add(own);
    return () => this.#resizeListeners.delete(own);
  }

  write(text: string | Uint8Array): void {
    if (this.#gone || text.length === 0) return;
    this.#full = !this.#options.output.write(text);
    this.#noteColumn(text);
  }

  /** Programs that leave the alternate screen find the cursor where it was when they entered it. */
  #noteColumn(text: string | Uint8Array): void {
    const view = typeof text === 'string' ? text : Buffer.from(text).toString('latin1');
    if (view.includes('\x1b[?1049l')) this.#lineStart = this.#mainLineStart;
    else if (view.includes('\x1b[?1049h')) this.#mainLineStart = this.#lineStart;
    else this.#lineStart = endsLine(view, this.#lineStart);
  }

  async drained(signal?: AbortSignal): Promise<void> {
    if (!this.#full || this.#gone || signal?.aborted === true) return;
    const { output } = this.#options;
    await new Promise<void>((resolve) => {
      const done = () => {
        output.off('drain', done);
        output.off('error', done);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      output.on('drain', done);
      output.on('error', done);
      signal?.addEventListener('abort', done, { once: true });
    });
  }

  borrowKeys(handler: (event: InputEvent) => void | 'keep', options: BorrowOptions = {}): KeyboardLease {
    return this.#borrow({ keys: handler, options });
  }

  borrowBytes(): ByteLease {
    const bytes = new ByteQueue();
    const lease = this.#borrow({ bytes, options: {} });
    const raw = this.#decoder.takeRaw();
    if (raw !== '') bytes.push(Buffer.from(raw));
    return { input: bytes, release: () => lease.release() };
  }

  /** Asks the terminal where the cursor is; a `cursor` event answers if it knows how to. */
  requestCursor(): void {
    this.#reportsExpected += 1;
    this.write('\x1b[6n');
  }

  /** True from `suspend()` to `resume()`. */
  get stopped(): boolean {
    return this.#stopped;
  }

  suspend(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    if (this.#open) {
      this.#borrowers.at(-1)?.options.leave?.('suspended');
      this.#setRaw(false);
    }
    this.#options.stopProcess();
  }

  /** After SIGCONT, whoever sent the stop: the mode and the screen are whatever the shell in between left. */
  resume(): void {
    this.#stopped = false;
    if (!this.#open) return;
    // Off and on again: libuv believes the mode is what it last set and would do nothing.
    this.#setRaw(false);
    this.#setRaw(true);
    this.#options.input.resume();
    this.#borrowers.at(-1)?.options.enter?.('resumed');
  }

  #borrow(borrower: Borrower): KeyboardLease {
    if (!this.#options.hold) this.open();
    this.#borrowers.at(-1)?.options.leave?.('covered');
    this.#borrowers.push(borrower);
    borrower.options.enter?.('begin');
    this.#redeliver();
    let released = false;
    return {
      release: () => {
        if (released) return;
        released = true;
        this.#release(borrower);
      },
    };
  }

  #release(borrower: Borrower): void {
    const wasTop = this.#borrowers.at(-1) === borrower;
    this.#borrowers.splice(this.#borrowers.indexOf(borrower), 1);
    if (wasTop && this.#open) borrower.options.leave?.('end');
    const unread = borrower.bytes?.end() ?? [];
    for (const chunk of unread) this.#inbox.push(...this.#decoder.push(chunk));
    if (wasTop && this.#open) this.#borrowers.at(-1)?.options.enter?.('uncovered');
    if (this.#borrowers.length === 0 && !this.#options.hold) this.close();
    else this.#redeliver();
  }

  /** What nobody wanted goes in front of what arrived since, to whoever owns the keyboard now. */
  #redeliver(): void {
    this.#inbox = [...this.#kept, ...this.#inbox];
    this.#kept = [];
    if (this.#inbox.length === 0 || this.#deliveryQueued) return;
    this.#deliveryQueued = true;
    // Not at once: the borrower has not got its lease yet.
    queueMicrotask(() => {
      this.#deliveryQueued = false;
      this.#deliver();
    });
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#cancelEscapeWait?.();
    this.#cancelEscapeWait = undefined;
    const top = this.#borrowers.at(-1);
    if (top?.bytes !== undefined && this.#inbox.length === 0) {
      const bytes = this.#reportsExpected > 0 ? this.#withoutReports(chunk) : chunk;
      if (bytes.length > 0) top.bytes.push(bytes);
      return;
    }
    this.#inbox.push(...this.#decoder.push(chunk));
    this.#deliver();
    if (this.#decoder.waiting) {
      this.#cancelEscapeWait = this.#options.clock.after(escapeWaitMs, () => {
        this.#cancelEscapeWait = undefined;
        this.#inbox.push(...this.#decoder.flush());
        this.#deliver();
      });
    }
  };

  #deliver(): void {
    if (this.#delivering || this.#deliveryQueued) return;
    this.#delivering = true;
    try {
      for (;;) {
        const item = this.#inbox.shift();
        if (item === undefined) return;
        if (item.event.kind === 'cursor') this.#reportsExpected = Math.max(0, this.#reportsExpected - 1);
        this.#deliverOne(item);
      }
    } finally {
      this.#delivering = false;
    }
  }

  #deliverOne(item: DecodedInput): void {
    const top = this.#borrowers.at(-1);
    if (top?.bytes !== undefined) {
      if (item.event.kind !== 'cursor') top.bytes.push(Buffer.from(item.raw));
      return;
    }
    const wanted = top?.keys === undefined ? 'keep' : top.keys(item.event);
    if (wanted === 'keep' && item.event.kind !== 'cursor' && this.#kept.length < keptEvents)
      this.#kept.push(item);
  }

  #withoutReports(chunk: Buffer): Buffer {
    const text = chunk.toString('latin1');
    const rest = text.replace(/\x1b\[\d+;\d+R/, () => {
      this.#reportsExpected -= 1;
      return '';
    });
    return Buffer.from(rest, 'latin1');
  }

  readonly #onDrain = (): void => {
    this.#full = false;
  };

  readonly #onGone = (): void => {
    if (this.#gone) return;
    this.#gone = true;
    for (const borrower of this.#borrowers) borrower.bytes?.end();
    this.#options.onGone();
  };

  #setRaw(raw: boolean): void {
    try {
      this.#options.input.setRawMode(raw);
    } catch {
      // The terminal is gone (EIO): there is no mode left to set, and `onGone` tells about it.
    }
  }
}

function positive(value: number | undefined): number | undefined {
  return value !== undefined && value > 0 ? value : undefined;
}

/** Whether output that ends in `text` leaves the cursor in the first column; escape sequences do not move it. */
function endsLine(text: string, before: boolean): boolean {
  const visible = text
    .slice(-256)
    .replace(/\x1b(?:\[[\x30-\x3f]*[\x20-\x2f]*[\x40-\x7e]|[()][\x30-\x7e]|[\x37\x38=>])/g, '');
  return visible === '' ? before : /[\n\r]$/.test(visible);
}
