import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import type { Widgets } from 'blessed';
import type { Terminal } from '../terminal/terminal.ts';
import type { Canvas, CellStyle } from './canvas.ts';

/** What blessed writes to: the terminal, by way of its owner. Sizes are told, not asked for. */
class Sink extends EventEmitter {
  readonly isTTY = true;
  readonly writable = true;
  columns: number;
  rows: number;
  readonly #terminal: Terminal;

  constructor(terminal: Terminal) {
    super();
    this.#terminal = terminal;
    this.columns = terminal.columns;
    this.rows = terminal.rows;
  }

  write(data: string): boolean {
    this.#terminal.write(data);
    return true;
  }
}

/** What blessed reads from: nothing, ever. Keys have one owner, and it is not blessed. */
class NoKeys extends EventEmitter {
  readonly isRaw = true;
  setRawMode(): this {
    return this;
  }
  resume(): this {
    return this;
  }
  pause(): this {
    return this;
  }
}

/** blessed's cell: packed attributes and the text; `dirty` on a row has it compared and written. */
type BlessedRow = [number, string][] & { dirty: boolean };
interface BlessedScreen extends Widgets.Screen {
  readonly lines: BlessedRow[];
  enter(): void;
  leave(): void;
}
interface BlessedProgram {
  isAlt: boolean;
  cup(row: number, column: number): void;
  showCursor(): void;
  hideCursor(): void;
  flush(): void;
}

/** Signals and exits are the terminal owner's: blessed would end the process on SIGTERM and knows no SIGHUP. */
const processEvents = ['uncaughtException', 'SIGTERM', 'SIGINT', 'SIGQUIT', 'exit'];

/**
 * The screen the panes are drawn on: one blessed box over everything, filled from a canvas cell by cell. blessed keeps
 * what the terminal shows and writes only the difference; none of its own widgets, key handling or tags are used.
 */
export class BlessedSurface {
  readonly #terminal: Terminal;
  readonly #sink: Sink;
  readonly #screen: BlessedScreen;
  readonly #program: BlessedProgram;
  #canvas: Canvas | undefined;
  /** Where the terminal's cursor now is, undefined while it is hidden: blessed puts it back after each drawing. */
  #cursor: Canvas['cursor'];
  #entered = false;

  private constructor(terminal: Terminal, sink: Sink, screen: BlessedScreen) {
    this.#terminal = terminal;
    this.#sink = sink;
    this.#screen = screen;
    this.#program = screen.program as unknown as BlessedProgram;
  }

  /** Loads blessed (some tens of milliseconds, hence only here) and takes the alternate screen. */
  static async create(terminal: Terminal): Promise<BlessedSurface> {
    const { default: blessed } = await import('blessed');
    const sink = new Sink(terminal);
    const listenersBefore = processEvents.map((event) => listenersOf(event));
    const screen = withEnvironment(() =>
      blessed.screen({
        input: new NoKeys() as unknown as NodeJS.ReadStream,
        output: sink as unknown as NodeJS.WriteStream,
        // blessed parses terminfo itself and fails on some systems' entries; every terminal of today does xterm's.
        terminal: createRequire(import.meta.url).resolve('blessed/usr/xterm-256color'),
        forceUnicode: true,
        fullUnicode: true,
        warnings: false,
        resizeTimeout: 0,
      }),
    ) as BlessedScreen;
    processEvents.forEach((event, index) => {
      for (const listener of listenersOf(event)) {
        if (!listenersBefore[index]?.includes(listener)) process.off(event, listener);
      }
    });
    const surface = new BlessedSurface(terminal, sink, screen);
    const box = blessed.box({ parent: screen, top: 0, left: 0, width: '100%', height: '100%' });
    box.render = () => surface.#fill() as unknown as ReturnType<typeof box.render>;
    surface.#program.flush();
    surface.#entered = true;
    return surface;
  }

  /** Takes the alternate screen, unless that is done already, and forgets what was on it. */
  enter(reason: 'begin' | 'uncovered' | 'resumed'): void {
    // Stopped from outside: nobody left, but what is on the screen now is anybody's guess.
    if (this.#entered && reason !== 'begin') this.#program.isAlt = false;
    this.#entered = true;
    if (this.#sink.columns !== this.#terminal.columns || this.#sink.rows !== this.#terminal.rows)
      this.resize();
    this.#screen.enter();
    this.#cursor = undefined;
    this.#terminal.write('\x1b[?2004h');
  }

  /** Gives the main screen back as it was, cursor shown. Synchronous. */
  leave(): void {
    if (!this.#entered) return;
    this.#entered = false;
    this.#screen.leave();
    this.#program.flush();
    this.#terminal.write('\x1b[?2004l');
  }

  /** The size may have changed: clears the screen and forgets what was on it. */
  resize(): void {
    // Lent out: the screen is somebody else's to clear. `enter` looks at the size again.
    if (!this.#entered) return;
    this.#sink.columns = this.#terminal.columns;
    this.#sink.rows = this.#terminal.rows;
    this.#canvas = undefined;
    // Still shown or hidden as it was, but who knows where.
    if (this.#cursor !== undefined) this.#cursor = { row: -1, column: -1 };
    this.#sink.emit('resize');
  }

  show(canvas: Canvas): void {
    if (!this.#entered) return;
    this.#canvas = canvas;
    this.#screen.render();
    const { cursor } = canvas;
    const shown = this.#cursor;
    if (cursor === undefined) {
      if (shown !== undefined) this.#program.hideCursor();
    } else {
      if (cursor.row !== shown?.row || cursor.column !== shown.column)
        this.#program.cup(cursor.row, cursor.column);
      if (shown === undefined) this.#program.showCursor();
    }
    this.#cursor = cursor;
    this.#program.flush();
  }

  dispose(): void {
    this.leave();
    this.#screen.destroy();
  }

  #fill(): void {
    const canvas = this.#canvas;
    if (canvas === undefined) return;
    canvas.cells.forEach((cells, row) => {
      const line = this.#screen.lines[row];
      if (line === undefined) return;
      cells.forEach(({ text, style }, column) => {
        const cell = line[column];
        if (cell === undefined) return;
        const attributes = packed(style, this.#terminal.colors);
        const shown = text === '' ? ' ' : text;
        if (cell[0] === attributes && cell[1] === shown) return;
        cell[0] = attributes;
        cell[1] = shown;
        line.dirty = true;
      });
    });
  }
}

const colorNumbers = { red: 1, green: 2, yellow: 3, blue: 4, magenta: 5, cyan: 6, gray: 8 } as const;
const defaultColor = 0x1ff;

/** blessed packs flags (bold 1, underline 2, inverse 8), foreground and background into 9-bit fields. */
function packed({ color, bold, reverse, underline }: CellStyle, colors: boolean): number {
  const flags = (bold === true ? 1 : 0) | (underline === true ? 2 : 0) | (reverse === true ? 8 : 0);
  const foreground = colors && color !== undefined ? colorNumbers[color] : defaultColor;
  return (flags << 18) | (foreground << 9) | defaultColor;
}

/** The process as a plain emitter: its own typing has an overload per event. */
function listenersOf(event: string): ((...args: unknown[]) => void)[] {
  return (process as EventEmitter).listeners(event) as ((...args: unknown[]) => void)[];
}

/** blessed reads the environment once, while it is made: line drawing in UTF-8, and no `tmux -V` run for it. */
function withEnvironment<T>(make: () => T): T {
  const { NCURSES_NO_UTF8_ACS: lines, TMUX: tmux } = process.env;
  process.env['NCURSES_NO_UTF8_ACS'] = '1';
  delete process.env['TMUX'];
  try {
    return make();
  } finally {
    if (lines === undefined) delete process.env['NCURSES_NO_UTF8_ACS'];
    else process.env['NCURSES_NO_UTF8_ACS'] = lines;
    if (tmux !== undefined) process.env['TMUX'] = tmux;
  }
}
