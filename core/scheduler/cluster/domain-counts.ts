/** Something counted by domain, with the lowest count always at hand. */
export class DomainCounts {
  #counts = new Int32Array(16);
  #isCounted = new Uint8Array(16);
  /** How many domains have each count. */
  readonly #domainsBy = new Map<number, number>();
  #lowest = 0;
  #size = 0;

  /** Domains that take part. */
  get size(): number {
    return this.#size;
  }

  /** Of the domains that take part; 0 when none does. */
  get lowest(): number {
    return this.#size === 0 ? 0 : this.#lowest;
  }

  get(domain: number): number {
    return domain < this.#counts.length ? (this.#counts[domain] as number) : 0;
  }

  /** Makes the domain take part, with a count of 0. */
  include(domain: number): void {
    this.#reserve(domain);
    if (this.#isCounted[domain] === 1) return;
    this.#isCounted[domain] = 1;
    this.#size++;
    this.#domainsBy.set(0, (this.#domainsBy.get(0) ?? 0) + 1);
    this.#lowest = 0;
  }

  /** Domains that do not take part stay uncounted. */
  add(domain: number, change: 1 | -1): void {
    if (domain < 0 || this.#isCounted[domain] !== 1) return;
    const before = this.#counts[domain] as number;
    const after = before + change;
    this.#counts[domain] = after;
    const left = (this.#domainsBy.get(before) ?? 1) - 1;
    if (left === 0) this.#domainsBy.delete(before);
    else this.#domainsBy.set(before, left);
    this.#domainsBy.set(after, (this.#domainsBy.get(after) ?? 0) + 1);
    if (after < this.#lowest) this.#lowest = after;
    // Counts move by one: the domain that left the lowest is now the lowest itself.
    else if (left === 0 && before === this.#lowest) this.#lowest = after;
  }

  clear(): void {
    this.#counts.fill(0);
    this.#isCounted.fill(0);
    this.#domainsBy.clear();
    this.#lowest = 0;
    this.#size = 0;
  }

  #reserve(domain: number): void {
    if (domain < this.#counts.length) return;
    const size = Math.max(2 * this.#counts.length, domain + 1);
    const counts = new Int32Array(size);
    counts.set(this.#counts);
    this.#counts = counts;
    const isCounted = new Uint8Array(size);
    isCounted.set(this.#isCounted);
    this.#isCounted = isCounted;
  }
}
