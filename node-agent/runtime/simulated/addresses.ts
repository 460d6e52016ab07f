/**
 * IPv4 addresses of a range in CIDR notation, in order, the first free one after the last given. The range's own
 * address, its first and its last (network, gateway, broadcast) are left out.
 */
export class AddressPool {
  readonly #base: number;
  readonly #size: number;
  readonly #taken = new Set<number>();
  #next = 0;

  /** Throws RangeError for what is no IPv4 range with at least four addresses. */
  constructor(cidr: string) {
    const [address, bits] = cidr.split('/');
    const octets = (address ?? '').split('.').map(Number);
    const prefix = Number(bits);
    const valid =
      octets.length === 4 && octets.every((octet) => Number.isInteger(octet) && octet >= 0 && octet < 256);
    if (!valid || !Number.isInteger(prefix) || prefix < 8 || prefix > 30) {
      throw new RangeError(
        `Cannot take Pod addresses from "${cidr}": expected an IPv4 range such as "10.244.0.0/24"`,
      );
    }
    this.#size = 2 ** (32 - prefix);
    const value = octets.reduce((total, octet) => total * 256 + octet, 0);
    this.#base = value - (value % this.#size);
  }

  /** Throws RangeError when every address is taken. */
  take(): string {
    const usable = this.#size - 3;
    if (this.#taken.size >= usable)
      throw new RangeError(`Cannot give a Pod an address: all ${usable} are taken`);
    while (this.#taken.has(this.#next)) this.#next = (this.#next + 1) % usable;
    const index = this.#next;
    this.#taken.add(index);
    this.#next = (index + 1) % usable;
    return this.#text(index);
  }

  /** Marks an address as taken that was given before a restart. */
  keep(address: string): void {
    this.#taken.add(this.#index(address));
  }

  release(address: string): void {
    this.#taken.delete(this.#index(address));
  }

  #text(index: number): string {
    const value = this.#base + 2 + index;
    return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
  }

  #index(address: string): number {
    return address.split('.').reduce((total, octet) => total * 256 + Number(octet), 0) - this.#base - 2;
  }
}
