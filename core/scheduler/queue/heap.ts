/** A binary heap. Items may be taken out by the place the heap keeps in them. */
export interface HeapItem {
  /** Written by the heap; -1 while the item is in none. */
  heapIndex: number;
}

export class Heap<T extends HeapItem> {
  readonly #isBefore: (a: T, b: T) => boolean;
  readonly #items: T[] = [];

  constructor(isBefore: (a: T, b: T) => boolean) {
    this.#isBefore = isBefore;
  }

  get size(): number {
    return this.#items.length;
  }

  push(item: T): void {
    item.heapIndex = this.#items.length;
    this.#items.push(item);
    this.#moveUp(item);
  }

  pop(): T | undefined {
    const first = this.#items[0];
    if (first !== undefined) this.remove(first);
    return first;
  }

  remove(item: T): void {
    const index = item.heapIndex;
    const last = this.#items.pop() as T;
    item.heapIndex = -1;
    if (last === item) return;
    this.#place(last, index);
    this.#moveUp(last);
    this.#moveDown(last);
  }

  #moveUp(item: T): void {
    while (item.heapIndex > 0) {
      const parent = this.#items[(item.heapIndex - 1) >> 1] as T;
      if (!this.#isBefore(item, parent)) return;
      this.#swap(parent, item);
    }
  }

  #moveDown(item: T): void {
    for (;;) {
      const left = this.#items[2 * item.heapIndex + 1];
      const right = this.#items[2 * item.heapIndex + 2];
      const child = left !== undefined && right !== undefined && this.#isBefore(right, left) ? right : left;
      if (child === undefined || !this.#isBefore(child, item)) return;
      this.#swap(item, child);
    }
  }

  #swap(upper: T, lower: T): void {
    const index = upper.heapIndex;
    this.#place(upper, lower.heapIndex);
    this.#place(lower, index);
  }

  #place(item: T, index: number): void {
    this.#items[index] = item;
    item.heapIndex = index;
  }
}
