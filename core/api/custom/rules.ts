import { setImmediate as turn } from 'node:timers/promises';
import { CelCostError, CelError, CostBudget, costLimits } from '../../cel/index.ts';
import type { Value } from '../../cel/index.ts';
import { deepEqual, isObject } from '../../machinery/json.ts';
import type { FieldError } from '../errors.ts';
import type { ValidationRule } from '../generated/apiextensions-v1.ts';
import { duplicate, forbiddenField, invalidValue, required } from '../validation/field-errors.ts';
import { FieldPath } from '../validation/field-path.ts';
import type { CompiledRule, RuleNode } from './compiled-rules.ts';
import { rulesOf } from './compiled-rules.ts';
import { fieldPathBelow } from './rule-paths.ts';
import type { JSONSchemaProps } from './schema.ts';
import { counterpart } from './validate-value.ts';

/**
 * Asks the rules of a schema about an object, and of its change where there was one before
 * (apiextensions-apiserver/pkg/apiserver/schema/cel/validation.go). The object fits the schema. All rules of one
 * object share upstream's budget of costs; where they take long, others have their turns in between.
 */
export async function validateRules(
  schema: JSONSchemaProps,
  object: unknown,
  old: unknown,
): Promise<readonly FieldError[]> {
  const root = rulesOf(schema);
  if (root === undefined) return [];
  const walk = new RuleWalk(new CostBudget());
  // oxlint-disable-next-line no-unused-vars
  for (const _ of walk.visit(root, object, old, FieldPath.root)) await turn();
  return walk.errors;
}

/** As `validateRules`, of a default in a schema, at one go: `budget` is for all defaults of a definition. */
export function validateDefaultByRules(
  schema: JSONSchemaProps,
  value: unknown,
  path: FieldPath,
  budget: CostBudget,
): readonly FieldError[] {
  const root = rulesOf(schema);
  if (root === undefined) return [];
  const walk = new RuleWalk(budget);
  Array.from(walk.visit(root, value, undefined, path));
  return walk.errors;
}

/**
 * As `validateRules`, of a new object, at one go and for at most so many units of cost: for those who must answer at
 * once and may leave the rest to the server. What could not be asked any more is not told of.
 */
export function validateRulesWithin(
  schema: JSONSchemaProps,
  object: unknown,
  units: number,
): readonly FieldError[] {
  const root = rulesOf(schema);
  if (root === undefined) return [];
  const walk = new RuleWalk(new CostBudget(units, units));
  Array.from(walk.visit(root, object, undefined, FieldPath.root));
  return walk.isStopped ? walk.errors.slice(0, -1) : walk.errors;
}

class RuleWalk {
  readonly errors: FieldError[] = [];
  readonly #budget: CostBudget;
  #stopped = false;
  #turnEndsAt: number;

  constructor(budget: CostBudget) {
    this.#budget = budget;
    this.#turnEndsAt = budget.remaining - costLimits.perTurn;
  }

  /** The costs ran out; the last error says so. */
  get isStopped(): boolean {
    return this.#stopped;
  }

  /** Yields where others should have a turn. */
  *visit(node: RuleNode, value: unknown, old: unknown, path: FieldPath): Generator<void, void, void> {
    if (this.#stopped || value === undefined || value === null) return;
    // Rules about the value alone say of an unchanged one what they said before.
    const isUnchanged = old !== undefined && deepEqual(value, old);
    for (const rule of node.rules) {
      if (this.#stopped) return;
      if (rule.isTransition ? old === undefined || old === null : isUnchanged) continue;
      this.#ask(rule, node.schema, value, old ?? undefined, path);
      if (this.#budget.remaining >= this.#turnEndsAt) continue;
      yield;
      this.#turnEndsAt = this.#budget.remaining - costLimits.perTurn;
    }
    if (isObject(value)) {
      for (const name in value) {
        const below = node.properties.get(name) ?? node.values;
        if (below === undefined) continue;
        const before = isObject(old) && Object.hasOwn(old, name) ? old[name] : undefined;
        yield* this.visit(below, value[name], before, path.child(name));
      }
    } else if (Array.isArray(value) && node.items !== undefined) {
      for (const [index, item] of value.entries())
        yield* this.visit(node.items, item, counterpart(node.schema, item, old), path.index(index));
    }
  }

  #ask(
    { rule, program, message, oldSelf }: CompiledRule,
    { type = '' }: JSONSchemaProps,
    self: unknown,
    old: unknown,
    path: FieldPath,
  ): void {
    const bindings = { self, oldSelf: oldSelf(old) };
    try {
      if (program.evaluate(bindings, this.#budget) === true) return;
      const text = messageOf(rule, () => message?.evaluate(bindings, this.#budget));
      this.errors.push(errorOf(rule, path, type, text));
    } catch (error) {
      this.errors.push(invalidValue(path, type, this.#explain(error, rule)));
    }
  }

  #explain(error: unknown, rule: ValidationRule): string {
    const name = nameOf(rule);
    if (error instanceof CelCostError) {
      this.#stopped = true;
      return this.#budget.isSpent
        ? 'validation failed due to running out of cost budget, no further validation rules will be run'
        : `'${error.message}': no further validation rules will be run due to call cost exceeds limit for rule: ${name}`;
    }
    if (!(error instanceof CelError)) throw error;
    if (error.message.startsWith('no such overload'))
      return `'${error.message}': call arguments did not match a supported operator, function or macro signature for rule: ${name}`;
    return `${error.message} evaluating rule: ${name}`;
  }
}

/** Upstream's word for a rule in messages: what it says of itself, or else its text. */
function nameOf({ rule, message = '' }: ValidationRule): string {
  return (message === '' ? rule : message).trim();
}

const longestMessage = 5_120;

/** What the rule makes of the case, unless that is no message; else its own message, or its text. */
function messageOf(rule: ValidationRule, evaluate: () => Value | undefined): string {
  const plain = (rule.message ?? '') === '' ? `failed rule: ${nameOf(rule)}` : nameOf(rule);
  try {
    const made = evaluate();
    if (typeof made !== 'string') return plain;
    const text = made.trim();
    return text === '' || /[\n\r]/.test(text) || text.length > longestMessage ? plain : text;
  } catch (error) {
    if (error instanceof CelCostError || !(error instanceof CelError)) throw error;
    return plain;
  }
}

function errorOf(rule: ValidationRule, at: FieldPath, type: string, text: string): FieldError {
  const path = (rule.fieldPath ?? '') === '' ? at : fieldPathBelow(at, rule.fieldPath ?? '');
  switch (rule.reason) {
    case 'FieldValueRequired':
      return required(path, text);
    case 'FieldValueForbidden':
      return forbiddenField(path, text);
    case 'FieldValueDuplicate':
      return duplicate(path, type);
    default:
      return invalidValue(path, type, text);
  }
}
