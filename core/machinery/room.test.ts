import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { roomIn } from './room.ts';

describe('room in a stream', () => {
  test('is there at once where the last write found some', async () => {
    const stream = new PassThrough();
    stream.write('x');
    await roomIn(stream);
  });

  test.each([
    ['is read', (stream: PassThrough) => stream.resume()],
    ['is destroyed', (stream: PassThrough) => stream.destroy()],
  ])('comes when it %s, and leaves no listener', async (_, free) => {
    const stream = new PassThrough({ highWaterMark: 4 });
    stream.write('more than four');
    const listening = () => stream.listenerCount('drain') + stream.listenerCount('close');
    const before = listening();
    const room = roomIn(stream);
    expect(listening()).toBe(before + 2);
    free(stream);
    await room;
    expect(listening()).toBe(before);
  });
});
