import xterm from '@xterm/headless';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { layOut, type Layout, type Span } from './layout.ts';
import { Renderer } from './renderer.ts';

const prompt: readonly Span[] = [
  { text: 'test', sgr: '36' },
  { text: '> ', sgr: '' },
];

interface View {
  readonly before: string;
  readonly after: string;
  readonly ghost: string;
  readonly below: readonly string[];
}

function layoutOf({ before, after, ghost, below }: View, columns: number, rows: number): Layout {
  return layOut({
    prompt,
    continuation: [{ text: '> ', sgr: '2' }],
    beforeCursor: [{ text: before, sgr: '' }],
    afterCursor: [
      { text: after, sgr: '' },
      { text: ghost, sgr: '2' },
    ],
    below: below.map((text) => [{ text, sgr: '7' }]),
    columns,
    maxRows: rows,
  });
}

class Screen {
  readonly #terminal: InstanceType<typeof xterm.Terminal>;

  constructor(columns: number, rows: number) {
    this.#terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
  }

  write(text: string): Promise<void> {
    return new Promise((resolve) => this.#terminal.write(text, resolve));
  }

  /** Rows from the one the prompt is on, and where the cursor stands among them. */
  from(top: number): { rows: string[]; row: number; column: number } {
    const { active } = this.#terminal.buffer;
    const rows: string[] = [];
    for (let row = top; row < active.length; row += 1)
      rows.push(active.getLine(row)?.translateToString(true).trimEnd() ?? '');
    return { rows, row: active.baseY + active.cursorY - top, column: active.cursorX };
  }

  get line(): number {
    const { active } = this.#terminal.buffer;
    return active.baseY + active.cursorY;
  }
}

const shownText = (layout: Layout) =>
  layout.rows.map((row) =>
    row
      .map((cell) => cell.text)
      .join('')
      .trimEnd(),
  );

describe('Renderer', () => {
  test('shows on a real terminal exactly what was laid out, through any run of changes', async () => {
    const columns = 13;
    const rows = 8;
    const text = fc
      .array(fc.constantFrom('a', 'b', ' ', '日', '本', 'é', '\n', 'xyz', '12345678'), { maxLength: 14 })
      .map((parts) => parts.join(''));
    const view = fc.record({
      before: text,
      after: text,
      ghost: fc.constantFrom('', 'ghost', '日本語'),
      below: fc.array(fc.constantFrom('menu one', 'a rather long menu row', '日本語日本語日本語'), {
        maxLength: 3,
      }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(view, { minLength: 1, maxLength: 6 }), fc.nat(9), async (views, startRow) => {
        const screen = new Screen(columns, rows);
        await screen.write('\r\n'.repeat(startRow));
        const renderer = new Renderer();
        const { line } = screen;
        for (const next of views) {
          const layout = layoutOf(next, columns, rows);
          await screen.write(renderer.update(layout));
          const seen = screen.from(line);
          const expected = shownText(layout);
          expect(seen.rows.slice(0, expected.length)).toEqual(expected);
          expect(seen.rows.slice(expected.length).join('')).toBe('');
          expect({ row: seen.row, column: seen.column }).toEqual({
            row: layout.cursorRow,
            column: layout.cursorColumn,
          });
          expect(renderer.update(layout)).toBe('');
        }
        await screen.write(renderer.finish());
        expect(screen.from(line).column).toBe(0);
      }),
      { numRuns: 150 },
    );
  });

  test('writes a typed character and nothing else', () => {
    const renderer = new Renderer();
    const view = { before: 'get pod', after: '', ghost: '', below: [] };
    renderer.update(layoutOf(view, 80, 24));
    expect(renderer.update(layoutOf({ ...view, before: 'get pods' }, 80, 24))).toBe('s');
  });

  test('keeps the cursor in view of a text higher than the screen', () => {
    const before = Array.from({ length: 50 }, (_, index) => `line ${index}`).join('\n');
    const layout = layoutOf({ before, after: '\nlast', ghost: '', below: [] }, 40, 10);
    expect(layout.rows).toHaveLength(10);
    expect(shownText(layout)[layout.cursorRow]).toBe('> line 49');
  });

  test('gives every printable something to stand for it', () => {
    const layout = layoutOf({ before: 'a\tb\u0301\u200b', after: '', ghost: '', below: [] }, 40, 10);
    expect(shownText(layout)[0]).toBe('test> a b\u0301·');
  });
});
