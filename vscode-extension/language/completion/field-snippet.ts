import type { Field, ObjectSchema, Schema } from '../../../core/machinery/schema.ts';
import { placeholder } from '../fixes/skeleton.ts';
import { literal } from './completion.ts';

const maxDepth = 4;

/** Numbers the places that the cursor visits. */
class Stops {
  #next = 1;

  named(text: string): string {
    return `\${${this.#next++}:${literal(text)}}`;
  }

  empty(): string {
    return `$${this.#next++}`;
  }
}

/** Writes a field with what it must at least have; the cursor goes through what is to be filled in. */
export function fieldSnippet(field: Field, { column, flow }: { column: number; flow: boolean }): string {
  const stops = new Stops();
  if (flow) return flowField(field, stops);
  const lines = fieldLines(field, stops, 0);
  const indent = ' '.repeat(column);
  return lines.map((line, index) => (index === 0 ? line : indent + line)).join('\n');
}

/** An item of a list of objects, without its dash. */
export function itemSnippet(schema: Schema, name: string, column: number): string {
  const stops = new Stops();
  if (schema.kind !== 'object') return stops.empty();
  const lines = requiredLines(schema, name, stops, 0);
  const indent = ' '.repeat(column);
  return (lines.length === 0 ? [stops.empty()] : lines)
    .map((line, index) => (index === 0 ? line : indent + line))
    .join('\n');
}

function flowField({ name, schema }: Field, stops: Stops): string {
  switch (schema.kind) {
    case 'object':
    case 'map':
      return `${name}: {${stops.empty()}}`;
    case 'list':
      return `${name}: [${stops.empty()}]`;
    default:
      return `${name}: ${stops.empty()}`;
  }
}

function fieldLines(field: Pick<Field, 'name' | 'schema'>, stops: Stops, depth: number): string[] {
  const { name, schema } = field;
  switch (schema.kind) {
    case 'object': {
      const members = depth < maxDepth ? requiredLines(schema, name, stops, depth + 1) : [];
      return [`${name}:`, ...indented(members.length === 0 ? [stops.empty()] : members)];
    }
    case 'map':
      return [`${name}:`, ...indented([`${stops.named('key')}: ${stops.named('value')}`])];
    case 'list': {
      const { items } = schema;
      const item =
        items.kind === 'object' && depth < maxDepth ? requiredLines(items, name, stops, depth + 1) : [];
      const [first = stops.empty(), ...rest] = item;
      return [`${name}:`, ...indented([`- ${first}`, ...indented(rest)])];
    }
    case 'scalar':
      // Values of a closed set are offered when the cursor is there.
      if (depth === 0 || schema.values !== undefined || schema.type === 'bool')
        return [`${name}: ${stops.empty()}`];
      return [`${name}: ${stops.named(placeholder(schema, name).replaceAll('"', ''))}`];
    default:
      return [`${name}:`, ...indented([stops.empty()])];
  }
}

function requiredLines(schema: ObjectSchema, name: string, stops: Stops, depth: number): string[] {
  const required = [...schema.fields.values()].filter(
    (field) => field.required && field.default === undefined,
  );
  const lines = required.flatMap((field) => fieldLines(field, stops, depth));
  if (name === 'containers' || name === 'initContainers') lines.push(`image: ${stops.named('busybox')}`);
  return lines;
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}
