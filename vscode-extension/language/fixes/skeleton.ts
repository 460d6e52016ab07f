import type { Field, ObjectSchema, ScalarSchema, Schema } from '../../../core/machinery/schema.ts';
import type { Lines } from './edits.ts';

const maxDepth = 6;

/** A member as it must at least be: required members of objects, one item of lists, values to be replaced. */
export function skeletonOf(field: Pick<Field, 'name' | 'schema'>, depth = 0): Lines {
  return withValue(field.name, valueLines(field.schema, field.name, depth));
}

/** The required members of an object; at least one line each. */
function requiredMembers(schema: ObjectSchema, depth = 0): Lines {
  return [...schema.fields.values()]
    .filter(({ required, default: value }) => required && value === undefined)
    .flatMap((field) => skeletonOf(field, depth));
}

interface Value {
  /** Behind the colon. */
  readonly inline?: string;
  readonly below?: Lines;
}

export function withValue(name: string, { inline, below }: Value): Lines {
  return below === undefined
    ? [`${name}: ${inline ?? ''}`]
    : [`${name}:`, ...below.map((line) => `  ${line}`)];
}

function valueLines(schema: Schema, name: string, depth: number): Value {
  if (depth >= maxDepth) return { inline: schema.kind === 'list' ? '[]' : '{}' };
  switch (schema.kind) {
    case 'object': {
      const members = requiredMembers(schema, depth + 1);
      return members.length === 0 ? { inline: '{}' } : { below: members };
    }
    case 'list':
      return listLines(schema.items, name, depth);
    case 'scalar':
      return { inline: placeholder(schema, name) };
    default:
      return { inline: '{}' };
  }
}

function listLines(items: Schema, name: string, depth: number): Value {
  if (items.kind !== 'object') return { inline: '[]' };
  const members = requiredMembers(items, depth + 1);
  if (members.length === 0) return { inline: '[]' };
  const more = name === 'containers' || name === 'initContainers' ? ['image: busybox'] : [];
  const [first = '', ...rest] = [...members, ...more];
  return { below: [`- ${first}`, ...rest.map((line) => `  ${line}`)] };
}

/** Texts of which an empty one would be refused. */
const texts: Readonly<Record<string, string>> = { name: 'my-name', image: 'busybox' };

/** Something that is of the right type and plainly to be replaced. */
export function placeholder({ type, values }: ScalarSchema, name: string): string {
  if (values?.[0] !== undefined) return values[0];
  switch (type) {
    case 'bool':
      return 'false';
    case 'int32':
    case 'int64':
    case 'double':
    case 'int-or-string':
      return /port$/i.test(name) ? '80' : '1';
    case 'quantity':
      return '1Gi';
    case 'duration':
      return '1m';
    case 'date-time':
    case 'micro-time':
      return '"2030-01-01T00:00:00Z"';
    case 'bytes':
      return '""';
    default:
      return texts[name] ?? '""';
  }
}
