/**
 * Shares out turns of the event loop among those who all want to write at once: whoever comes when a turn's share is
 * spent waits for a later one, in order.
 */
export class TurnBudget {
  readonly #perTurn: number;
  #left: number;
  #waiting: { readonly amount: number; readonly go: () => void }[] = [];
  #isSpending = false;

  /** `perTurn` is in whatever unit is spent. */
  constructor(perTurn: number) {
    this.#perTurn = perTurn;
    this.#left = perTurn;
  }

  /**
   * Resolves when so much may be spent; undefined where that is now, which it is while anything is left of the turn's
   * share.
   */
  spend(amount: number): Promise<void> | undefined {
    if (this.#left > 0) {
      this.#take(amount);
      return undefined;
    }
    return new Promise((go) => {
      this.#waiting.push({ amount, go });
    });
  }

  #take(amount: number): void {
    this.#left -= amount;
    if (this.#isSpending) return;
    this.#isSpending = true;
    setImmediate(() => this.#nextTurn());
  }

  #nextTurn(): void {
    this.#isSpending = false;
    this.#left = this.#perTurn;
    let served = 0;
    for (const { amount, go } of this.#waiting) {
      if (this.#left <= 0) break;
      this.#take(amount);
      go();
      served++;
    }
    this.#waiting = this.#waiting.slice(served);
  }
}
