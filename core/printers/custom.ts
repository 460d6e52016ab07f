import { JsonPath, JsonPathError } from '../api/custom/json-path.ts';
import type { KubernetesObject } from '../api/object.ts';
import type { CustomColumn } from '../api/scheme.ts';
import { parseTimestamp } from '../machinery/timestamp.ts';
import { humanDuration } from '../machinery/duration.ts';
import type { Cell, Column, PrintedColumn, TablePrinter } from './table.ts';
import { nameColumn } from './table.ts';

/** What upstream shows of a custom kind that declares no columns. */
const ageColumn: CustomColumn = {
  name: 'Age',
  type: 'date',
  format: '',
  description: 'Time since the object was created.',
  priority: 0,
  jsonPath: '.metadata.creationTimestamp',
};

const printers = new WeakMap<readonly CustomColumn[], TablePrinter>();

/**
 * The table of a custom kind by the columns its definition declares
 * (apiextensions-apiserver/pkg/registry/customresource/tableconvertor).
 */
export function customPrinter(columns: readonly CustomColumn[]): TablePrinter {
  const known = printers.get(columns);
  if (known !== undefined) return known;
  const { cell: nameCell, ...name } = nameColumn<KubernetesObject>();
  const shown = (columns.length === 0 ? [ageColumn] : columns).map((column) => ({
    column,
    path: pathOf(column.jsonPath),
  }));
  const printer: TablePrinter = {
    columns: [name, ...shown.map(({ column }) => describe(column))],
    row: (object, nowMs) => [
      nameCell(object, nowMs),
      // A cell without a value is null in a Table.
      ...shown.map(({ column, path }) => cellOf(column, path, object, nowMs) as Cell),
    ],
  };
  printers.set(columns, printer);
  return printer;
}

function pathOf(text: string): JsonPath | undefined {
  try {
    return JsonPath.parse(text);
  } catch (error) {
    if (error instanceof JsonPathError) return undefined;
    throw error;
  }
}

function describe({ name, type, format, description, priority }: CustomColumn): PrintedColumn {
  return {
    name,
    type: type as Column['type'],
    format: format as Column['format'],
    description: description === '' ? 'Custom resource definition column (in JSONPath format).' : description,
    priority,
    isNumeric: type === 'integer',
  };
}

function cellOf(
  { type }: CustomColumn,
  path: JsonPath | undefined,
  object: KubernetesObject,
  nowMs: number,
): Cell | null {
  const found = path?.find(object) ?? [];
  if (found.length === 0) return null;
  const [value] = found;
  switch (type) {
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null;
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'date': {
      if (typeof value !== 'string') return null;
      const time = parseTimestamp(value);
      return time === undefined ? '<invalid>' : humanDuration(nowMs - time);
    }
    default:
      return found.map(textOf).join(' ');
  }
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return JSON.stringify(value) ?? '';
}
