import { RE2JS } from 're2js';
import { deepEqual, isObject } from '../../machinery/json.ts';
import type { JsonObject } from '../../machinery/json.ts';
import type { FieldError } from '../errors.ts';
import {
  invalidValue,
  notSupported,
  required,
  tooLong,
  tooMany,
  wrongType,
} from '../validation/field-errors.ts';
import { FieldPath } from '../validation/field-path.ts';
import { hasFormat } from './formats.ts';
import type { JSONSchemaProps } from './schema.ts';
import { isIntOrString, itemsOf, propertyOf, valuesOf } from './schema.ts';

/**
 * Compares a value with an OpenAPI v3 schema, in upstream's words (kube-openapi/pkg/validation and
 * apiextensions-apiserver/pkg/apiserver/validation). With `old`, the value it replaces, errors in parts that did not
 * change are let pass.
 */
export function validateValue(
  schema: JSONSchemaProps,
  value: unknown,
  path: FieldPath = FieldPath.root,
  old?: unknown,
): FieldError[] {
  const walk = new ValueWalk();
  walk.check(schema, value, path);
  // What was wrong before and has not been touched stays (KEP-4008): only who made an error is told of it.
  if (walk.errors.length > 0 && old !== undefined) {
    const second = new ValueWalk();
    second.check(schema, value, path, old);
    return second.errors.slice(0, maxErrors);
  }
  return walk.errors.slice(0, maxErrors);
}

/** An answer need not name every one of a million wrong items. */
const maxErrors = 200;

class ValueWalk {
  readonly errors: FieldError[] = [];

  check(schema: JSONSchemaProps, value: unknown, path: FieldPath, old?: unknown): void {
    if (value === undefined || this.errors.length >= maxErrors) return;
    if (old !== undefined && deepEqual(value, old)) return;
    if (value === null) return this.#checkNull(schema, path);
    if (!this.#checkType(schema, value, path)) return;
    this.#checkCombinations(schema, value, path);
    if (typeof value === 'string') this.#checkText(schema, value, path);
    else if (typeof value === 'number') this.#checkNumber(schema, value, path);
    else if (Array.isArray(value)) this.#checkList(schema, value, path, old);
    this.#checkEnum(schema, value, path);
    if (isObject(value)) this.#checkObject(schema, value, path, old);
  }

  #checkNull(schema: JSONSchemaProps, path: FieldPath): void {
    if (schema.nullable === true) return;
    const types = typesOf(schema);
    if (types.length > 0) this.#wrongType(path, types.join(','), 'null');
    this.#checkEnum(schema, null, path);
  }

  #checkType(schema: JSONSchemaProps, value: unknown, path: FieldPath): boolean {
    const types = typesOf(schema);
    if (types.length === 0) return true;
    const actual = typeOf(value);
    if (types.includes(actual) || (actual === 'integer' && types.includes('number'))) return true;
    this.#wrongType(path, types.join(','), actual);
    return false;
  }

  #wrongType(path: FieldPath, wanted: string, actual: string): void {
    const text = `${path.toString()} in body must be of type ${wanted}: ${JSON.stringify(actual)}`;
    this.errors.push(wrongType(path, actual, text));
  }

  #invalid(path: FieldPath, value: unknown, text: string): void {
    this.errors.push(invalidValue(path, value, `${path.toString()} in body ${text}`));
  }

  #checkText(schema: JSONSchemaProps, text: string, path: FieldPath): void {
    const { maxLength, minLength, pattern, format = '' } = schema;
    if (maxLength !== undefined || minLength !== undefined) {
      const length = lengthOf(text);
      if (maxLength !== undefined && length > maxLength) this.errors.push(tooLong(path, maxLength));
      if (minLength !== undefined && length < minLength)
        this.#invalid(path, text, `should be at least ${minLength} chars long`);
    }
    if (pattern !== undefined && pattern !== '' && !compiled(schema).test(text))
      this.#invalid(path, text, `should match '${pattern}'`);
    if (format !== '' && !hasFormat(format, text))
      this.errors.push(
        wrongType(
          path,
          text,
          `${path.toString()} in body must be of type ${format}: ${JSON.stringify(text)}`,
        ),
      );
  }

  #checkNumber(schema: JSONSchemaProps, value: number, path: FieldPath): void {
    const { maximum, minimum, exclusiveMaximum, exclusiveMinimum, multipleOf, format } = schema;
    if (multipleOf !== undefined && multipleOf > 0 && !isMultiple(value, multipleOf))
      this.#invalid(path, value, `should be a multiple of ${multipleOf}`);
    if (maximum !== undefined && (value > maximum || (exclusiveMaximum === true && value === maximum)))
      this.#invalid(
        path,
        value,
        `should be less than ${exclusiveMaximum === true ? '' : 'or equal to '}${maximum}`,
      );
    if (minimum !== undefined && (value < minimum || (exclusiveMinimum === true && value === minimum)))
      this.#invalid(
        path,
        value,
        `should be greater than ${exclusiveMinimum === true ? '' : 'or equal to '}${minimum}`,
      );
    if (format === 'int32' && (value > 2 ** 31 - 1 || value < -(2 ** 31)))
      this.errors.push(
        invalidValue(
          path,
          value,
          `Checked value must be of type integer with format int32 in ${path.toString()}`,
        ),
      );
  }

  #checkList(schema: JSONSchemaProps, list: readonly unknown[], path: FieldPath, old: unknown): void {
    const { minItems, maxItems } = schema;
    if (minItems !== undefined && list.length < minItems)
      this.#invalid(path, list.length, `should have at least ${minItems} items`);
    if (maxItems !== undefined && list.length > maxItems)
      this.errors.push(tooMany(path, list.length, maxItems));
    const items = itemsOf(schema);
    if (items === undefined) return;
    for (let index = 0; index < list.length && this.errors.length < maxErrors; index++)
      this.check(items, list[index] ?? null, path.index(index), counterpart(schema, list[index], old));
  }

  #checkObject(schema: JSONSchemaProps, object: JsonObject, path: FieldPath, old: unknown): void {
    const { minProperties, maxProperties } = schema;
    if (minProperties !== undefined || maxProperties !== undefined) {
      const count = Object.keys(object).length;
      if (minProperties !== undefined && count < minProperties)
        this.#invalid(path, count, `should have at least ${minProperties} properties`);
      if (maxProperties !== undefined && count > maxProperties)
        this.errors.push(tooMany(path, count, maxProperties));
    }
    const values = valuesOf(schema);
    if (schema.properties !== undefined || values !== undefined)
      for (const name in object) {
        const member = propertyOf(schema, name) ?? values;
        if (member === undefined) continue;
        const before = isObject(old) && Object.hasOwn(old, name) ? old[name] : undefined;
        this.check(member, object[name], path.child(name), before);
      }
    for (const name of schema.required ?? [])
      if (!Object.hasOwn(object, name) || object[name] === undefined)
        this.errors.push(required(path.child(name)));
  }

  #checkEnum({ enum: allowed, nullable }: JSONSchemaProps, value: unknown, path: FieldPath): void {
    if (allowed === undefined || allowed.length === 0 || (value === null && nullable === true)) return;
    if (allowed.some((each) => deepEqual(each, value))) return;
    const texts = allowed.map((each) => (typeof each === 'string' ? each : JSON.stringify(each)));
    this.errors.push(notSupported(path, value, texts));
  }

  #checkCombinations(schema: JSONSchemaProps, value: unknown, path: FieldPath): void {
    const { anyOf, oneOf, allOf, not } = schema;
    if (anyOf !== undefined && anyOf.length > 0) this.#checkAny(anyOf, value, path);
    if (oneOf !== undefined && oneOf.length > 0) this.#checkOne(oneOf, value, path);
    if (allOf !== undefined && allOf.length > 0) this.#checkAll(allOf, value, path);
    if (not !== undefined && errorsOf(not, value, path).length === 0)
      this.#combined(path, 'must not validate the schema (not)');
  }

  #checkAny(schemas: readonly JSONSchemaProps[], value: unknown, path: FieldPath): void {
    let best: readonly FieldError[] | undefined;
    for (const schema of schemas) {
      const errors = errorsOf(schema, value, path);
      if (errors.length === 0) return;
      if (best === undefined || errors.length < best.length) best = errors;
    }
    this.#combined(path, 'must validate at least one schema (anyOf)');
    this.errors.push(...(best ?? []));
  }

  #checkOne(schemas: readonly JSONSchemaProps[], value: unknown, path: FieldPath): void {
    let best: readonly FieldError[] | undefined;
    let valid = 0;
    for (const schema of schemas) {
      const errors = errorsOf(schema, value, path);
      if (errors.length === 0) valid++;
      else if (best === undefined || errors.length < best.length) best = errors;
    }
    if (valid === 1) return;
    const found = valid === 0 ? 'Found none valid' : `Found ${valid} valid alternatives`;
    this.#combined(path, `must validate one and only one schema (oneOf). ${found}`);
    if (valid === 0) this.errors.push(...(best ?? []));
  }

  #checkAll(schemas: readonly JSONSchemaProps[], value: unknown, path: FieldPath): void {
    const results = schemas.map((schema) => errorsOf(schema, value, path));
    const failed = results.filter((errors) => errors.length > 0);
    if (failed.length === 0) return;
    const none = failed.length === schemas.length ? '. None validated' : '';
    this.#combined(path, `must validate all the schemas (allOf)${none}`);
    for (const errors of failed) this.errors.push(...errors);
  }

  /** Upstream tells of these without a field. */
  #combined(path: FieldPath, text: string): void {
    this.errors.push(invalidValue(nowhere, '', `${JSON.stringify(path.toString())} ${text}`));
  }
}

/** The item that an item of a list was before; only maps tell which. */
export function counterpart(schema: JSONSchemaProps, item: unknown, old: unknown): unknown {
  if (schema['x-kubernetes-list-type'] !== 'map' || !Array.isArray(old) || !isObject(item)) return undefined;
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  return (old as readonly unknown[]).find(
    (other) => isObject(other) && keys.every((key) => deepEqual(other[key], item[key])),
  );
}

const nowhere = FieldPath.root.child('<nil>');

function errorsOf(schema: JSONSchemaProps, value: unknown, path: FieldPath): readonly FieldError[] {
  const walk = new ValueWalk();
  walk.check(schema, value, path);
  return walk.errors;
}

function typesOf(schema: JSONSchemaProps): readonly string[] {
  if (isIntOrString(schema)) return intOrString;
  return schema.type === undefined || schema.type === '' ? [] : [schema.type];
}

const intOrString = ['integer', 'string'];

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  switch (typeof value) {
    case 'number':
      return Number.isInteger(value) ? 'integer' : 'number';
    case 'string':
    case 'boolean':
      return typeof value;
    default:
      return 'object';
  }
}

/** Characters, not UTF-16 units. */
function lengthOf(text: string): number {
  let length = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0xdc00 || unit > 0xdfff) length++;
  }
  return length;
}

/** Exact for decimal fractions such as 0.1, which binary ones only come near. */
function isMultiple(value: number, factor: number): boolean {
  const quotient = value / factor;
  return Math.abs(quotient - Math.round(quotient)) < 1e-9;
}

interface Pattern {
  test(text: string): boolean;
}

const patterns = new WeakMap<JSONSchemaProps, Pattern>();

/** Expressions of RE2: linear in the text whatever they are. Compiled when first needed and for as long as the schema. */
function compiled(schema: JSONSchemaProps): Pattern {
  const known = patterns.get(schema);
  if (known !== undefined) return known;
  const expression = RE2JS.compile(schema.pattern ?? '');
  const pattern = { test: (text: string) => expression.matcher(text).find() };
  patterns.set(schema, pattern);
  return pattern;
}
