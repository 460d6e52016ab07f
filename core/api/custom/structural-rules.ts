import { deepEqual } from '../../machinery/json.ts';
import type { Errors } from '../validation/common.ts';
import { forbiddenField, invalidValue, required } from '../validation/field-errors.ts';
import type { FieldPath } from '../validation/field-path.ts';
import type { JSONSchemaProps } from './schema.ts';
import { isEmbedded, isIntOrString, itemsOf, preservesUnknown, propertyOf, valuesOf } from './schema.ts';

type Level = 'root' | 'item' | 'field';

/**
 * What makes a schema structural: one type for every value, said outside of allOf, anyOf, oneOf and not, which may
 * only narrow what is specified elsewhere (apiextensions-apiserver/pkg/apiserver/schema/validation.go and
 * complete.go).
 */
export function validateStructural(schema: JSONSchemaProps, path: FieldPath): Errors {
  const errors: Errors = [];
  checkNode(schema, 'root', path, errors);
  checkCompleteness(schema, path, errors);
  return errors;
}

function checkNode(schema: JSONSchemaProps, level: Level, path: FieldPath, errors: Errors): void {
  const items = itemsOf(schema);
  if (schema.type === 'array' && items === undefined)
    errors.push(required(path.child('items'), 'must be specified'));
  if (items !== undefined) checkNode(items, 'item', path.child('items'), errors);
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    checkNode(property, 'field', path.child('properties').key(name), errors);
  if (schema.additionalProperties !== undefined && level === 'root')
    errors.push(forbiddenField(path.child('additionalProperties'), 'must not be used at the root'));
  const values = valuesOf(schema);
  if (values !== undefined) checkNode(values, 'field', path.child('additionalProperties'), errors);
  checkExtensions(schema, path, errors);
  checkType(schema, level, path, errors);
  checkOwnMembers(schema, level, path, errors);
  const skipAnyOf = isIntOrStringPair(schema.anyOf);
  const skipFirst = isIntOrStringPair(schema.allOf?.[0]?.anyOf);
  checkJunctors(schema, { skipAnyOf, skipFirst }, path, errors);
}

function checkExtensions(schema: JSONSchemaProps, path: FieldPath, errors: Errors): void {
  if (!isIntOrString(schema)) return;
  for (const name of ['x-kubernetes-preserve-unknown-fields', 'x-kubernetes-embedded-resource'] as const)
    if (schema[name] === true)
      errors.push(
        invalidValue(path.child(name), true, 'must be false if x-kubernetes-int-or-string is true'),
      );
}

function checkType(schema: JSONSchemaProps, level: Level, path: FieldPath, errors: Errors): void {
  const { type = '' } = schema;
  const at = path.child('type');
  const embedded = isEmbedded(schema);
  if (embedded && type !== 'object') {
    const text = 'must be object if x-kubernetes-embedded-resource is true';
    errors.push(type === '' ? required(at, text) : invalidValue(at, type, text));
  } else if (type === '' && !isIntOrString(schema) && !preservesUnknown(schema)) {
    const where = {
      root: 'at the root',
      item: 'for specified array items',
      field: 'for specified object fields',
    };
    errors.push(required(at, `must not be empty ${where[level]}`));
  }
  if (embedded && schema.additionalProperties !== undefined)
    errors.push(
      forbiddenField(
        path.child('additionalProperties'),
        'must not be used if x-kubernetes-embedded-resource is set',
      ),
    );
  if (level === 'root' && type !== '' && type !== 'object')
    errors.push(invalidValue(at, type, 'must be object at the root'));
  if (embedded && !preservesUnknown(schema) && Object.keys(schema.properties ?? {}).length === 0)
    errors.push(
      required(
        path.child('properties'),
        'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields',
      ),
    );
}

/** What every resource has must not be said to be something else. */
function checkOwnMembers(schema: JSONSchemaProps, level: Level, path: FieldPath, errors: Errors): void {
  const isResource = level === 'root' || isEmbedded(schema);
  if (!isResource) return;
  const properties = path.child('properties');
  for (const name of ['kind', 'apiVersion']) {
    const property = propertyOf(schema, name);
    if (property !== undefined && property.type !== 'string')
      errors.push(invalidValue(properties.key(name).child('type'), property.type ?? '', 'must be string'));
  }
  const metadata = propertyOf(schema, 'metadata');
  if (metadata === undefined) return;
  const at = properties.key('metadata');
  if (metadata.type !== 'object')
    errors.push(invalidValue(at.child('type'), metadata.type ?? '', 'must be object'));
  if (level !== 'root') return;
  const { type: _type, properties: members = {}, default: _default, description: _text, ...rest } = metadata;
  const allowed = Object.keys(members).every((name) => name === 'name' || name === 'generateName');
  if (!allowed || Object.keys(rest).length > 0)
    errors.push(
      forbiddenField(
        at,
        'must not specify anything other than name and generateName, but metadata is implicitly specified',
      ),
    );
}

const intOrStringPair = [{ type: 'integer' }, { type: 'string' }];

/** The two places where a type may stand under a junctor: how "integer or string" is written. */
function isIntOrStringPair(anyOf: readonly JSONSchemaProps[] | undefined): boolean {
  return anyOf !== undefined && deepEqual(anyOf, intOrStringPair);
}

interface Skips {
  readonly skipAnyOf: boolean;
  readonly skipFirst: boolean;
}

const noSkips: Skips = { skipAnyOf: false, skipFirst: false };

function checkJunctors(schema: JSONSchemaProps, skips: Skips, path: FieldPath, errors: Errors): void {
  if (!skips.skipAnyOf)
    schema.anyOf?.forEach((each, index) =>
      checkNested(each, noSkips, path.child('anyOf').index(index), errors),
    );
  schema.allOf?.forEach((each, index) =>
    checkNested(
      each,
      { skipAnyOf: skips.skipFirst && index === 0, skipFirst: false },
      path.child('allOf').index(index),
      errors,
    ),
  );
  schema.oneOf?.forEach((each, index) =>
    checkNested(each, noSkips, path.child('oneOf').index(index), errors),
  );
  if (schema.not !== undefined) checkNested(schema.not, noSkips, path.child('not'), errors);
}

/** What says something of the structure, and so has no place under a junctor. */
const structure: readonly (readonly [keyof JSONSchemaProps, string])[] = [
  ['type', 'must be empty to be structural'],
  ['additionalProperties', 'must be undefined to be structural'],
  ['default', 'must be undefined to be structural'],
  ['title', 'must be empty to be structural'],
  ['description', 'must be empty to be structural'],
  ['nullable', 'must be false to be structural'],
  ['externalDocs', 'must be undefined to be structural'],
  ['x-kubernetes-preserve-unknown-fields', 'must be false to be structural'],
  ['x-kubernetes-embedded-resource', 'must be false to be structural'],
  ['x-kubernetes-int-or-string', 'must be false to be structural'],
  ['x-kubernetes-list-map-keys', 'must be empty to be structural'],
  ['x-kubernetes-list-type', 'must be undefined to be structural'],
  ['x-kubernetes-map-type', 'must be undefined to be structural'],
  ['x-kubernetes-validations', 'must be empty to be structural'],
];

function checkNested(schema: JSONSchemaProps, skips: Skips, path: FieldPath, errors: Errors): void {
  checkJunctors(schema, skips, path, errors);
  const items = itemsOf(schema);
  if (items !== undefined) checkNested(items, noSkips, path.child('items'), errors);
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    checkNested(property, noSkips, path.child('properties').key(name), errors);
  for (const [name, text] of structure) {
    const value = schema[name];
    if (value !== undefined && value !== '' && value !== false)
      errors.push(forbiddenField(path.child(name), text));
  }
  // It could restrict metadata in ways that nobody wants.
  if (propertyOf(schema, 'metadata') !== undefined)
    errors.push(
      forbiddenField(path.child('properties').key('metadata'), 'must not be specified in a nested context'),
    );
}

/** What a junctor speaks of must be specified outside of junctors too. */
function checkCompleteness(schema: JSONSchemaProps, path: FieldPath, errors: Errors): void {
  checkJunctorsSpecified(schema, path, { schema, path }, errors);
  const items = itemsOf(schema);
  if (items !== undefined) checkCompleteness(items, path.child('items'), errors);
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    checkCompleteness(property, path.child('properties').key(name), errors);
  const values = valuesOf(schema);
  if (values !== undefined) checkCompleteness(values, path.child('additionalProperties'), errors);
}

/** A part of the schema outside of junctors. */
interface Specified {
  readonly schema: JSONSchemaProps;
  readonly path: FieldPath;
}

function checkJunctorsSpecified(
  schema: JSONSchemaProps,
  path: FieldPath,
  specified: Specified,
  errors: Errors,
): void {
  for (const name of ['allOf', 'anyOf', 'oneOf'] as const)
    schema[name]?.forEach((each, index) =>
      checkSpecified(each, path.child(name).index(index), specified, errors),
    );
  if (schema.not !== undefined) checkSpecified(schema.not, path.child('not'), specified, errors);
}

function checkSpecified(
  schema: JSONSchemaProps,
  path: FieldPath,
  specified: Specified,
  errors: Errors,
): void {
  checkJunctorsSpecified(schema, path, specified, errors);
  const below = (
    nested: JSONSchemaProps,
    at: FieldPath,
    own: JSONSchemaProps | undefined,
    ownAt: FieldPath,
  ): void => {
    if (own !== undefined) checkSpecified(nested, at, { schema: own, path: ownAt }, errors);
    else errors.push(required(ownAt, `because it is defined in ${at.toString()}`));
  };
  const items = itemsOf(schema);
  if (items !== undefined)
    below(items, path.child('items'), itemsOf(specified.schema), specified.path.child('items'));
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const own = propertyOf(specified.schema, name);
    const ownAt = specified.path.child('properties').key(name);
    // Under a map, no property is specified by name.
    if (own === undefined && valuesOf(specified.schema) !== undefined)
      errors.push(forbiddenField(path.child('properties').key(name), 'must not be specified under a map'));
    else below(property, path.child('properties').key(name), own, ownAt);
  }
}
