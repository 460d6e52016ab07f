import type { Writable } from 'node:stream';

/** Resolves when a stream whose `write` said false takes more, or will never. */
export function roomIn(stream: Writable): Promise<void> {
  if (!stream.writableNeedDrain) return Promise.resolve();
  return new Promise((resolve) => {
    const onRoom = () => {
      stream.off('drain', onRoom);
      stream.off('close', onRoom);
      resolve();
    };
    stream.on('drain', onRoom);
    stream.on('close', onRoom);
  });
}
