import { CelCompileError } from '../../cel/index.ts';
import type { ValidationRule } from '../generated/apiextensions-v1.ts';
import type { Errors } from '../validation/common.ts';
import { forbiddenField, invalidValue, notSupported, required } from '../validation/field-errors.ts';
import type { FieldPath } from '../validation/field-path.ts';
import { celTypeOf } from './cel-types.ts';
import { RuleEnvironments } from './compiled-rules.ts';
import { excessOf, maxDefinitionCost, maxRuleCost, ruleCost, timesBelow } from './rule-costs.ts';
import { fieldPathProblem } from './rule-paths.ts';
import type { JSONSchemaProps } from './schema.ts';
import { isEmbedded, itemsOf, valuesOf } from './schema.ts';

/** Rules of one definition; each is compiled once when it is checked and once when it is used. */
const maxRules = 2_000;

/** The rules of a schema (ValidateCustomResourceDefinitionOpenAPISchema, its part about CEL). */
export function validateRuleTexts(schema: JSONSchemaProps, path: FieldPath): Errors {
  const walk = new RuleCheck();
  walk.visit(schema, path, { isResource: true, uncorrelated: undefined, times: 1 });
  const excess = excessOf(
    'x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema',
    walk.totalCost,
    maxDefinitionCost,
  );
  if (excess !== undefined) walk.errors.push(forbiddenField(path, excess));
  return walk.errors;
}

/** Where a part of a schema stands. */
interface Place {
  readonly isResource: boolean;
  /** The list whose items cannot be told from those before, where one stands above. */
  readonly uncorrelated: FieldPath | undefined;
  /** How often it may be there in one object. */
  readonly times: number;
}

class RuleCheck {
  readonly errors: Errors = [];
  totalCost = 0;
  #rules = 0;

  visit(schema: JSONSchemaProps, path: FieldPath, place: Place): void {
    const { uncorrelated, times } = place;
    const rules = schema['x-kubernetes-validations'] ?? [];
    if (rules.length > 0) this.#check(schema, rules, path, place);
    for (const [name, property] of Object.entries(schema.properties ?? {}))
      this.visit(property, path.child('properties').key(name), {
        ...place,
        isResource: isEmbedded(property),
      });
    const each = timesBelow(schema, times);
    const values = valuesOf(schema);
    if (values !== undefined)
      this.visit(values, path.child('additionalProperties'), {
        isResource: isEmbedded(values),
        uncorrelated,
        times: each,
      });
    const items = itemsOf(schema);
    if (items === undefined) return;
    const isMap = schema['x-kubernetes-list-type'] === 'map';
    this.visit(items, path.child('items'), {
      isResource: isEmbedded(items),
      uncorrelated: uncorrelated ?? (isMap ? undefined : path),
      times: each,
    });
  }

  #check(
    schema: JSONSchemaProps,
    rules: readonly ValidationRule[],
    path: FieldPath,
    { isResource, uncorrelated, times }: Place,
  ): void {
    const at = path.child('x-kubernetes-validations');
    this.#rules += rules.length;
    if (this.#rules > maxRules) {
      if (this.#rules - rules.length <= maxRules)
        this.errors.push(forbiddenField(at, `must have at most ${maxRules} rules`));
      return;
    }
    const type = celTypeOf(schema, isResource);
    if (type === undefined) {
      this.errors.push(
        invalidValue(
          at,
          rules.map(({ rule }) => rule),
          'must be on a value whose type is specified',
        ),
      );
      return;
    }
    const environments = new RuleEnvironments(type);
    rules.forEach((rule, index) => {
      this.errors.push(...textProblems(rule, schema, at.index(index)));
      if (this.#compile(rule, environments, at.index(index), uncorrelated))
        this.#weigh(rule, schema, at.index(index), times);
    });
  }

  #compile(
    rule: ValidationRule,
    environments: RuleEnvironments,
    path: FieldPath,
    uncorrelated: FieldPath | undefined,
  ): boolean {
    if (rule.rule.trim() === '') return false;
    const program = this.#attempt(path.child('rule'), rule.rule, () => environments.program(rule));
    if ((rule.messageExpression ?? '').trim() !== '')
      this.#attempt(path.child('messageExpression'), rule.messageExpression, () =>
        environments.message(rule),
      );
    if (program === undefined) return false;
    const usesOld = program.uses.has('oldSelf');
    if (usesOld && uncorrelated !== undefined)
      this.errors.push(
        invalidValue(
          path.child('rule'),
          rule.rule,
          `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelated.toString()}`,
        ),
      );
    if (!usesOld && rule.optionalOldSelf !== undefined)
      this.errors.push(
        invalidValue(
          path.child('optionalOldSelf'),
          rule.optionalOldSelf,
          'may not be set if oldSelf is not used in rule',
        ),
      );
    return true;
  }

  #weigh(rule: ValidationRule, schema: JSONSchemaProps, path: FieldPath, times: number): void {
    const cost = ruleCost(rule.rule, schema) * times;
    this.totalCost += cost;
    const excess = excessOf('estimated rule cost', cost, maxRuleCost);
    if (excess !== undefined) this.errors.push(forbiddenField(path.child('rule'), excess));
  }

  #attempt<T>(path: FieldPath, text: string | undefined, compile: () => T): T | undefined {
    try {
      return compile();
    } catch (error) {
      if (!(error instanceof CelCompileError)) throw error;
      this.errors.push(invalidValue(path, text, error.message));
      return undefined;
    }
  }
}

const reasons = ['FieldValueRequired', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueDuplicate'];
const lineBreak = /[\n\r]/;

function textProblems(rule: ValidationRule, schema: JSONSchemaProps, path: FieldPath): Errors {
  const { message, messageExpression, reason, fieldPath } = rule;
  const errors: Errors = [];
  const isNamed = message !== undefined && message !== '';
  if (rule.rule.trim() === '') errors.push(required(path.child('rule'), 'rule is not specified'));
  if (isNamed && message.trim() === '')
    errors.push(invalidValue(path.child('message'), message, 'message must be non-empty if specified'));
  if (isNamed && lineBreak.test(message.trim()))
    errors.push(invalidValue(path.child('message'), message, 'message must not contain line breaks'));
  if (!isNamed && lineBreak.test(rule.rule.trim()))
    errors.push(required(path.child('message'), 'message must be specified if rule contains line breaks'));
  if (messageExpression !== undefined && messageExpression !== '' && messageExpression.trim() === '')
    errors.push(
      required(path.child('messageExpression'), 'messageExpression must be non-empty if specified'),
    );
  if (reason !== undefined && !reasons.includes(reason))
    errors.push(notSupported(path.child('reason'), reason, reasons));
  if (fieldPath !== undefined && fieldPath !== '') {
    const problem = fieldPathProblem(fieldPath, schema);
    if (problem !== undefined) errors.push(invalidValue(path.child('fieldPath'), fieldPath, problem));
  }
  return errors;
}
