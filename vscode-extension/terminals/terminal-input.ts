import type { Writable } from 'node:stream';

/** Characters that wait for a process to be there, and bytes that wait for it to read them. */
const mostWaiting = 256 * 1024;

/**
 * What the editor's terminal says by itself: attributes of the device, where the cursor is, modes, focus, the mouse,
 * colours (ECMA-48 and xterm's control sequences). Nobody typed that.
 */
const replies =
  /^(?:\x1b\[[?>=]?[\d;]*(?:[cRnt]|\$y)|\x1b\[[IO]|\x1b\[<[\d;]+[Mm]|\x1b\[M[^]{3}|\x1b[\]P][^\x07\x1b]*(?:\x07|\x1b\\))+$/;

/** Whether a terminal answered a program, rather than a person. */
export function isReply(input: string): boolean {
  return replies.test(input);
}

/**
 * What goes into a process, from before it is there. What it does not read is bounded: like a terminal's own line
 * (termios(3), IMAXBEL) this takes no more then.
 */
export class TerminalInput {
  #early = '';
  #stdin: Writable | undefined;
  #connected = false;
  #typed = false;

  /** Whether any of it was typed. */
  get typed(): boolean {
    return this.#typed;
  }

  /** False where there is no room for it. */
  take(input: string): boolean {
    this.#typed ||= !isReply(input);
    // One paste is taken whole, however long it is.
    const waiting = this.#connected ? (this.#stdin?.writableLength ?? 0) : this.#early.length;
    if (waiting > 0 && waiting + input.length > mostWaiting) return false;
    if (this.#connected) this.#stdin?.write(input);
    else this.#early += input;
    return true;
  }

  /** The process is there; undefined where it reads nothing. */
  connect(stdin: Writable | undefined): void {
    this.#connected = true;
    this.#stdin = stdin;
    if (this.#early !== '') stdin?.write(this.#early);
    this.#early = '';
  }
}
