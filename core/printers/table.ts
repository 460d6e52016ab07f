import type { KubernetesObject } from '../api/object.ts';

/** A cell is what JSON can carry: the server sends it as it is, a terminal prints it as text. */
export type Cell = string | number | boolean;

/** One column as a Kubernetes Table describes it (meta/v1 TableColumnDefinition). */
export interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'boolean' | 'date';
  /** "name" marks the column that names the object. */
  readonly format: '' | 'name';
  readonly description: string;
  /** 0 is always shown, 1 only in wide output. */
  readonly priority: number;
}

/** A column, and how a terminal shows it. */
export interface PrintedColumn extends Column {
  /** Its cells are numbers, whatever its type says: upstream calls many of them strings. */
  readonly isNumeric: boolean;
}

/** Turns objects of one kind into rows. Pure: the same object at the same time gives the same cells. */
export interface TablePrinter<T extends KubernetesObject = KubernetesObject> {
  readonly columns: readonly PrintedColumn[];
  /** As many cells as columns, wide ones included. */
  readonly row: (object: T, nowMs: number) => readonly Cell[];
}

/** Declares a table column by column, so that a heading cannot drift from its cell. */
export function table<T extends KubernetesObject>(...columns: readonly ColumnOf<T>[]): TablePrinter<T> {
  return {
    columns: columns.map(({ cell: _cell, ...column }) => column),
    row: (object, nowMs) => columns.map(({ cell }) => cell(object, nowMs)),
  };
}

export interface ColumnOf<T> extends PrintedColumn {
  readonly cell: (object: T, nowMs: number) => Cell;
}

type CellOf<T> = (object: T, nowMs: number) => Cell | undefined;

interface ColumnSettings {
  readonly type?: Column['type'];
  readonly description?: string;
}

/** A column that is always shown. */
export function column<T>(name: string, cell: CellOf<T>, settings: ColumnSettings = {}): ColumnOf<T> {
  const { type = 'string', description = '' } = settings;
  const empty = type === 'integer' ? 0 : type === 'boolean' ? false : '';
  return {
    name,
    type,
    format: '',
    description,
    priority: 0,
    isNumeric: type === 'integer',
    cell: (object, nowMs) => cell(object, nowMs) ?? empty,
  };
}

/** A column of wide output only. */
export function wideColumn<T>(name: string, cell: CellOf<T>, settings?: ColumnSettings): ColumnOf<T> {
  return { ...column(name, cell, settings), priority: 1 };
}

export function nameColumn<T extends KubernetesObject>(): ColumnOf<T> {
  return {
    ...column<T>('Name', (object) => object.metadata.name, {
      description: 'Unique among the objects of its kind in the namespace.',
    }),
    format: 'name',
  };
}

export function countColumn<T>(name: string, cell: CellOf<T>): ColumnOf<T> {
  return column(name, cell, { type: 'integer' });
}

/** A column of numbers that upstream calls strings. */
export function numberColumn<T>(name: string, cell: CellOf<T>): ColumnOf<T> {
  return { ...countColumn(name, cell), type: 'string' };
}
