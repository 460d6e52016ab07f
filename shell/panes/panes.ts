import type { Clock } from '../../core/machinery/clock.ts';
import type { Interpreter } from '../repl/command-line.ts';
import { History } from '../repl/history.ts';
import { actionFor, helpLines } from '../repl/key-map.ts';
import type { InputEvent } from '../terminal/keys.ts';
import { sanitizeLine } from '../../core/printers/sanitize.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { arrange } from './arrange.ts';
import { Canvas } from './canvas.ts';
import { CommandRunner } from './command-runner.ts';
import { InputLine } from './input-line.ts';
import { panesKeys, type PanesAction } from './key-map.ts';
import { OutputView } from './output-view.ts';
import type { PaneAction, PaneModel } from './pane-model.ts';
import { TableView } from './table-view.ts';

export interface PanesOptions {
  readonly terminal: Terminal;
  /** Left to right; each asks for a share of the width. */
  readonly panes: readonly { readonly model: PaneModel; readonly weight: number }[];
  readonly interpreter: Interpreter;
  readonly clock: Clock;
  readonly history?: History;
  /** Draw now: a key was pressed. */
  readonly drawNow: () => void;
  /** Draw with the next frame. */
  readonly drawSoon: () => void;
  readonly leave: () => void;
}

const sortColumns: Partial<Record<PanesAction, string>> = {
  'sort-name': 'NAME',
  'sort-age': 'AGE',
  'sort-status': 'STATUS',
  'sort-namespace': 'NAMESPACE',
};

/** The panes without a screen: keys in, canvases out. */
export class Panes {
  readonly #options: PanesOptions;
  readonly #tables: readonly TableView[];
  readonly #output = new OutputView();
  readonly #input: InputLine;
  readonly #runner: CommandRunner;
  readonly #history: History;
  #outputOpen = false;
  #focusedTable = 0;
  #outputFocused = false;
  #message = '';
  #left = false;

  constructor(options: PanesOptions) {
    this.#options = options;
    this.#tables = options.panes.map(({ model }) => new TableView(model));
    this.#input = new InputLine(options.clock, options.drawNow);
    this.#history = options.history ?? new History();
    this.#runner = new CommandRunner({
      terminal: options.terminal,
      interpreter: options.interpreter,
      output: this.#output,
      questions: {
        read: ({ prompt }) =>
          this.#ask(
            prompt()
              .map((span) => span.text)
              .join(''),
          ),
      },
      changed: options.drawSoon,
    });
  }

  /** Cancels what runs: the panes are closing. */
  close(): void {
    this.#runner.running?.cancel();
    this.#input.close(undefined);
  }

  handle(event: InputEvent): void | 'keep' {
    if (event.kind === 'cursor') return;
    // Typed after `q` in the same breath: meant for the prompt.
    if (this.#left) return 'keep';
    if (this.#input.active) this.#input.handle(event);
    else if (event.kind === 'key') {
      const action = actionFor(panesKeys, event);
      if (action !== undefined) this.#run(action);
    }
    this.#options.drawNow();
  }

  draw(columns: number, rows: number): Canvas {
    const canvas = new Canvas(columns, rows);
    const nowMs = this.#options.clock.now();
    const places = arrange({
      columns,
      rows,
      tables: this.#options.panes.map(({ weight }, index) => ({
        weight,
        wanted: this.#tables[index]?.wantedWidth,
      })),
      focusedTable: this.#focusedTable,
      outputOpen: this.#outputOpen,
    });
    places.tables.forEach((area, index) => {
      const focused = !this.#outputFocused && index === this.#focusedTable;
      if (area !== undefined) this.#tables[index]?.draw(canvas, area, focused, nowMs);
    });
    if (places.output !== undefined) this.#output.draw(canvas, places.output, this.#outputFocused);
    if (places.statusRow !== undefined) this.#drawStatus(canvas, places.statusRow);
    if (this.#input.active) this.#input.draw(canvas, places.inputRow);
    else if (places.statusRow === undefined) this.#drawStatus(canvas, places.inputRow);
    else this.#drawPlace(canvas, places.inputRow);
    return canvas;
  }

  #drawStatus(canvas: Canvas, row: number): void {
    const stale = this.#tables.map(({ model }) => model.state).find((state) => state.kind === 'stale');
    if (stale !== undefined) {
      const since = new Date(stale.sinceMs).toTimeString().slice(0, 8);
      const text = ` disconnected since ${since}, retrying: ${sanitizeLine(stale.reason)}`;
      canvas.bar(row, 0, text, { color: 'red', bold: true, reverse: true }, canvas.columns);
      return;
    }
    const { running } = this.#runner;
    const text =
      running !== undefined
        ? `running: ${running.line}   Ctrl-C cancels`
        : this.#message !== ''
          ? this.#message
          : this.#hint();
    canvas.bar(row, 0, ` ${sanitizeLine(text)}`, { color: 'gray' }, canvas.columns);
  }

  #hint(): string {
    if (this.#outputFocused) return '↑↓ scroll   w wrap   Tab next pane   Esc close   ? help';
    return 'Enter describe   l logs   y YAML   Ctrl-D delete   / filter   : command   ? help   q back';
  }

  #drawPlace(canvas: Canvas, row: number): void {
    const { context, namespace, protected: isProtected } = this.#options.interpreter.where;
    const text = `${context}:${namespace}> `;
    canvas.put(row, 0, text, isProtected ? { color: 'red', bold: true } : { color: 'cyan' });
  }

  #run(action: PanesAction): void {
    this.#message = '';
    const nowMs = this.#options.clock.now();
    const table = this.#tables[this.#focusedTable];
    const sortColumn = sortColumns[action];
    if (sortColumn !== undefined) {
      if (table?.sortBy(sortColumn) === false)
        this.#message = `${table.model.title} have no column ${sortColumn}`;
      return;
    }
    switch (action) {
      case 'back':
        this.#back();
        return;
      case 'interrupt':
        if (this.#runner.running === undefined) this.#leave();
        else this.#runner.running.cancel();
        return;
      case 'suspend':
        this.#options.terminal.suspend();
        return;
      case 'redraw':
        return;
      case 'help':
        this.#help();
        return;
      case 'command':
        this.#command('');
        return;
      case 'filter':
        this.#filter();
        return;
      case 'focus-next':
      case 'focus-previous':
        this.#focus(action === 'focus-next' ? 1 : -1);
        return;
      case 'wrap':
        this.#output.toggleWrap();
        return;
      case 'line-down':
      case 'line-up':
        this.#move(action === 'line-down' ? 1 : -1, nowMs);
        return;
      case 'page-down':
      case 'page-up': {
        const direction = action === 'page-down' ? 1 : -1;
        if (this.#outputFocused) this.#output.page(direction);
        else table?.page(direction, nowMs);
        return;
      }
      case 'to-start':
        if (this.#outputFocused) this.#output.toStart();
        else table?.move(-Infinity, nowMs);
        return;
      case 'to-end':
        if (this.#outputFocused) this.#output.toEnd();
        else table?.move(Infinity, nowMs);
        return;
      default:
        this.#act(action as PaneAction, nowMs);
    }
  }

  #move(steps: number, nowMs: number): void {
    if (this.#outputFocused) this.#output.scroll(steps);
    else this.#tables[this.#focusedTable]?.move(steps, nowMs);
  }

  #leave(): void {
    this.#left = true;
    this.#options.leave();
  }

  /** One step out: the output, then the filter, then the panes themselves. */
  #back(): void {
    const table = this.#tables[this.#focusedTable];
    if (this.#outputOpen) {
      this.#runner.running?.cancel();
      this.#outputOpen = false;
      this.#outputFocused = false;
    } else if (table !== undefined && table.filter !== '') table.filter = '';
    else this.#leave();
  }

  #focus(direction: 1 | -1): void {
    const count = this.#tables.length + (this.#outputOpen ? 1 : 0);
    const at = this.#outputFocused ? this.#tables.length : this.#focusedTable;
    const next = (at + direction + count) % count;
    this.#outputFocused = next === this.#tables.length;
    if (!this.#outputFocused) this.#focusedTable = next;
  }

  #help(): void {
    this.#runner.running?.cancel();
    this.#output.begin('Keys');
    this.#output.write(`${helpLines(panesKeys).join('\n')}\n`);
    this.#output.showTop();
    this.#openOutput();
  }

  #filter(): void {
    const table = this.#tables[this.#focusedTable];
    if (table === undefined) return;
    this.#outputFocused = false;
    const before = table.filter;
    this.#input.open({
      label: '/',
      initial: before,
      onChange: (text) => {
        table.filter = text;
      },
      done: (text) => {
        table.filter = text ?? '';
      },
    });
  }

  #command(initial: string): void {
    const { interpreter } = this.#options;
    const { context, namespace } = interpreter.where;
    this.#input.open({
      label: `${context}:${namespace}> `,
      initial,
      history: this.#history,
      complete: (line, cursor, signal) => interpreter.complete(line, cursor, signal),
      done: (text) => {
        if (text === undefined || text.trim() === '') return;
        if (/^\s*(?:exit|quit|q)\s*$/.test(text)) {
          this.#leave();
          return;
        }
        // Not being able to keep history is reported by the shell itself.
        this.#history.add(text).catch(() => undefined);
        this.#execute(text.trim());
      },
    });
  }

  #act(action: PaneAction, nowMs: number): void {
    const table = this.#tables[this.#focusedTable];
    if (this.#outputFocused || table === undefined) return;
    const row = table.selected(nowMs);
    const line = row?.command(action);
    if (line === undefined) {
      this.#message = row === undefined ? 'nothing is selected' : `this has no ${action.replace('-', ' ')}`;
      return;
    }
    if (action === 'delete') this.#confirm(line);
    else this.#execute(line);
  }

  /** Deletion names the command and the cluster; in a protected context its name has to be typed. */
  #confirm(line: string): void {
    const { context, protected: isProtected } = this.#options.interpreter.where;
    const question = isProtected
      ? `${line}   in PROTECTED ${context}. Type the context's name to go on: `
      : `${line}   in ${context}. Go on? y/N `;
    this.#input.open({
      label: question,
      done: (answer) => {
        const agreed = isProtected ? answer === context : /^y(?:es)?$/i.test(answer?.trim() ?? '');
        if (agreed) this.#execute(line);
        else this.#message = 'not deleted';
      },
    });
  }

  #execute(line: string): void {
    const command = this.#runner.run(line);
    this.#openOutput();
    const endIsNews = /^(?:kubectl\s+)?logs\b/.test(line);
    void command.done.then((code) => {
      if (this.#output.title !== `> ${line}`) return;
      if (code !== 0) this.#output.title += ` [${code}]`;
      // What kept coming was followed; what came at once is read from its top.
      else if (!endIsNews) this.#output.showTop();
      this.#options.drawSoon();
    });
  }

  #openOutput(): void {
    this.#outputOpen = true;
    this.#outputFocused = true;
  }

  #ask(question: string): Promise<{ kind: 'line'; text: string } | { kind: 'interrupted' }> {
    return new Promise((resolve) => {
      this.#input.open({
        label: question,
        done: (text) => resolve(text === undefined ? { kind: 'interrupted' } : { kind: 'line', text }),
      });
    });
  }
}
