import type { KubernetesObject } from '../../api/object.ts';
import type { KindDeclaration } from '../../api/scheme.ts';
import type { Encoded } from '../../api/verbs.ts';
import { customPrinter } from '../../printers/custom.ts';
import { printerFor } from '../../printers/printers.ts';
import type { Column, TablePrinter } from '../../printers/table.ts';

/** What a Table's rows carry of their objects. */
export type IncludeObject = 'None' | 'Metadata' | 'Object';

/** The columns of a kind as JSON. */
export function tableHead(kind: TableKind): string {
  return JSON.stringify(
    printerOf(kind).columns.map(({ name, type, format, description, priority }): Column => ({
      name,
      type,
      format,
      description,
      priority,
    })),
  );
}

/** What is known of a kind that rows are made of. */
export type TableKind = Pick<KindDeclaration, 'group' | 'version' | 'kind' | 'custom'>;

function printerOf({ group, version, kind, custom }: TableKind): TablePrinter {
  return custom === undefined ? printerFor(group, version, kind) : customPrinter(custom.columns);
}

export function tableRow(kind: TableKind, item: Encoded, include: IncludeObject, nowMs: number): Buffer {
  const cells = JSON.stringify(printerOf(kind).row(item.object, nowMs));
  if (include === 'None') return Buffer.from(`{"cells":${cells},"object":null}`);
  const object = include === 'Object' ? item.bytes : metadataOnly(item);
  return Buffer.concat([Buffer.from(`{"cells":${cells},"object":`), object, closing]);
}

const closing = Buffer.from('}');

/** A PartialObjectMetadata (meta.k8s.io/v1): the object without its body. */
export function metadataOnly({ object }: { readonly object: KubernetesObject }): Buffer {
  return Buffer.from(
    JSON.stringify({
      kind: 'PartialObjectMetadata',
      apiVersion: 'meta.k8s.io/v1',
      metadata: object.metadata,
    }),
  );
}
