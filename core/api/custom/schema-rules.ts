import { RE2JS } from 're2js';
import type { Errors } from '../validation/common.ts';
import {
  duplicate,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../validation/field-errors.ts';
import type { FieldPath } from '../validation/field-path.ts';
import type { JSONSchemaProps } from './schema.ts';
import { itemsOf, propertyOf, valuesOf } from './schema.ts';

/** Levels and nodes of one schema: far above any published one. */
const maxDepth = 128;
const maxNodes = 50_000;
/** Characters of a regular expression. */
const maxPattern = 10_000;

/**
 * What OpenAPI keywords a definition may use, and how (ValidateCustomResourceDefinitionOpenAPISchema of
 * apiextensions-apiserver/pkg/apis/apiextensions/validation).
 */
export function validateKeywords(schema: JSONSchemaProps, path: FieldPath): Errors {
  const walk = new KeywordWalk();
  walk.visit(schema, path, 0);
  return walk.errors;
}

const types = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
const unsupported = [
  '$ref',
  'id',
  'definitions',
  'dependencies',
  'patternProperties',
  'additionalItems',
] as const;

class KeywordWalk {
  readonly errors: Errors = [];
  #nodes = 0;

  visit(schema: JSONSchemaProps, path: FieldPath, depth: number): void {
    if (depth > maxDepth || ++this.#nodes > maxNodes) {
      if (this.#nodes <= maxNodes + 1 || depth === maxDepth + 1)
        this.errors.push(forbiddenField(path, 'the schema is too large or nested too deeply'));
      return;
    }
    this.#checkSupport(schema, path);
    this.#checkListAndMapTypes(schema, path);
    for (const [name, property] of Object.entries(schema.properties ?? {}))
      this.visit(property, path.child('properties').key(name), depth + 1);
    for (const name of ['items', 'additionalProperties'] as const) {
      const below = name === 'items' ? itemsOf(schema) : valuesOf(schema);
      if (below !== undefined) this.visit(below, path.child(name), depth + 1);
    }
    for (const name of ['allOf', 'anyOf', 'oneOf'] as const)
      schema[name]?.forEach((each, index) => this.visit(each, path.child(name).index(index), depth + 1));
    if (schema.not !== undefined) this.visit(schema.not, path.child('not'), depth + 1);
  }

  #checkSupport(schema: JSONSchemaProps, path: FieldPath): void {
    const { type = '', pattern = '', items, additionalProperties } = schema;
    for (const name of unsupported)
      if (schema[name] !== undefined)
        this.errors.push(forbiddenField(path.child(name), `${name} is not supported`));
    if (type === 'null')
      this.errors.push(
        forbiddenField(path.child('type'), 'type cannot be set to null, use nullable as an alternative'),
      );
    else if (type !== '' && !types.includes(type))
      this.errors.push(notSupported(path.child('type'), type, types));
    if (items !== undefined && itemsOf(schema) === undefined)
      this.errors.push(forbiddenField(path.child('items'), 'items must be a schema object and not an array'));
    if (schema.uniqueItems === true)
      this.errors.push(
        forbiddenField(
          path.child('uniqueItems'),
          'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
        ),
      );
    if (additionalProperties === false)
      this.errors.push(
        forbiddenField(path.child('additionalProperties'), 'additionalProperties cannot be set to false'),
      );
    else if (additionalProperties !== undefined && Object.keys(schema.properties ?? {}).length > 0)
      this.errors.push(
        forbiddenField(
          path.child('additionalProperties'),
          'additionalProperties and properties are mutual exclusive',
        ),
      );
    if (schema['x-kubernetes-preserve-unknown-fields'] === false)
      this.errors.push(
        invalidValue(path.child('x-kubernetes-preserve-unknown-fields'), false, 'must be true or undefined'),
      );
    if (pattern !== '') this.errors.push(...validatePattern(pattern, path.child('pattern')));
  }

  #checkListAndMapTypes(schema: JSONSchemaProps, path: FieldPath): void {
    const mapType = schema['x-kubernetes-map-type'];
    const listType = schema['x-kubernetes-list-type'];
    const keys = schema['x-kubernetes-list-map-keys'] ?? [];
    if (mapType !== undefined) {
      this.#needsType(schema, 'object', 'x-kubernetes-map-type', path);
      if (mapType !== 'atomic' && mapType !== 'granular')
        this.errors.push(notSupported(path.child('x-kubernetes-map-type'), mapType, ['atomic', 'granular']));
    }
    if (listType !== undefined) {
      this.#needsType(schema, 'array', 'x-kubernetes-list-type', path);
      if (!['atomic', 'set', 'map'].includes(listType))
        this.errors.push(
          notSupported(path.child('x-kubernetes-list-type'), listType, ['atomic', 'set', 'map']),
        );
    }
    if (keys.length > 0 && listType !== 'map') {
      const at = path.child('x-kubernetes-list-type');
      const text = 'must be map if x-kubernetes-list-map-keys is non-empty';
      this.errors.push(listType === undefined ? required(at, text) : invalidValue(at, listType, text));
    }
    if (listType === 'set') this.#checkSetItems(itemsOf(schema), path.child('items'));
    if (listType === 'map') this.#checkMapItems(itemsOf(schema), keys, path);
  }

  #needsType({ type = '' }: JSONSchemaProps, wanted: string, why: string, path: FieldPath): void {
    if (type === wanted) return;
    const text = `must be ${wanted} if ${why} is specified`;
    const at = path.child('type');
    this.errors.push(type === '' ? required(at, text) : invalidValue(at, type, text));
  }

  #checkSetItems(items: JSONSchemaProps | undefined, path: FieldPath): void {
    if (items === undefined) return;
    const text = 'must be atomic as item of a list with x-kubernetes-list-type=set';
    if (items.nullable === true)
      this.errors.push(
        forbiddenField(path.child('nullable'), 'cannot be nullable when x-kubernetes-list-type is set'),
      );
    if (items.type === 'array') {
      const own = items['x-kubernetes-list-type'];
      if (own !== undefined && own !== 'atomic')
        this.errors.push(invalidValue(path.child('x-kubernetes-list-type'), own, text));
    }
    if (items.type === 'object') {
      const own = items['x-kubernetes-map-type'];
      const at = path.child('x-kubernetes-map-type');
      if (own === undefined) this.errors.push(required(at, text));
      else if (own !== 'atomic') this.errors.push(invalidValue(at, own, text));
    }
  }

  #checkMapItems(items: JSONSchemaProps | undefined, keys: readonly string[], path: FieldPath): void {
    const keysAt = path.child('x-kubernetes-list-map-keys');
    const itemsAt = path.child('items');
    if (keys.length === 0)
      this.errors.push(required(keysAt, 'must not be empty if x-kubernetes-list-type is map'));
    if (items === undefined) {
      this.errors.push(required(itemsAt, 'must have a schema if x-kubernetes-list-type is map'));
      return;
    }
    if (items.type !== 'object')
      this.errors.push(
        invalidValue(
          itemsAt.child('type'),
          items.type ?? '',
          "must be object if parent array's x-kubernetes-list-type is map",
        ),
      );
    if (items.nullable === true)
      this.errors.push(
        forbiddenField(itemsAt.child('nullable'), 'cannot be nullable when x-kubernetes-list-type is map'),
      );
    keys.forEach((key, index) => {
      const property = propertyOf(items, key);
      if (keys.indexOf(key) !== index) this.errors.push(duplicate(keysAt.index(index), key));
      else if (property === undefined)
        this.errors.push(invalidValue(keysAt, keys, 'entries must all be names of item properties'));
      else this.#checkMapKey(items, property, key, itemsAt.child('properties').key(key));
    });
  }

  #checkMapKey(items: JSONSchemaProps, property: JSONSchemaProps, key: string, path: FieldPath): void {
    const { type = '' } = property;
    if (type === 'object' || type === 'array')
      this.errors.push(
        invalidValue(
          path.child('type'),
          type,
          "must be a scalar type if parent array's x-kubernetes-list-type is map",
        ),
      );
    if (property.nullable === true)
      this.errors.push(
        forbiddenField(
          path.child('nullable'),
          'cannot be nullable as a key of a list with x-kubernetes-list-type=map',
        ),
      );
    if (property.default === undefined && items.required?.includes(key) !== true)
      this.errors.push(
        required(
          path.child('default'),
          'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
        ),
      );
  }
}

/** Expressions of RE2, which take time in proportion to the text whatever they say. */
function validatePattern(pattern: string, path: FieldPath): Errors {
  if (pattern.length > maxPattern)
    return [invalidValue(path, pattern, `must have at most ${maxPattern} characters`)];
  try {
    RE2JS.compile(pattern);
    return [];
  } catch (error) {
    return [
      invalidValue(
        path,
        pattern,
        `must be a valid regular expression, but isn't: ${(error as Error).message}`,
      ),
    ];
  }
}
