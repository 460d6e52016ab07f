import { isObject } from '../../machinery/json.ts';
import type { JsonObject } from '../../machinery/json.ts';
import { dns1035LabelProblems, pathSegmentNameProblems } from '../../machinery/names.ts';
import { validate } from '../../machinery/validation.ts';
import type { ObjectMeta } from '../generated/meta-v1.ts';
import { objectSchemaOf } from '../schema/schemas.ts';
import type { Errors } from '../validation/common.ts';
import { invalidValue, required } from '../validation/field-errors.ts';
import type { FieldPath } from '../validation/field-path.ts';
import { validateObjectMeta } from '../validation/object-meta.ts';
import type { JSONSchemaProps } from './schema.ts';
import { isEmbedded, itemsOf, memberSchemaOf } from './schema.ts';

/** Resources within resources say what they are (apiextensions-apiserver/pkg/apiserver/schema/objectmeta). */
export function validateEmbedded(schema: JSONSchemaProps, value: unknown, path: FieldPath): Errors {
  const errors: Errors = [];
  check(schema, value, path, false, errors);
  return errors;
}

function check(
  schema: JSONSchemaProps,
  value: unknown,
  path: FieldPath,
  within: boolean,
  errors: Errors,
): void {
  if (Array.isArray(value)) {
    const items = itemsOf(schema);
    if (items !== undefined)
      value.forEach((item, index) => check(items, item, path.index(index), true, errors));
    return;
  }
  if (!isObject(value)) return;
  if (within && isEmbedded(schema)) checkResource(value, path, errors);
  for (const name in value) {
    const member = memberSchemaOf(schema, name);
    if (member !== undefined) check(member, value[name], path.child(name), true, errors);
  }
}

function checkResource(resource: JsonObject, path: FieldPath, errors: Errors): void {
  const { apiVersion, kind, metadata } = resource;
  checkText(apiVersion, path.child('apiVersion'), errors);
  if (checkText(kind, path.child('kind'), errors)) {
    const problems = dns1035LabelProblems((kind as string).toLowerCase());
    if (problems.length > 0)
      errors.push(
        invalidValue(
          path.child('kind'),
          kind,
          `may have mixed case, but should otherwise match: ${problems.join(',')}`,
        ),
      );
  }
  if (metadata !== undefined) checkMetadata(metadata, path.child('metadata'), errors);
}

function checkText(value: unknown, path: FieldPath, errors: Errors): boolean {
  if (value === undefined) errors.push(required(path, 'must not be empty'));
  else if (typeof value !== 'string') errors.push(invalidValue(path, value, 'must be a string'));
  else if (value === '') errors.push(invalidValue(path, value, 'must not be empty'));
  else return true;
  return false;
}

function checkMetadata(metadata: unknown, path: FieldPath, errors: Errors): void {
  const wrong = validate(objectSchemaOf('meta/v1.ObjectMeta'), metadata, { ignoreUnknown: true });
  if (wrong.length > 0) {
    const [{ path: where, message } = { path: '', message: '' }] = wrong;
    errors.push(invalidValue(path, metadata, where === '' ? message : `${where} ${message}`));
    return;
  }
  const given = metadata as ObjectMeta;
  // A template need not have a name.
  const named = { ...given, name: given.name ?? 'fakename' };
  const rules = { namespaced: given.namespace !== undefined, nameProblems: pathSegmentNameProblems };
  errors.push(...validateObjectMeta(named, rules, path));
}
