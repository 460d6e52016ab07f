/** What kill commands cut, for Ctrl-Y and Alt-Y. Kills in a row become one entry, as in Emacs. */
export class KillRing {
  readonly #entries: string[] = [];
  #chained = false;
  #at = 0;

  /** `before` kills grow at the front (Ctrl-W), others at the end (Ctrl-K). */
  kill(text: string, before: boolean): void {
    if (text === '') return;
    const last = this.#entries.at(-1);
    if (this.#chained && last !== undefined)
      this.#entries[this.#entries.length - 1] = before ? text + last : last + text;
    else this.#entries.push(text);
    if (this.#entries.length > 32) this.#entries.shift();
    this.#chained = true;
    this.#at = this.#entries.length - 1;
  }

  /** Any other command ends the run of kills. */
  endChain(): void {
    this.#chained = false;
  }

  yank(): string {
    this.#at = Math.max(0, this.#entries.length - 1);
    return this.#entries[this.#at] ?? '';
  }

  /** The entry before the one yanked last. */
  yankPrevious(): string {
    if (this.#entries.length === 0) return '';
    this.#at = (this.#at + this.#entries.length - 1) % this.#entries.length;
    return this.#entries[this.#at] ?? '';
  }
}
