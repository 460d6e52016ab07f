import type { Node } from '../../api/generated/core-v1.ts';

/** The nodes by the value of one label: a zone, a rack, the host itself. Values are numbered and keep their number. */
export class Topology {
  readonly key: string;
  /** The domain of each slot; -1 where the node has no such label. */
  domainOf: Int32Array<ArrayBuffer> = new Int32Array(64).fill(-1);
  readonly #domains = new Map<string, number>();

  constructor(key: string) {
    this.key = key;
  }

  /** Domains there are or have been: one more than the highest number. */
  get size(): number {
    return this.#domains.size;
  }

  set(slot: number, node: Node | undefined): void {
    if (slot >= this.domainOf.length) this.#grow(slot);
    const value = node?.metadata.labels?.[this.key];
    this.domainOf[slot] = value === undefined ? -1 : this.#number(value);
  }

  #number(value: string): number {
    const known = this.#domains.get(value);
    if (known !== undefined) return known;
    this.#domains.set(value, this.#domains.size);
    return this.#domains.size - 1;
  }

  #grow(slot: number): void {
    const larger = new Int32Array(Math.max(2 * this.domainOf.length, slot + 1)).fill(-1);
    larger.set(this.domainOf);
    this.domainOf = larger;
  }
}
