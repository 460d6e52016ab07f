import { adapt, bool, CelEnvironment, Optional, optionalOf, string } from '../../cel/index.ts';
import type { CelProgram, Type } from '../../cel/index.ts';
import type { ValidationRule } from '../generated/apiextensions-v1.ts';
import { celTypeOf } from './cel-types.ts';
import type { JSONSchemaProps } from './schema.ts';
import { isEmbedded, itemsOf, valuesOf } from './schema.ts';

/** A rule ready to run. */
export interface CompiledRule {
  readonly rule: ValidationRule;
  readonly program: CelProgram;
  readonly message: CelProgram | undefined;
  /** It compares with what there was before, and so says nothing where there was nothing. */
  readonly isTransition: boolean;
  /** What was there before, as the rule sees it. */
  readonly oldSelf: (old: unknown) => unknown;
}

/** The part of a schema that has rules, or leads to some. */
export interface RuleNode {
  readonly schema: JSONSchemaProps;
  readonly rules: readonly CompiledRule[];
  readonly properties: ReadonlyMap<string, RuleNode>;
  readonly values: RuleNode | undefined;
  readonly items: RuleNode | undefined;
}

const known = new WeakMap<JSONSchemaProps, RuleNode | 'none'>();

/** The rules of a schema, compiled when they are first needed; undefined where there are none. */
export function rulesOf(root: JSONSchemaProps): RuleNode | undefined {
  let node = known.get(root);
  if (node === undefined) known.set(root, (node = nodeOf(root, true) ?? 'none'));
  return node === 'none' ? undefined : node;
}

function nodeOf(schema: JSONSchemaProps, isResource: boolean): RuleNode | undefined {
  const below = (each: JSONSchemaProps | undefined) =>
    each === undefined ? undefined : nodeOf(each, isEmbedded(each));
  const properties = new Map<string, RuleNode>();
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const node = below(property);
    if (node !== undefined) properties.set(name, node);
  }
  const items = below(itemsOf(schema));
  const values = below(valuesOf(schema));
  const given = schema['x-kubernetes-validations'] ?? [];
  if (given.length === 0 && properties.size === 0 && items === undefined && values === undefined)
    return undefined;
  return { schema, rules: compileRules(schema, given, isResource), properties, items, values };
}

function compileRules(
  schema: JSONSchemaProps,
  rules: readonly ValidationRule[],
  isResource: boolean,
): readonly CompiledRule[] {
  const type = rules.length === 0 ? undefined : celTypeOf(schema, isResource);
  if (type === undefined) return [];
  const environments = new RuleEnvironments(type);
  return rules.map((rule) => environments.compile(rule));
}

/** The two environments that the rules of one value need. */
export class RuleEnvironments {
  readonly #type: Type;
  #plain: CelEnvironment | undefined;
  #optional: CelEnvironment | undefined;

  constructor(type: Type) {
    this.#type = type;
  }

  /** @throws CelCompileError */
  compile(rule: ValidationRule): CompiledRule {
    const program = this.program(rule);
    const { messageExpression = '' } = rule;
    const isOptional = rule.optionalOldSelf === true;
    const optional = (old: unknown) =>
      old === undefined ? Optional.none : new Optional(adapt(old, this.#type));
    return {
      rule,
      program,
      message: messageExpression === '' ? undefined : this.message(rule),
      isTransition: program.uses.has('oldSelf') && !isOptional,
      oldSelf: isOptional ? optional : (old) => old,
    };
  }

  /** @throws CelCompileError */
  program(rule: ValidationRule): CelProgram {
    return this.#environment(rule).compile(rule.rule, bool);
  }

  /** @throws CelCompileError */
  message(rule: ValidationRule): CelProgram {
    return this.#environment(rule).compile(rule.messageExpression ?? '', string);
  }

  #environment({ optionalOldSelf }: ValidationRule): CelEnvironment {
    const self = this.#type;
    if (optionalOldSelf === true)
      return (this.#optional ??= new CelEnvironment({ self, oldSelf: optionalOf(self) }));
    return (this.#plain ??= new CelEnvironment({ self, oldSelf: self }));
  }
}
