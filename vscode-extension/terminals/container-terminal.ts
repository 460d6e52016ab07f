import { StringDecoder } from 'node:string_decoder';
import type { Readable } from 'node:stream';
import * as vscode from 'vscode';
import type { RemoteProcess } from '../../core/api/streams.ts';
import { systemClock } from '../../core/machinery/clock.ts';
import { reasonOf } from '../session/reason.ts';
import { PacedOutput } from './paced-output.ts';
import { isReply, TerminalInput } from './terminal-input.ts';

/** Opens the process at the other end; the signal ends it. */
export type OpenProcess = (signal: AbortSignal) => Promise<RemoteProcess>;

/** What a terminal has until the editor says. */
const usualSize = { columns: 80, rows: 24 };

/** Exit codes of a command that cannot be run or is not there (POSIX, Shell Command Language, 2.8.2). */
const notStarted: ReadonlySet<number> = new Set([126, 127]);

/** A process in a container, in a terminal of the editor: its size follows, its exit code is shown. */
export class ContainerTerminal implements vscode.Pseudoterminal {
  readonly #openProcess: OpenProcess;
  readonly #writes = new vscode.EventEmitter<string>();
  readonly #closes = new vscode.EventEmitter<number | void>();
  readonly onDidWrite = this.#writes.event;
  readonly onDidClose = this.#closes.event;
  readonly #output = new PacedOutput((text) => this.#writes.fire(text), systemClock);
  readonly #closing = new AbortController();
  #process: RemoteProcess | undefined;
  #size: vscode.TerminalDimensions = usualSize;
  readonly #input = new TerminalInput();
  /** What it ended with, while the terminal stays for its last words to be read. */
  #ended: number | undefined;

  constructor(openProcess: OpenProcess) {
    this.#openProcess = openProcess;
  }

  open(size: vscode.TerminalDimensions | undefined): void {
    this.#size = size ?? usualSize;
    this.#run().catch((error: unknown) => {
      if (this.#closing.signal.aborted) return;
      this.#writes.fire(`\r\n\x1b[31m${reasonOf(error).replaceAll('\n', '\r\n')}\x1b[0m\r\n`);
      this.#stay(1);
    });
  }

  close(): void {
    this.#closing.abort(new Error('The terminal was closed'));
  }

  handleInput(input: string): void {
    if (this.#ended === undefined) {
      // As a terminal does that has no more room.
      if (!this.#input.take(input)) this.#writes.fire('\x07');
    } else if (!isReply(input)) this.#closes.fire(this.#ended);
  }

  setDimensions(size: vscode.TerminalDimensions): void {
    this.#size = size;
    this.#process?.resize(size.columns, size.rows);
  }

  async #run(): Promise<void> {
    const process = await this.#openProcess(this.#closing.signal);
    this.#process = process;
    process.resize(this.#size.columns, this.#size.rows);
    this.#input.connect(process.stdin);
    const outputs = [process.stdout, process.stderr].filter((stream) => stream !== undefined);
    const [code] = await Promise.all([process.exitCode, ...outputs.map((stream) => this.#copy(stream))]);
    // Who typed something knows how it ended.
    if (notStarted.has(code) && !this.#input.typed) this.#stay(code);
    else this.#closes.fire(code);
  }

  /** The editor takes a terminal away that has ended, and with it what it said. */
  #stay(code: number): void {
    this.#ended = code;
    this.#writes.fire(`\r\n\x1b[2m${vscode.l10n.t('Any key closes this terminal')}\x1b[0m\r\n`);
  }

  async #copy(stream: Readable): Promise<void> {
    const decoder = new StringDecoder('utf8');
    for await (const chunk of stream) await this.#output.write(decoder.write(chunk as Buffer));
    await this.#output.write(decoder.end());
  }
}
