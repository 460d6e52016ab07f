import { Duplex } from 'node:stream';
import { deflateSync } from 'node:zlib';
import { array, assert, asyncProperty, integer, property, uint8Array } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { headerDictionary } from './dictionary.ts';
import { dataFrame, FrameReader, pingFrame, synStreamFrame } from './frames.ts';
import type { Frame } from './frames.ts';
import { HeaderReader, HeaderWriter } from './header-block.ts';
import { SpdySession } from './session.ts';
import type { SpdyStream } from './session.ts';

test('the dictionary is the one that the protocol fixes', () => {
  let [a, b] = [1, 0];
  for (const byte of headerDictionary) {
    a = (a + byte) % 65_521;
    b = (b + a) % 65_521;
  }
  // The number zlib streams of SPDY/3 name it by.
  expect((b * 65_536 + a).toString(16)).toBe('e3c6a7c2');
});

describe('frames', () => {
  test('come out whole however the bytes arrive', () => {
    const sent = [
      dataFrame(1, Buffer.from('hello'), false),
      pingFrame(7),
      dataFrame(3, Buffer.alloc(0), true),
    ];
    const bytes = Buffer.concat(sent);
    assert(
      property(array(integer({ min: 1, max: bytes.length }), { maxLength: 10 }), (sizes) => {
        const reader = new FrameReader();
        const frames: Frame[] = [];
        let at = 0;
        for (const size of [...sizes, bytes.length]) {
          frames.push(...reader.read(bytes.subarray(at, at + size)));
          at += size;
          if (at >= bytes.length) break;
        }
        expect(frames).toEqual([
          { kind: 'data', stream: 1, fin: false, data: Buffer.from('hello') },
          { kind: 'ping', id: 7 },
          { kind: 'data', stream: 3, fin: true, data: Buffer.alloc(0) },
        ]);
      }),
    );
  });

  test('that are none, or too long, are refused', () => {
    const read = (...bytes: number[]) => [...new FrameReader().read(Buffer.from(bytes))];
    expect(() => read(0, 0, 0, 1, 0, 0x20, 0, 0)).toThrow('2097152 bytes');
    expect(() => read(0x80, 9, 0, 1, 0, 0, 0, 0)).toThrow('another version');
    expect(() => read(0x80, 3, 0, 6, 0, 0, 0, 1, 0)).toThrow('cut off');
  });
});

describe('headers', () => {
  test('pass from writer to reader, one block after another', async () => {
    const [writer, reader] = [new HeaderWriter(), new HeaderReader()];
    for (const type of ['error', 'data', 'data']) {
      const headers = new Map([
        ['streamtype', type],
        ['port', '8080'],
      ]);
      expect(await reader.read(await writer.write(headers))).toEqual(headers);
    }
  });

  test('that are a bomb, or nothing that unpacks, are refused', async () => {
    const bomb = await new HeaderWriter().write(new Map([['a', 'x'.repeat(60_000)]]));
    await expect(new HeaderReader().read(bomb)).resolves.toHaveProperty('size', 1);
    const larger = deflateSync(Buffer.alloc(50_000_000), { dictionary: headerDictionary });
    await expect(new HeaderReader().read(larger)).rejects.toThrow('there are too many');
    await expect(new HeaderReader().read(Buffer.from('nothing'))).rejects.toThrow('Cannot read SPDY headers');
  });
});

/** Two ends of one connection. */
function connectionPair(): [Duplex, Duplex] {
  const ends: Duplex[] = [];
  for (const index of [0, 1]) {
    ends.push(
      new Duplex({
        read: () => undefined,
        write: (chunk: Buffer, _encoding, done) => {
          ends[1 - index]?.push(chunk);
          done();
        },
        final: (done) => {
          ends[1 - index]?.push(null);
          done();
        },
      }),
    );
  }
  return ends as [Duplex, Duplex];
}

describe('a session', () => {
  test('opens streams, carries both directions, and half-closes', async () => {
    const [client, server] = connectionPair();
    const opened: SpdyStream[] = [];
    const session = new SpdySession(server, (stream) => opened.push(stream));
    const running = session.run();
    const headers = await new HeaderWriter().write(new Map([['streamtype', 'stdin']]));
    client.write(synStreamFrame(1, headers));
    client.write(dataFrame(1, Buffer.from('ping'), true));
    const frames = new FrameReader();
    const received: Frame[] = [];
    client.on('data', (bytes: Buffer) => received.push(...frames.read(bytes)));
    await expect.poll(() => opened.length).toBe(1);
    const [stream] = opened as [SpdyStream];
    expect(stream.headers.get('streamtype')).toBe('stdin');
    const read: Buffer[] = [];
    for await (const piece of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>)
      read.push(piece);
    expect(Buffer.concat(read).toString()).toBe('ping');
    stream.end('pong');
    await expect.poll(() => received.filter(({ kind }) => kind === 'data')).toHaveLength(2);
    expect(received[0]).toMatchObject({ kind: 'syn-reply', stream: 1 });
    expect(received[1]).toMatchObject({ kind: 'data', fin: false, data: Buffer.from('pong') });
    expect(received[2]).toMatchObject({ kind: 'data', fin: true });
    session.close();
    client.end();
    await running;
  });

  test('with a peer that sends anything at all ends, and takes its streams with it', async () => {
    await assert(
      asyncProperty(array(uint8Array({ maxLength: 64 }), { maxLength: 8 }), async (pieces) => {
        const [client, server] = connectionPair();
        const opened: SpdyStream[] = [];
        const running = new SpdySession(server, (stream) => opened.push(stream)).run();
        client.resume();
        for (const piece of pieces) client.write(Buffer.from(piece));
        client.end();
        await running;
        expect(opened.every((stream) => stream.destroyed)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
