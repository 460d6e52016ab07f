import type { PaneCell, PaneColumn, PaneModel, PaneRow, PaneState } from '../pane-model.ts';

/** A row of a made-up table, built for tests. */
class RowBuilder {
  #cells: PaneCell[];
  #order: (string | number | undefined)[] = [];

  constructor(name: string) {
    this.#cells = [
      { text: name },
      { text: 'default' },
      { text: 'Running', severity: 'good' },
      { text: '5m' },
    ];
  }

  inNamespace(namespace: string): this {
    this.#cells[1] = { text: namespace };
    return this;
  }

  withStatus(status: string): this {
    this.#cells[2] = { text: status, severity: status === 'Running' ? 'good' : 'error' };
    return this;
  }

  agedSeconds(seconds: number): this {
    this.#cells[3] = { text: `${seconds}s` };
    this.#order[3] = seconds;
    return this;
  }

  build(): PaneRow {
    const cells = [...this.#cells];
    const order = [...this.#order];
    const name = cells[0]?.text ?? '';
    return {
      id: `uid-${name}`,
      cells: () => cells,
      order: (column) => order[column] ?? cells[column]?.text ?? '',
      command: (action) => (action === 'shell' ? undefined : `${action} pod/${name}`),
    };
  }
}

export function row(name: string): RowBuilder {
  return new RowBuilder(name);
}

const columns: readonly PaneColumn[] = [
  { name: 'NAME', priority: 0 },
  { name: 'NAMESPACE', priority: 2 },
  { name: 'STATUS', priority: 0 },
  { name: 'AGE', align: 'right', priority: 1 },
];

/** A table whose rows a test sets. */
export class FakeModel implements PaneModel {
  readonly title: string;
  readonly columns = columns;
  state: PaneState = { kind: 'live' };
  #rows: readonly PaneRow[] = [];
  readonly #listeners = new Set<() => void>();

  constructor(title: string, rows: readonly PaneRow[] = []) {
    this.title = title;
    this.#rows = rows;
  }

  rows(): readonly PaneRow[] {
    return this.#rows;
  }

  set(rows: readonly PaneRow[]): void {
    this.#rows = rows;
    for (const listener of this.#listeners) listener();
  }

  subscribe(onChange: () => void): () => void {
    this.#listeners.add(onChange);
    return () => this.#listeners.delete(onChange);
  }
}
