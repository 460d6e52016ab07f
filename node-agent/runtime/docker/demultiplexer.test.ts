import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, expect, test } from 'vitest';
import { Demultiplexer, FrameParser } from './demultiplexer.ts';

function frame(type: number, data: string | Buffer): Buffer {
  const content = Buffer.from(data);
  const header = Buffer.alloc(8);
  header[0] = type;
  header.writeUInt32BE(content.length, 4);
  return Buffer.concat([header, content]);
}

function parse(chunks: readonly Buffer[]): string[] {
  const parser = new FrameParser();
  const pieces: string[] = [];
  for (const chunk of chunks) {
    parser.push(chunk, (stream, start, end) =>
      pieces.push(`${stream}:${chunk.toString('utf8', start, end)}`),
    );
  }
  return pieces;
}

describe("Docker's frames", () => {
  const sent = Buffer.concat([frame(1, 'out'), frame(2, 'err'), frame(1, ''), frame(3, 'Docker itself')]);

  test('are told apart by stream, empty ones left out', () => {
    expect(parse([sent])).toEqual(['stdout:out', 'stderr:err', 'stderr:Docker itself']);
  });

  test('may be cut anywhere', () => {
    for (let at = 1; at < sent.length; at++) {
      const pieces = parse([sent.subarray(0, at), sent.subarray(at)]);
      const of = (stream: string) =>
        pieces.flatMap((piece) => (piece.startsWith(stream) ? piece.slice(stream.length + 1) : [])).join('');
      expect([of('stdout'), of('stderr')]).toEqual(['out', 'errDocker itself']);
    }
  });

  test('are handed on in pieces, so that a long one is never held', () => {
    const long = frame(1, 'x'.repeat(100_000));
    expect(parse([long.subarray(0, 50_000), long.subarray(50_000)]).map((piece) => piece.length)).toEqual([
      50_000 - 8 + 'stdout:'.length,
      50_008 + 'stdout:'.length,
    ]);
  });

  test('that are none are reported, not guessed at', () => {
    expect(() => parse([Buffer.from('/ # echo hello')])).toThrow(/no frame header/);
  });
});

describe('a demultiplexer', () => {
  test('sends each stream its own and ends both', async () => {
    const [source, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
    source.end(Buffer.concat([frame(1, 'a'), frame(2, 'b'), frame(1, 'c')]));
    await pipeline(source, new Demultiplexer(stdout, stderr));
    expect([await text(stdout), await text(stderr)]).toEqual(['ac', 'b']);
  });

  test('writes once for many small frames', async () => {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    new Demultiplexer(stdout, stderr).end(
      Buffer.concat(Array.from({ length: 50 }, (_, index) => frame(1 + (index % 2), `${index % 2}`))),
    );
    const [first] = (await once(stdout, 'data')) as [Buffer];
    expect(first.toString()).toBe('0'.repeat(25));
    expect(await text(stderr)).toBe('1'.repeat(25));
  });

  test('takes no more while nobody reads', async () => {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    const demultiplexer = new Demultiplexer(stdout, stderr);
    const chunk = frame(1, Buffer.alloc(16_384));
    let taken = 0;
    for (let i = 0; i < 100; i++) demultiplexer.write(chunk, () => taken++);
    demultiplexer.end();
    await new Promise((resolve) => setImmediate(resolve));
    expect(taken).toBeLessThan(5);
    expect(Buffer.byteLength(await text(stdout))).toBe(100 * 16_384);
    expect(taken).toBe(100);
  });

  test('goes on when one reader has gone away', async () => {
    const [source, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
    stderr.destroy();
    for (let i = 0; i < 10; i++) source.write(frame(2, Buffer.alloc(16_384)));
    source.end(frame(1, 'still here'));
    await pipeline(source, new Demultiplexer(stdout, stderr));
    expect(await text(stdout)).toBe('still here');
  });
});

async function text(stream: PassThrough): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString();
}
