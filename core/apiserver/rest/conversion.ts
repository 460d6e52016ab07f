import type { KubernetesObject } from '../../api/object.ts';
import type { KindDeclaration } from '../../api/scheme.ts';
import type { Encoded } from '../../api/verbs.ts';
import { customPrinter } from '../../printers/custom.ts';
import { printerFor } from '../../printers/printers.ts';
import type { Column, TablePrinter } from '../../printers/table.ts';

/** What a Table's rows carry of their objects. */
export type IncludeObject = 'None' | 'Metadata' | 'Object';

/** The columns of a kind, with what the API knows of them. */
export function tableColumns(kind: TableKind): readonly Column[] {
  return printerOf(kind).columns.map(({ name, type, format, description, priority }) => ({
    name,
    type,
    format,
    description,
    priority,
  }));
}

/** What is known of a kind that rows are made of. */
export type TableKind = Pick<KindDeclaration, 'group' | 'version' | 'kind' | 'custom'>;

function printerOf({ group, version, kind, custom }: TableKind): TablePrinter {
  return custom === undefined ? printerFor(group, version, kind) : customPrinter(custom.columns);
}

/** `apiVersion` is that of meta.k8s.io that was asked for. */
export function tableRow(
  kind: TableKind,
  item: Encoded,
  include: IncludeObject,
  nowMs: number,
  apiVersion: string,
): Buffer {
  return rowOf(printerOf(kind).row(item.object, nowMs), item, include, apiVersion);
}

/** Of a bookmark, which has metadata and nothing to print: cells as Go has them of what is not there. */
export function bookmarkRow(
  kind: TableKind,
  item: Encoded,
  include: IncludeObject,
  apiVersion: string,
): Buffer {
  const cells = printerOf(kind).columns.map(({ type }) => (type === 'integer' ? 0 : ''));
  return rowOf(cells, item, include, apiVersion);
}

function rowOf(
  values: readonly unknown[],
  item: Encoded,
  include: IncludeObject,
  apiVersion: string,
): Buffer {
  const cells = JSON.stringify(values);
  if (include === 'None') return Buffer.from(`{"cells":${cells},"object":null}`);
  const object = include === 'Object' ? item.bytes : metadataOnly(item, apiVersion);
  return Buffer.concat([Buffer.from(`{"cells":${cells},"object":`), object, closing]);
}

const closing = Buffer.from('}');

/** A PartialObjectMetadata of meta.k8s.io: the object without its body. */
export function metadataOnly({ object }: { readonly object: KubernetesObject }, apiVersion: string): Buffer {
  return Buffer.from(
    JSON.stringify({ kind: 'PartialObjectMetadata', apiVersion, metadata: object.metadata }),
  );
}
