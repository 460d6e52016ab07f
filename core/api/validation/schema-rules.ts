import { isObject } from '../../machinery/json.ts';
import type { ObjectSchema, Schema } from '../../machinery/schema.ts';
import type { Errors } from './common.ts';
import { notSupported, required } from './field-errors.ts';
import type { FieldPath } from './field-path.ts';

/**
 * What the schema itself asks for: texts and objects that must be there, values from closed sets. For kinds whose
 * own rules say no more about a part of them.
 */
export function validateBySchema(schema: Schema, value: unknown, path: FieldPath): Errors {
  const errors: Errors = [];
  check(schema, value, path, errors);
  return errors;
}

function check(schema: Schema, value: unknown, path: FieldPath, errors: Errors): void {
  if (value === undefined || value === null) return;
  switch (schema.kind) {
    case 'object':
      if (isObject(value)) checkMembers(schema, value, path, errors);
      return;
    case 'list':
      if (Array.isArray(value))
        value.forEach((item, index) => check(schema.items, item, path.index(index), errors));
      return;
    case 'map':
      if (isObject(value))
        for (const [key, member] of Object.entries(value))
          check(schema.values, member, path.key(key), errors);
      return;
    case 'scalar':
      if (schema.values !== undefined && value !== '' && !schema.values.includes(value as string))
        errors.push(notSupported(path, value, schema.values.toSorted()));
      return;
    case 'any':
  }
}

function checkMembers(
  schema: ObjectSchema,
  value: Readonly<Record<string, unknown>>,
  path: FieldPath,
  errors: Errors,
): void {
  for (const field of schema.fields.values()) {
    const member = value[field.name];
    if (field.required && isMissing(field.schema, member)) errors.push(required(path.child(field.name)));
    else if (member !== undefined) check(field.schema, member, path.child(field.name), errors);
  }
}

/** Numbers and booleans have a zero that is as good as any other value; an empty list may be meant. */
function isMissing({ kind }: Schema, value: unknown): boolean {
  if (kind === 'object' || kind === 'any') return value === undefined;
  return kind === 'scalar' && (value === '' || value === undefined);
}
