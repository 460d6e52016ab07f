import type { Clock } from '../../core/machinery/clock.ts';
import type { InputEvent } from '../terminal/keys.ts';
import type { KeyboardLease } from '../terminal/terminal.ts';
import { History } from './history.ts';
import { LineEditor, type LineEditorOptions, type ReadOptions, type ReadResult } from './line-editor.ts';
import type { EditorTerminal } from './prompt-screen.ts';

/** Whatever reads a line on a terminal: the editor, or plain echo where the terminal can do no more. */
export interface LineReader {
  read(options: ReadOptions): Promise<ReadResult>;
}

export function lineReader(options: LineEditorOptions): LineReader {
  return options.terminal.addressable ? new LineEditor(options) : new PlainReader(options.terminal);
}

/** For questions: no history, no completion. */
export function questionReader(terminal: EditorTerminal, clock: Clock): LineReader {
  return lineReader({ terminal, clock, history: new History() });
}

/** TERM=dumb: echo, backspace, Enter, Ctrl-C, Ctrl-D, Ctrl-U. No cursor movement is sent. */
class PlainReader implements LineReader {
  readonly #terminal: EditorTerminal;

  constructor(terminal: EditorTerminal) {
    this.#terminal = terminal;
  }

  async read({ prompt, signal }: ReadOptions): Promise<ReadResult> {
    if (signal?.aborted === true) return { kind: 'end' };
    const terminal = this.#terminal;
    let text = '';
    let lease: KeyboardLease | undefined;
    let onAbort: (() => void) | undefined;
    try {
      return await new Promise<ReadResult>((resolve) => {
        let done = false;
        const finish = (result: ReadResult, echo: string) => {
          if (done) return;
          done = true;
          terminal.write(`${echo}\r\n`);
          lease?.release();
          resolve(result);
        };
        onAbort = () => finish({ kind: 'end' }, '');
        signal?.addEventListener('abort', onAbort, { once: true });
        const handle = (event: InputEvent): void | 'keep' => {
          if (done) return 'keep';
          if (event.kind === 'cursor') return;
          if (event.kind === 'paste') {
            const pasted = event.text.replace(/[\x00-\x1f\x7f]+/g, ' ').trimEnd();
            text += pasted;
            terminal.write(pasted);
          } else if (event.name === 'enter') finish({ kind: 'line', text }, '');
          else if (event.ctrl && event.name === 'c') finish({ kind: 'interrupted' }, '^C');
          else if (event.ctrl && event.name === 'd' && text === '') finish({ kind: 'end' }, '');
          else if (event.ctrl && event.name === 'z') terminal.suspend();
          else if (event.ctrl && event.name === 'u') {
            terminal.write('\b \b'.repeat(text.length));
            text = '';
          } else if (event.name === 'backspace' && text !== '') {
            text = Array.from(text).slice(0, -1).join('');
            terminal.write('\b \b');
          } else if (event.text !== '') {
            text += event.text;
            terminal.write(event.text);
          }
        };
        const show = () =>
          terminal.write(
            prompt()
              .map((span) => span.text)
              .join('') + text,
          );
        lease = terminal.borrowKeys(handle, {
          enter: show,
          leave: (reason) => reason === 'end' || terminal.write('\r\n'),
        });
      });
    } finally {
      if (onAbort !== undefined) signal?.removeEventListener('abort', onAbort);
      lease?.release();
    }
  }
}
