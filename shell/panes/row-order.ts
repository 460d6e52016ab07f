import { sanitizeLine } from '../terminal/sanitize.ts';
import type { PaneRow } from './pane-model.ts';

export interface Sorting {
  readonly column: number;
  readonly descending: boolean;
}

interface Keyed {
  readonly row: PaneRow;
  readonly key: string | number;
}

/**
 * Rows filtered and sorted. Keeps last time's order and what it computed per row, so that a change of a few rows among
 * ten thousand costs one almost sorted pass.
 */
export class RowOrder {
  #source: readonly PaneRow[] | undefined;
  #sorting: Sorting = { column: 0, descending: false };
  #filter = '';
  #sorted: Keyed[] = [];
  #shown: readonly PaneRow[] = [];
  #positions: Map<string, number> | undefined;
  #texts = new WeakMap<PaneRow, string>();

  get sorting(): Sorting {
    return this.#sorting;
  }

  get filter(): string {
    return this.#filter;
  }

  sortBy(sorting: Sorting): void {
    this.#sorting = sorting;
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
    this.#shown = this.#sorted.flatMap(({ row }) => (passes === undefined || passes(row) ? [row] : []));
    this.#positions = undefined;
    return this.#shown;
  }

  /** Where a row now stands among those shown, or undefined when it is gone or filtered out. */
  position(id: string): number | undefined {
    this.#positions ??= new Map(this.#shown.map((row, index) => [row.id, index]));
    return this.#positions.get(id);
  }

  #sort(source: readonly PaneRow[], nowMs: number): void {
    const { column, descending } = this.#sorting;
    const fresh = new Map(source.map((row) => [row.id, row]));
    const next: Keyed[] = [];
    for (const known of this.#sorted) {
      const row = fresh.get(known.row.id);
      if (row === undefined) continue;
      fresh.delete(known.row.id);
      next.push(row === known.row ? known : { row, key: orderKey(row, column, nowMs) });
    }
    for (const row of fresh.values()) next.push({ row, key: orderKey(row, column, nowMs) });
    const sign = descending ? -1 : 1;
    next.sort((a, b) => sign * compare(a.key, b.key) || compare(a.row.id, b.row.id));
    this.#sorted = next;
  }

  /** Words that must all occur; `!` in front keeps what does not match. */
  #matcher(nowMs: number): ((row: PaneRow) => boolean) | undefined {
    const inverse = this.#filter.startsWith('!');
    const words = this.#filter
      .slice(inverse ? 1 : 0)
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== '');
    if (words.length === 0) return undefined;
    return (row) => {
      const text = this.#text(row, nowMs);
      return words.every((word) => text.includes(word)) !== inverse;
    };
  }

  #text(row: PaneRow, nowMs: number): string {
    const known = this.#texts.get(row);
    if (known !== undefined) return known;
    const text = row
      .cells(nowMs)
      .map((cell) => sanitizeLine(cell.text))
      .join(' ')
      .toLowerCase();
    this.#texts.set(row, text);
    return text;
  }
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
