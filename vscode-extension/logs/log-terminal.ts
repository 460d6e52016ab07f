import * as vscode from 'vscode';
import { systemClock } from '../../core/machinery/clock.ts';
import { deferred, type Deferred } from '../../core/machinery/deferred.ts';
import { systemRandom } from '../../core/machinery/random.ts';
import type { Openings } from '../session/while-open.ts';
import { PacedOutput } from '../terminals/paced-output.ts';
import { followReopened } from './follow-reopened.ts';
import type { LogLine, LogScope, LogSink } from './log-follower.ts';
import { LogHistory } from './log-history.ts';
import { LogScreen } from './log-screen.ts';
import { lineFilter, logText, noteText, plainText, SpeakerColors } from './log-text.ts';

export interface LogTerminalOptions {
  readonly tailLines?: number | undefined;
  readonly sinceSeconds?: number | undefined;
  /** Several Pods or containers: every line says whose it is. */
  readonly prefix: boolean;
}

/** What is kept to be filtered again; more than the terminal's own history holds. */
const keptCharacters = 10_000_000;

/** Logs as they are written, in a terminal: coloured, searchable, and filtered by what is typed at `/`. */
export class LogTerminal implements vscode.Pseudoterminal, LogSink {
  readonly #session: Openings;
  /** The cluster whose logs these are, whatever else is opened meanwhile. */
  readonly #context: string;
  readonly #scope: LogScope;
  readonly #options: LogTerminalOptions;
  readonly #writes = new vscode.EventEmitter<string>();
  readonly #closes = new vscode.EventEmitter<number | void>();
  readonly onDidWrite = this.#writes.event;
  readonly onDidClose = this.#closes.event;
  readonly #history = new LogHistory(keptCharacters);
  readonly #colors = new SpeakerColors();
  readonly #closing = new AbortController();
  /** What waits for it is bounded, because every log waits for its own. */
  readonly #screen: LogScreen;
  #filterText = '';
  #filter: ((line: string) => boolean) | undefined;
  #timestamps = false;
  #held: Deferred<void> | undefined;

  constructor(session: Openings, context: string, scope: LogScope, options: LogTerminalOptions) {
    this.#session = session;
    this.#context = context;
    this.#scope = scope;
    this.#options = options;
    const output = new PacedOutput((text) => this.#writes.fire(text), systemClock);
    this.#screen = new LogScreen((text) => output.write(text), this.#closing.signal);
  }

  open(): void {
    const help = vscode.l10n.t('/ filters · Space holds · t shows times · Ctrl+C ends');
    this.#writes.fire(`\x1b[2m${help}\x1b[0m\r\n`);
    const dependencies = { clock: systemClock, random: systemRandom };
    const { signal } = this.#closing;
    followReopened(this.#session, this.#context, this.#scope, this.#options, this, dependencies, signal);
  }

  close(): void {
    this.#closing.abort(new Error('The terminal was closed'));
    this.#held?.resolve();
  }

  handleInput(input: string): void {
    switch (input) {
      case '/':
        void this.askForFilter();
        break;
      case ' ':
        this.#hold();
        break;
      case 't':
        this.#timestamps = !this.#timestamps;
        this.#replay();
        break;
      case '\x03':
        this.close();
        this.#closes.fire();
        break;
    }
  }

  async lines(lines: readonly LogLine[]): Promise<void> {
    await this.#held?.promise;
    this.#history.add(lines);
    await this.#screen.write(() => this.#text(lines));
  }

  note(pod: string, text: string): void {
    void this.#screen.write(() => `${noteText(pod, text)}\r\n`);
  }

  async askForFilter(): Promise<void> {
    const text = await vscode.window.showInputBox({
      title: vscode.l10n.t('Filter Logs'),
      prompt: vscode.l10n.t(
        'A regular expression; "!" at the start shows what does not match; empty shows all',
      ),
      value: this.#filterText,
    });
    if (text === undefined) return;
    this.#filterText = text;
    this.#filter = lineFilter(text);
    this.#replay();
  }

  #hold(): void {
    if (this.#held === undefined) {
      this.#held = deferred();
      this.note('', vscode.l10n.t('held; Space goes on'));
    } else {
      this.#held.resolve();
      this.#held = undefined;
      this.note('', vscode.l10n.t('goes on'));
    }
  }

  #replay(): void {
    const { lines } = this.#history;
    void this.#screen.replace(() => this.#text(lines));
  }

  #text(lines: readonly LogLine[]): string {
    const filter = this.#filter;
    const shown = filter === undefined ? lines : lines.filter((line) => filter(plainText(line)));
    const look = { prefix: this.#options.prefix, timestamps: this.#timestamps, colors: this.#colors };
    return shown.map((line) => `${logText(line, look)}\r\n`).join('');
  }
}
