import type { Output } from './command-line.ts';

/** A Node stream as far as output needs it; process.stdout and process.stderr fit. */
export interface OutputStream {
  readonly isTTY?: boolean;
  readonly writableNeedDrain?: boolean;
  write(chunk: string | Uint8Array): boolean;
  on(event: 'drain' | 'error' | 'close', listener: (error?: Error) => void): unknown;
  off(event: 'drain' | 'error' | 'close', listener: (error?: Error) => void): unknown;
}

/**
 * Output to a pipe, file or terminal. When the reader goes away (EPIPE) the rest is dropped and `onGone` is called
 * once, so that `wh logs -f | head` ends.
 */
export class StreamOutput implements Output {
  readonly isTerminal: boolean;
  readonly colors: boolean;
  readonly #stream: OutputStream;
  #gone = false;

  constructor(stream: OutputStream, colors: boolean, onGone: () => void) {
    this.#stream = stream;
    this.colors = colors;
    this.isTerminal = stream.isTTY === true;
    stream.on('error', () => {
      if (this.#gone) return;
      this.#gone = true;
      onGone();
    });
  }

  async write(chunk: string | Uint8Array): Promise<void> {
    if (this.#gone || chunk.length === 0) return;
    const stream = this.#stream;
    if (stream.write(chunk)) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        for (const event of ['drain', 'error', 'close'] as const) stream.off(event, done);
        resolve();
      };
      for (const event of ['drain', 'error', 'close'] as const) stream.on(event, done);
    });
  }
}
