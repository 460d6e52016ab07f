import { StringDecoder } from 'node:string_decoder';
import type { Readable } from 'node:stream';
import * as vscode from 'vscode';
import type { RemoteProcess } from '../../core/api/streams.ts';
import { systemClock } from '../../core/machinery/clock.ts';
import { reasonOf } from '../commands/failure.ts';
import { PacedOutput } from './paced-output.ts';

/** Opens the process at the other end; the signal ends it. */
export type OpenProcess = (signal: AbortSignal) => Promise<RemoteProcess>;

/** What a terminal has until the editor says. */
const usualSize = { columns: 80, rows: 24 };

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
  /** Typed before the process was there. */
  #early = '';

  constructor(openProcess: OpenProcess) {
    this.#openProcess = openProcess;
  }

  open(size: vscode.TerminalDimensions | undefined): void {
    this.#size = size ?? usualSize;
    this.#run().catch((error: unknown) => {
      if (this.#closing.signal.aborted) return;
      this.#writes.fire(`\r\n\x1b[31m${reasonOf(error).replaceAll('\n', '\r\n')}\x1b[0m\r\n`);
      this.#closes.fire(1);
    });
  }

  close(): void {
    this.#closing.abort(new Error('The terminal was closed'));
  }

  handleInput(input: string): void {
    if (this.#process === undefined) this.#early += input;
    else this.#process.stdin?.write(input);
  }

  setDimensions(size: vscode.TerminalDimensions): void {
    this.#size = size;
    this.#process?.resize(size.columns, size.rows);
  }

  async #run(): Promise<void> {
    const process = await this.#openProcess(this.#closing.signal);
    this.#process = process;
    process.resize(this.#size.columns, this.#size.rows);
    if (this.#early !== '') process.stdin?.write(this.#early);
    const outputs = [process.stdout, process.stderr].filter((stream) => stream !== undefined);
    const [code] = await Promise.all([process.exitCode, ...outputs.map((stream) => this.#copy(stream))]);
    this.#closes.fire(code);
  }

  async #copy(stream: Readable): Promise<void> {
    const decoder = new StringDecoder('utf8');
    for await (const chunk of stream) await this.#output.write(decoder.write(chunk as Buffer));
  }
}
