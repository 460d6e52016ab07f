/** Now, on a clock that all processes of the machine share, in milliseconds with fractions. */
export function sharedNowMs(): number {
  return performance.timeOrigin + performance.now();
}

/** How late events came, by tenths of a millisecond: a number for each of millions would be what is measured. */
export class Lateness {
  readonly #tenths = new Uint32Array(100_000);
  #seen = 0;

  get seen(): number {
    return this.#seen;
  }

  /** An event that says when it was sent; one that does not counts for nothing. */
  see(sentMs: number | undefined, nowMs = sharedNowMs()): void {
    if (sentMs === undefined) return;
    const slot = Math.max(0, Math.round((nowMs - sentMs) * 10));
    const at = Math.min(this.#tenths.length - 1, slot);
    this.#tenths[at] = (this.#tenths[at] ?? 0) + 1;
    this.#seen++;
  }

  quantile(fraction: number): number {
    let below = 0;
    return this.#tenths.findIndex((count) => (below += count) >= this.#seen * fraction) / 10;
  }
}
