import { describe, expect, test } from 'vitest';
import { Canvas } from './canvas.ts';
import { OutputView } from './output-view.ts';

function drawn(output: OutputView, width = 20, height = 6): string[] {
  const canvas = new Canvas(width, height);
  output.draw(canvas, { top: 0, left: 0, width, height }, true);
  return canvas
    .toLines()
    .slice(1, -1)
    .map((line) => line.slice(1, -1).trimEnd());
}

function lines(from: number, to: number): string {
  return Array.from({ length: to - from + 1 }, (_, index) => `line ${from + index}\n`).join('');
}

describe('OutputView', () => {
  test('follows its end until somebody scrolls up, and again from the end', () => {
    const output = new OutputView();
    output.begin('logs');
    output.write(lines(1, 10));
    expect(drawn(output)).toEqual(['line 7', 'line 8', 'line 9', 'line 10']);
    output.scroll(-2);
    output.write(lines(11, 12));
    expect(drawn(output)).toEqual(['line 5', 'line 6', 'line 7', 'line 8']);
    output.toEnd();
    expect(drawn(output).at(-1)).toBe('line 12');
    output.page(-1);
    output.page(1);
    output.write('line 13\n');
    expect(drawn(output).at(-1)).toBe('line 13');
  });

  test('joins pieces of lines and characters, and shows the line that is still open', () => {
    const output = new OutputView();
    output.begin('x');
    const bytes = Buffer.from('日本');
    output.write(bytes.subarray(0, 2));
    output.write(bytes.subarray(2));
    output.write(' more');
    expect(drawn(output)[0]).toBe('日本 more');
  });

  test('wraps, or cuts, long lines', () => {
    const output = new OutputView();
    output.begin('x');
    output.write(`${'x'.repeat(30)}\n`);
    expect(drawn(output)).toEqual(['x'.repeat(18), 'x'.repeat(12), '', '']);
    output.toggleWrap();
    expect(drawn(output)).toEqual(['x'.repeat(18), '', '', '']);
  });

  test('expands tabs and takes escape sequences out', () => {
    const output = new OutputView();
    output.begin('x');
    output.write('a\tb\n\x1b[31mred\x1b[2J\n');
    expect(drawn(output).slice(0, 2)).toEqual(['a       b', 'red']);
  });

  test('stays bounded', () => {
    const output = new OutputView();
    output.begin('x');
    output.toStart();
    output.write(lines(1, 20_000));
    expect(drawn(output)[0]).toBe('line 15001');
    output.write('y'.repeat(10 << 20));
    output.write('\n');
    expect(drawn(output)).toBeDefined();
  });
});
