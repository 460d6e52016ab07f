/** Does long work in pieces, so that keys and other documents are not held up by it. */
export class Slices {
  readonly #now: () => number;
  readonly #sliceMs: number;
  #startedMs: number;

  /** @param now milliseconds of any clock that only goes forward */
  constructor(now: () => number, sliceMs = 12) {
    this.#now = now;
    this.#sliceMs = sliceMs;
    this.#startedMs = now();
  }

  /** Lets others go first when it is their turn. Throws the signal's reason once it is aborted. */
  async next(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#now() - this.#startedMs < this.#sliceMs) return;
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
    signal.throwIfAborted();
    this.#startedMs = this.#now();
  }
}
