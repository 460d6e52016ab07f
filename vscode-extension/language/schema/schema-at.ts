import type { Field, ObjectSchema, Schema } from '../../../core/machinery/schema.ts';
import type { Path } from '../syntax/paths.ts';

/** The schema of what a path leads to, and how it was reached. */
export interface SchemaAt {
  readonly schema: Schema;
  /** The field whose value, or an item of whose value, it is; undefined for entries of maps and the root. */
  readonly field: Field | undefined;
  /** The object that has the field. */
  readonly owner: ObjectSchema | undefined;
}

/** Undefined where the path leaves what the schema knows. */
export function schemaAt(root: Schema, path: Path): SchemaAt | undefined {
  let at: SchemaAt | undefined = { schema: root, field: undefined, owner: undefined };
  for (const step of path) {
    at = below(at, step);
    if (at === undefined) return undefined;
  }
  return at;
}

function below({ schema, field, owner }: SchemaAt, step: string | number): SchemaAt | undefined {
  switch (schema.kind) {
    case 'object': {
      const member = schema.fields.get(String(step));
      return member && { schema: member.schema, field: member, owner: schema };
    }
    case 'list':
      return typeof step === 'number' ? { schema: schema.items, field, owner } : undefined;
    case 'map':
      return { schema: schema.values, field: undefined, owner: undefined };
    default:
      return undefined;
  }
}
