import { describe, expect, test } from 'vitest';
import { LogText } from './logs.ts';

const date = '2026-01-02T03:04:05.123456789Z ';

function frame(type: number, data: string): Buffer {
  const header = Buffer.alloc(8);
  header[0] = type;
  header.writeUInt32BE(Buffer.byteLength(data), 4);
  return Buffer.concat([header, Buffer.from(data)]);
}

/** The text of a log that comes in chunks of `size` bytes. */
function textOf(log: Buffer, size: number, timestamps = false): string {
  const text = new LogText(timestamps);
  const pieces: Buffer[] = [];
  for (let at = 0; at < log.length; at += size)
    pieces.push(text.push(Buffer.from(log.subarray(at, at + size))));
  return Buffer.concat(pieces).toString();
}

const sizes = [1, 2, 3, 5, 7, 8, 9, 30, 31, 32, 33, 64, 1_000];

describe("the text of Docker's log", () => {
  test.each(sizes)('is the lines of both streams in order, in chunks of %i bytes', (size) => {
    const log = Buffer.concat([frame(1, 'one\n'), frame(2, 'zwei – ü\n'), frame(1, ''), frame(1, 'three')]);
    expect(textOf(log, size)).toBe('one\nzwei – ü\nthree');
  });

  test.each(sizes)('dates a line once that Docker cut, in chunks of %i bytes', (size) => {
    const log = Buffer.concat([
      frame(1, `${date}long `),
      // Another stream speaks between the parts of the line.
      frame(2, `${date}error\n`),
      frame(1, `${date}line\n`),
      frame(1, `${date}next\n`),
    ]);
    expect(textOf(log, size, true)).toBe(`${date}long ${date}error\nline\n${date}next\n`);
  });

  test('is one piece for a chunk, whatever the number of lines', () => {
    const lines = Array.from({ length: 1_000 }, (_, index) => `line ${index}\n`);
    const piece = new LogText(false).push(Buffer.concat(lines.map((line) => frame(1, line))));
    expect(piece.toString()).toBe(lines.join(''));
  });
});
