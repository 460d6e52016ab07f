import type { Schema } from '../../../core/machinery/schema.ts';

/** The name of a type for people: `string`, `list of EnvVar`, `map of quantity`. */
export function typeName(schema: Schema): string {
  switch (schema.kind) {
    case 'object':
      return schema.name === undefined ? 'object' : schema.name.slice(schema.name.lastIndexOf('.') + 1);
    case 'list':
      return `list of ${typeName(schema.items)}`;
    case 'map':
      return `map of ${typeName(schema.values)}`;
    case 'any':
      return 'any';
    case 'scalar':
      return scalarNames[schema.type] ?? schema.type;
  }
}

const scalarNames: Readonly<Partial<Record<string, string>>> = {
  bool: 'boolean',
  int32: 'integer',
  int64: 'integer',
  double: 'number',
  bytes: 'base64',
  'date-time': 'time',
  'micro-time': 'time',
  'int-or-string': 'integer or string',
};
