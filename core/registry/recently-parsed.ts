/** A form of something that can be made again. */
export interface Forgettable {
  forget(): void;
}

/** What a write, its watch and those who follow it read; each lives once or twice as long as this. */
const generationMs = 20;
const generationBytes = 512 * 1024;

/**
 * Lets parsed forms live for as long as several read them one after the other, and not until the next scavenge: what
 * outlives two of those grows old and waits for the long collection, and copying it is most of what they take. Weak
 * references would make every form outlive one, which takes them for strong ones.
 */
export class RecentlyParsed {
  #newer: Forgettable[] = [];
  #older: Forgettable[] = [];
  #newerBytes = 0;
  #isAging = false;

  /** `bytes` is how much was parsed. */
  add(parsed: Forgettable, bytes: number): void {
    this.#newer.push(parsed);
    this.#newerBytes += bytes;
    if (this.#newerBytes >= generationBytes) this.#forgetOlder();
    if (!this.#isAging) this.#ageLater();
  }

  #ageLater(): void {
    this.#isAging = true;
    setTimeout(() => this.#age(), generationMs).unref();
  }

  #age(): void {
    this.#isAging = false;
    this.#forgetOlder();
    if (this.#older.length > 0) this.#ageLater();
  }

  #forgetOlder(): void {
    for (const parsed of this.#older) parsed.forget();
    this.#older = this.#newer;
    this.#newer = [];
    this.#newerBytes = 0;
  }
}
