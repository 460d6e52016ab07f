import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KeyDecoder, keyLabel, type DecodedInput } from './key-decoder.ts';

function decode(...chunks: (string | Uint8Array)[]): DecodedInput[] {
  const decoder = new KeyDecoder();
  const events = chunks.flatMap((chunk) =>
    decoder.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk),
  );
  return [...events, ...decoder.flush()];
}

function labels(...chunks: (string | Uint8Array)[]): string[] {
  return decode(...chunks).map(({ event }) => {
    if (event.kind === 'key') return keyLabel(event);
    return event.kind === 'paste' ? `paste:${event.text}` : `cursor:${event.row},${event.column}`;
  });
}

describe('KeyDecoder', () => {
  test.each([
    ['\x01', 'Ctrl-A'],
    ['\x1f', 'Ctrl-_'],
    ['\x08', 'Ctrl-H'],
    ['\x7f', 'Backspace'],
    ['\r', 'Enter'],
    ['\t', 'Tab'],
    ['\x1b[Z', 'Shift-Tab'],
    [' ', 'Space'],
    ['a', 'a'],
    ['G', 'G'],
    ['é', 'é'],
    ['\x1bb', 'Alt-b'],
    ['\x1b\x7f', 'Alt-Backspace'],
    ['\x1b\r', 'Alt-Enter'],
    ['\x1b[A', '↑'],
    ['\x1bOA', '↑'],
    ['\x1b[1;5D', 'Ctrl-←'],
    ['\x1b[1;3C', 'Alt-→'],
    ['\x1b[1;2B', 'Shift-↓'],
    ['\x1b[1;6A', 'Ctrl-Shift-↑'],
    ['\x1bOd', 'Ctrl-←'],
    ['\x1b[3~', 'Delete'],
    ['\x1b[3;5~', 'Ctrl-Delete'],
    ['\x1b[5~', 'PgUp'],
    ['\x1b[H', 'Home'],
    ['\x1b[4~', 'End'],
    ['\x1b[[A', 'F1'],
    ['\x1b[15~', 'F5'],
    ['\x1b[7^', 'Ctrl-Home'],
    ['\x1b\x1b[A', 'Alt-↑'],
    ['\x1b[97;5u', 'Ctrl-A'],
    ['\x1b[27;5;9~', 'Ctrl-Tab'],
    ['\x1bOM', 'Enter'],
    ['\x1bOp', '0'],
    ['\x1b[12;40R', 'cursor:12,40'],
  ])('reads %j as %s', (bytes, label) => {
    expect(labels(bytes)).toEqual([label]);
  });

  test('tells a lone Escape from a sequence by the pause after it', () => {
    const decoder = new KeyDecoder();
    expect(decoder.push(Buffer.from('\x1b'))).toEqual([]);
    expect(decoder.waiting).toBe(true);
    expect(decoder.flush().map(({ event }) => event.kind === 'key' && event.name)).toEqual(['escape']);
    expect(decoder.waiting).toBe(false);
  });

  test('joins UTF-8 and sequences that arrive in pieces', () => {
    const bytes = Buffer.from('日');
    expect(labels(bytes.subarray(0, 1), bytes.subarray(1, 2), bytes.subarray(2))).toEqual(['日']);
    expect(labels('\x1b', '[1', ';5', 'C')).toEqual(['Ctrl-→']);
  });

  test('delivers a paste as one text, whatever is in it', () => {
    expect(labels('\x1b[200~rm -rf\r\x03\x1b[A', '日\x1b[20', '1~x')).toEqual([
      'paste:rm -rf\r\x03\x1b[A日',
      'x',
    ]);
  });

  test('hands a paste without end on in pieces instead of keeping it', () => {
    const decoder = new KeyDecoder();
    decoder.push(Buffer.from('\x1b[200~'));
    const [first] = decoder.push(Buffer.alloc(3 << 20, 'x'));
    expect(first?.event.kind).toBe('paste');
  });

  test('ignores mouse reports, focus reports and answers nobody asked for', () => {
    expect(
      labels('\x1b[<0;10;20M\x1b[<0;10;20m\x1b[M !!\x1b[I\x1b[O\x1b[?1;2c\x1b]11;rgb:0/0/0\x07a'),
    ).toEqual(['a']);
  });

  test('gives undecoded bytes back for whoever reads raw', () => {
    const decoder = new KeyDecoder();
    decoder.push(Buffer.from('a\x1b[1;'));
    expect(decoder.takeRaw()).toBe('\x1b[1;');
    expect(decoder.waiting).toBe(false);
  });

  test('does not depend on how bytes are cut into chunks, and keeps the bytes of every event', () => {
    const pieces = fc.constantFrom(
      'a',
      'é',
      '日',
      '😀',
      '\x1b[A',
      '\x1b[1;5C',
      '\x1bOH',
      '\x1b[200~x\ny\x1b[201~',
      '\x01',
      '\r',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 20 }), fc.array(fc.nat(6)), (parts, cuts) => {
        const bytes = Buffer.from(parts.join(''));
        const chunks: Uint8Array[] = [];
        let at = 0;
        for (const cut of cuts) {
          chunks.push(bytes.subarray(at, at + cut));
          at += cut;
        }
        chunks.push(bytes.subarray(at));
        const whole = decode(bytes);
        expect(decode(...chunks)).toEqual(whole);
        expect(whole.map(({ raw }) => raw).join('')).toBe(parts.join(''));
      }),
    );
  });

  test('never throws and never emits control characters as text, whatever arrives', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 5 }), (chunks) => {
        for (const { event } of decode(...chunks)) {
          if (event.kind === 'key') expect(event.text).not.toMatch(/[\x00-\x1f\x7f-\x9f]/);
        }
      }),
      { numRuns: 300 },
    );
  });
});
