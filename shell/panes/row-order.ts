import { sanitizeLine } from '../../core/printers/sanitize.ts';
import type { PaneRow } from './pane-model.ts';

export interface Sorting {
  readonly column: number;
  readonly descending: boolean;
}

/** A row with what was computed of it once: rows are immutable, a changed object is another row. */
interface Entry {
  readonly row: PaneRow;
  readonly key: string | number;
  /** Settles ties, so that equals stand in an order a reader can follow. */
  readonly name: string;
  /** Text the filter looks at; made when first asked for. */
  text: string | undefined;
  /** The update that saw the row last. */
  seen: number;
}

/**
 * Rows filtered and sorted. Keeps last time's order: what came is sorted by itself and merged in, so that a change of
 * a few rows among ten thousand costs one pass and no sorting of the rest.
 */
export class RowOrder {
  #source: readonly PaneRow[] | undefined;
  #sorting: Sorting = { column: 0, descending: false };
  #filter = '';
  #entries = new Map<PaneRow, Entry>();
  #sorted: readonly Entry[] = [];
  #shown: readonly PaneRow[] = [];
  #update = 0;
  readonly #nameColumn: number;

  /** `nameColumn` orders rows that are equal otherwise. */
  constructor(nameColumn = 0) {
    this.#nameColumn = nameColumn;
  }

  get sorting(): Sorting {
    return this.#sorting;
  }

  get filter(): string {
    return this.#filter;
  }

  sortBy(sorting: Sorting): void {
    this.#sorting = sorting;
    this.#entries = new Map();
    this.#sorted = [];
    this.#source = undefined;
  }

  filterBy(filter: string): void {
    if (filter === this.#filter) return;
    this.#filter = filter;
    this.#source = undefined;
  }

  /** The rows to show, in order; the same array as long as nothing changed. */
  rows(source: readonly PaneRow[], nowMs: number): readonly PaneRow[] {
    if (source === this.#source) return this.#shown;
    this.#source = source;
    this.#sort(source, nowMs);
    const passes = this.#matcher(nowMs);
    const kept = passes === undefined ? this.#sorted : this.#sorted.filter(passes);
    this.#shown = kept.map((entry) => entry.row);
    return this.#shown;
  }

  /** Where a row now stands among those shown, looked for at `hint` first; undefined when it is not among them. */
  position(id: string, hint: number): number | undefined {
    if (this.#shown[hint]?.id === id) return hint;
    const found = this.#shown.findIndex((row) => row.id === id);
    return found < 0 ? undefined : found;
  }

  #sort(source: readonly PaneRow[], nowMs: number): void {
    const { column, descending } = this.#sorting;
    const update = (this.#update += 1);
    const came: Entry[] = [];
    for (const row of source) {
      const known = this.#entries.get(row);
      if (known !== undefined) known.seen = update;
      else {
        const name = naturalKey(row.cells(nowMs)[this.#nameColumn]?.text ?? '');
        const entry = { row, key: orderKey(row, column, nowMs), name, text: undefined, seen: update };
        this.#entries.set(row, entry);
        came.push(entry);
      }
    }
    const stayed = this.#sorted.filter((entry) => entry.seen === update || !this.#entries.delete(entry.row));
    const sign = descending ? -1 : 1;
    const order = (a: Entry, b: Entry) =>
      sign * compare(a.key, b.key) || compare(a.name, b.name) || compare(a.row.id, b.row.id);
    this.#sorted = merge(stayed, came.sort(order), order);
  }

  /** Words that must all occur; `!` in front keeps what does not match. */
  #matcher(nowMs: number): ((entry: Entry) => boolean) | undefined {
    const inverse = this.#filter.startsWith('!');
    const words = this.#filter
      .slice(inverse ? 1 : 0)
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== '');
    if (words.length === 0) return undefined;
    return (entry) => {
      const text = (entry.text ??= searchText(entry.row, nowMs));
      return words.every((word) => text.includes(word)) !== inverse;
    };
  }
}

function searchText(row: PaneRow, nowMs: number): string {
  return row
    .cells(nowMs)
    .map((cell) => sanitizeLine(cell.text))
    .join(' ')
    .toLowerCase();
}

function merge(
  a: readonly Entry[],
  b: readonly Entry[],
  order: (a: Entry, b: Entry) => number,
): readonly Entry[] {
  if (b.length === 0) return a;
  if (a.length === 0) return b;
  const merged: Entry[] = [];
  let from = 0;
  for (const entry of b) {
    const to = insertionPoint(a, entry, from, order);
    for (; from < to; from += 1) merged.push(a[from] as Entry);
    merged.push(entry);
  }
  for (; from < a.length; from += 1) merged.push(a[from] as Entry);
  return merged;
}

/** The first place from `low` on whose entry comes after `entry`. */
function insertionPoint(
  entries: readonly Entry[],
  entry: Entry,
  low: number,
  order: (a: Entry, b: Entry) => number,
): number {
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (order(entries[middle] as Entry, entry) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function orderKey(row: PaneRow, column: number, nowMs: number): string | number {
  const order = row.order?.(column) ?? row.cells(nowMs)[column]?.text ?? '';
  return typeof order === 'number' ? order : naturalKey(order);
}

/** `web-10` after `web-9`: each run of digits is led by its length, so that plain comparison orders by number. */
export function naturalKey(text: string): string {
  return text
    .toLowerCase()
    .replace(
      /0*(\d+)/g,
      (_, digits: string) => String.fromCharCode(0x30 + Math.min(digits.length, 60)) + digits,
    );
}

function compare(a: string | number, b: string | number): number {
  if (typeof a === typeof b) return a < b ? -1 : a > b ? 1 : 0;
  return typeof a === 'number' ? -1 : 1;
}
