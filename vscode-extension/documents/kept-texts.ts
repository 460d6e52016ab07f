/** Texts under names, up to a number of characters: the oldest make room, the newest stays. */
export class KeptTexts {
  readonly #limit: number;
  readonly #texts = new Map<string, string>();
  #characters = 0;

  constructor(limitCharacters: number) {
    this.#limit = limitCharacters;
  }

  get(name: string): string | undefined {
    return this.#texts.get(name);
  }

  /** A name is given once. */
  add(name: string, text: string): void {
    this.#texts.set(name, text);
    this.#characters += text.length;
    for (const [oldest, { length }] of this.#texts) {
      if (this.#characters <= this.#limit || oldest === name) break;
      this.#texts.delete(oldest);
      this.#characters -= length;
    }
  }
}
