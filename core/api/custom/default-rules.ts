import { CostBudget, costLimits } from '../../cel/index.ts';
import { deepEqual } from '../../machinery/json.ts';
import type { Errors } from '../validation/common.ts';
import { forbiddenField, invalidValue } from '../validation/field-errors.ts';
import type { FieldPath } from '../validation/field-path.ts';
import { applySchemaDefaults } from './defaults.ts';
import { pruneValue } from './prune.ts';
import type { JSONSchemaProps } from './schema.ts';
import { isEmbedded, itemsOf, valuesOf } from './schema.ts';
import { validateValue } from './validate-value.ts';
import { validateDefaultByRules } from './rules.ts';
import { validateLists } from './list-types.ts';

/**
 * A default must be what the server itself would store: nothing unknown in it, and valid. None may stand in the
 * metadata that every resource has (apiextensions-apiserver/pkg/apiserver/schema/defaulting/validation.go).
 */
export function validateDefaults(schema: JSONSchemaProps, path: FieldPath): Errors {
  const errors: Errors = [];
  if (schema.default !== undefined) errors.push(forbiddenField(path.child('default'), 'must not be set'));
  // Defaults are small: what one expression may cost is enough for all of them.
  checkBelow(schema, path, true, errors, new CostBudget(costLimits.perCall));
  return errors;
}

function check(schema: JSONSchemaProps, path: FieldPath, errors: Errors, budget: CostBudget): void {
  const { default: value } = schema;
  if (value !== undefined) errors.push(...problemsOf(schema, value, path.child('default'), budget));
  checkBelow(schema, path, isEmbedded(schema), errors, budget);
}

function checkBelow(
  schema: JSONSchemaProps,
  path: FieldPath,
  isResource: boolean,
  errors: Errors,
  budget: CostBudget,
): void {
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const at = path.child('properties').key(name);
    if (isResource && name === 'metadata') {
      if (property.default !== undefined) errors.push(forbiddenField(at.child('default'), 'must not be set'));
      continue;
    }
    check(property, at, errors, budget);
  }
  const items = itemsOf(schema);
  if (items !== undefined) check(items, path.child('items'), errors, budget);
  const values = valuesOf(schema);
  if (values !== undefined) check(values, path.child('additionalProperties'), errors, budget);
}

function problemsOf(schema: JSONSchemaProps, value: unknown, path: FieldPath, budget: CostBudget): Errors {
  if (!deepEqual(pruneValue(schema, value), value))
    return [invalidValue(path, value, 'must not have unknown fields')];
  const complete = applySchemaDefaults(schema, value);
  const errors = [...validateValue(schema, complete, path), ...validateLists(schema, complete, path)];
  return errors.length > 0 ? errors : [...validateDefaultByRules(schema, complete, path, budget)];
}
