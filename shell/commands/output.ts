import type { KubernetesObject } from '../../core/api/object.ts';
import { alignColumns, columnWidths } from '../../core/printers/columns-text.ts';
import type { Cell, TablePrinter } from '../../core/printers/table.ts';
import { writeYaml } from '../../core/machinery/yaml.ts';
import { customColumnsRow } from '../../core/printers/custom-columns.ts';
import type { ChosenColumn } from '../../core/printers/custom-columns.ts';
import { sanitizeLine, sanitizeText } from '../../core/printers/sanitize.ts';
import type { Flags } from './command.ts';
import { outputFormat } from './output-format.ts';
import type { OutputFormat } from './output-format.ts';
import { objectLabel } from '../../core/client/resource-index.ts';
import type { ServedResource } from '../../core/client/resource-index.ts';

export interface TableOptions {
  readonly wide: boolean;
  /** Rows begin with the namespace. */
  readonly withNamespace: boolean;
  /** Names are written "pod/web", because several kinds are shown. */
  readonly withKind: boolean;
  readonly headers: boolean;
  readonly labelColumns: readonly string[];
  readonly showLabels: boolean;
}

/** Lays objects out as rows, a heading before the first. */
export interface RowWriter {
  lines(objects: readonly KubernetesObject[], nowMs: number): string[];
}

/** Lays objects of one kind out as kubectl does. Keeps its widths, so that a watch's later rows stay in line. */
export class TableWriter implements RowWriter {
  readonly #resource: ServedResource;
  readonly #printer: TablePrinter;
  readonly #options: TableOptions;
  #widths: readonly number[] = [];
  #headerDone: boolean;

  constructor(resource: ServedResource, printer: TablePrinter, options: TableOptions) {
    this.#resource = resource;
    this.#printer = printer;
    this.#options = options;
    this.#headerDone = !options.headers;
  }

  lines(objects: readonly KubernetesObject[], nowMs: number): string[] {
    const rows = objects.map((object) => this.#row(object, nowMs));
    const all = this.#headerDone ? rows : [this.#header(), ...rows];
    this.#headerDone = true;
    this.#widths = columnWidths(all, this.#widths);
    return alignColumns(all, this.#widths);
  }

  #header(): string[] {
    const { withNamespace, labelColumns, showLabels } = this.#options;
    return [
      ...(withNamespace ? ['NAMESPACE'] : []),
      ...this.#shown(this.#printer.columns).map(({ name }) => name.toUpperCase()),
      ...labelColumns.map((key) => (key.split('/').at(-1) ?? key).toUpperCase()),
      ...(showLabels ? ['LABELS'] : []),
    ];
  }

  #row(object: KubernetesObject, nowMs: number): string[] {
    const { withNamespace, withKind, labelColumns, showLabels } = this.#options;
    const labels = object.metadata.labels ?? {};
    const cells = this.#printer.row(object, nowMs).map((cell, index) => {
      const isName = this.#printer.columns[index]?.format === 'name' && index === 0;
      return withKind && isName ? objectLabel(this.#resource, String(cell)) : textOf(cell);
    });
    return [
      ...(withNamespace ? [object.metadata.namespace ?? ''] : []),
      ...this.#shown(cells),
      ...labelColumns.map((key) => labels[key] ?? ''),
      ...(showLabels ? [labelText(labels)] : []),
    ].map(sanitizeLine);
  }

  #shown<T>(cells: readonly T[]): T[] {
    return cells.filter((_, index) => this.#options.wide || this.#printer.columns[index]?.priority === 0);
  }
}

/** The columns that were asked for, whatever the kinds. */
export class CustomColumnsWriter implements RowWriter {
  readonly #columns: readonly ChosenColumn[];
  #widths: readonly number[] = [];
  #headerDone: boolean;

  constructor(columns: readonly ChosenColumn[], headers: boolean) {
    this.#columns = columns;
    this.#headerDone = !headers;
  }

  lines(objects: readonly KubernetesObject[]): string[] {
    const rows = objects.map((object) => customColumnsRow(this.#columns, object).map(sanitizeLine));
    const all = this.#headerDone ? rows : [this.#columns.map(({ header }) => header), ...rows];
    this.#headerDone = true;
    this.#widths = columnWidths(all, this.#widths);
    return alignColumns(all, this.#widths);
  }
}

/** What has no value has no text; custom columns may be so. */
function textOf(cell: Cell | null): string {
  return cell === null ? '' : String(cell);
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? '<none>' : pairs.sort().join(',');
}

/** One object, or a List of several, as text that can be applied again. */
export function serialise(
  objects: readonly KubernetesObject[],
  format: 'yaml' | 'json',
  asList: boolean,
): string {
  const shown = objects.map(withoutManagedFields);
  const value = asList ? listOf(shown) : shown[0];
  return format === 'json' ? `${JSON.stringify(value, undefined, 4)}\n` : writeYaml(value);
}

/** One object in a format that needs no table. */
export function objectText(
  resource: ServedResource,
  object: KubernetesObject,
  format: Exclude<OutputFormat, { readonly kind: 'table' }>,
): string {
  switch (format.kind) {
    case 'name':
      return `${sanitizeLine(objectLabel(resource, object.metadata.name ?? ''))}\n`;
    case 'json':
    case 'yaml':
      return serialise([object], format.kind, false);
    case 'jsonpath':
      return jsonPathText(object, format);
    case 'custom-columns':
      return new CustomColumnsWriter(format.columns, true)
        .lines([object])
        .map((line) => `${line}\n`)
        .join('');
  }
}

/** What a template makes of one object or of a List. */
export function jsonPathText(
  value: unknown,
  { template, asJson }: Extract<OutputFormat, { readonly kind: 'jsonpath' }>,
): string {
  return asJson
    ? `${JSON.stringify(template.values(value), undefined, 4)}\n`
    : sanitizeText(template.render(value));
}

/** Several objects as one, as kubectl shows them. */
export function listOf(items: readonly KubernetesObject[]): object {
  return { apiVersion: 'v1', items, kind: 'List', metadata: { resourceVersion: '' } };
}

/** kubectl leaves managed fields out unless asked. */
function withoutManagedFields(object: KubernetesObject): KubernetesObject {
  const { managedFields: _managedFields, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** What a verb that changed an object prints: "pod/web created", or the object in the format asked for. */
export function resultText(
  resource: ServedResource,
  object: KubernetesObject,
  done: string,
  flags: Flags,
): string {
  const label = sanitizeLine(objectLabel(resource, object.metadata.name ?? ''));
  const format = outputFormat(flags);
  return format.kind === 'table' ? `${label} ${done}\n` : objectText(resource, object, format);
}
