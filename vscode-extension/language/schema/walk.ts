import type { Field, ObjectSchema, Schema } from '../../../core/machinery/schema.ts';
import type { Entry, MapNode, SyntaxNode } from '../syntax/nodes.ts';

/** A member that the schema knows, where it stands. */
export interface TypedMember {
  readonly entry: Entry;
  readonly field: Field;
  /** The map that has the member, and its schema. */
  readonly map: MapNode;
  readonly owner: ObjectSchema;
}

/** Visits every known member below a node, those of aliases where the anchor stands. */
export function walkMembers(node: SyntaxNode, schema: Schema, visit: (member: TypedMember) => void): void {
  if (node.kind === 'alias') return;
  switch (schema.kind) {
    case 'object':
      if (node.kind !== 'map') return;
      for (const entry of node.entries) {
        const field = schema.fields.get(entry.key);
        if (field === undefined) continue;
        visit({ entry, field, map: node, owner: schema });
        walkMembers(entry.value, field.schema, visit);
      }
      return;
    case 'list':
      if (node.kind === 'list') for (const item of node.items) walkMembers(item, schema.items, visit);
      return;
    case 'map':
      if (node.kind === 'map') for (const { value } of node.entries) walkMembers(value, schema.values, visit);
      return;
    default:
  }
}
