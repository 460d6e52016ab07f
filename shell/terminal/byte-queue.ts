/** Bytes from the keyboard on their way to one reader. Bounded by what a person can type or paste: 8 MiB. */
export class ByteQueue implements AsyncIterable<Uint8Array> {
  readonly #chunks: Uint8Array[] = [];
  #sizeBytes = 0;
  #ended = false;
  #wake: (() => void) | undefined;

  push(chunk: Uint8Array): void {
    // Dropped beyond the bound: the far side has stopped reading and nobody types eight megabytes.
    if (this.#ended || this.#sizeBytes + chunk.length > 8 << 20) return;
    this.#chunks.push(chunk);
    this.#sizeBytes += chunk.length;
    this.#wake?.();
  }

  /** Ends the iteration and returns what was not read. */
  end(): Uint8Array[] {
    this.#ended = true;
    this.#wake?.();
    this.#sizeBytes = 0;
    return this.#chunks.splice(0);
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) {
        this.#sizeBytes -= chunk.length;
        yield chunk;
        continue;
      }
      if (this.#ended) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }
}
