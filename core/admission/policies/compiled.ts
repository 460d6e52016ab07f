import type {
  MatchCondition,
  MatchResources,
  ParamKind,
  ValidatingAdmissionPolicy,
  Variable,
} from '../../api/generated/admissionregistration-v1.ts';
import { PolicyCompiler } from '../../cel/index.ts';
import type { CelProgram } from '../../cel/index.ts';
import { matcher } from '../matching.ts';
import type { Matcher } from '../matching.ts';
import { compiled } from '../webhooks/hooks.ts';
import type { MatchProgram } from '../webhooks/hooks.ts';

/** What policies of both kinds have in common, made ready when the policy was read. */
export interface PolicyCore {
  readonly name: string;
  readonly failsClosed: boolean;
  readonly matcher: Matcher;
  readonly paramKind: ParamKind | undefined;
  readonly conditions: readonly MatchProgram[];
  readonly variables: readonly CompiledVariable[];
}

export interface CompiledVariable {
  readonly name: string;
  /** Text: why the expression cannot be compiled. */
  readonly program: CelProgram | string;
}

export interface ValidatingPolicy extends PolicyCore {
  readonly validations: readonly CompiledValidation[];
  readonly auditAnnotations: readonly { readonly key: string; readonly program: CelProgram | string }[];
}

export interface CompiledValidation {
  readonly expression: string;
  readonly program: CelProgram | string;
  readonly message: string;
  readonly messageProgram: CelProgram | undefined;
  readonly reason: string | undefined;
}

interface CommonSpec {
  readonly failurePolicy?: string | undefined;
  readonly matchConstraints?: MatchResources | undefined;
  readonly matchConditions?: readonly MatchCondition[] | undefined;
  readonly paramKind?: ParamKind | undefined;
  readonly variables?: readonly Variable[] | undefined;
}

export function compileCore(name: string, spec: CommonSpec, compiler: PolicyCompiler): PolicyCore {
  const { matchConditions = [], variables = [], paramKind, matchConstraints } = spec;
  return {
    name,
    failsClosed: spec.failurePolicy !== 'Ignore',
    matcher: resourceMatcher(matchConstraints ?? {}, []),
    paramKind,
    conditions: matchConditions.map((condition) => ({
      ...condition,
      program: compiled(() => compiler.matchCondition(condition.expression)),
    })),
    variables: variables.map((variable) => {
      const program = compiled(() => compiler.variable(variable.name, variable.expression));
      if (typeof program === 'string') compiler.assume(variable.name);
      return { name: variable.name, program };
    }),
  };
}

/** @param rules what is meant where the resources name no rules; everything where that is undefined */
export function resourceMatcher(
  { resourceRules, excludeResourceRules, matchPolicy, namespaceSelector, objectSelector }: MatchResources,
  rules: MatchResources['resourceRules'],
): Matcher {
  return matcher({
    rules: (resourceRules?.length ?? 0) > 0 ? resourceRules : rules,
    excludeResourceRules,
    matchPolicy,
    namespaceSelector,
    objectSelector,
  });
}

const ready = new WeakMap<ValidatingAdmissionPolicy, ValidatingPolicy>();

/** Each version of a policy is compiled once. */
export function compilePolicy(policy: ValidatingAdmissionPolicy): ValidatingPolicy {
  const known = ready.get(policy);
  if (known !== undefined) return known;
  const { metadata, spec } = policy;
  const compiler = new PolicyCompiler({ hasParams: spec.paramKind !== undefined });
  const made: ValidatingPolicy = {
    ...compileCore(metadata.name ?? '', spec, compiler),
    validations: (spec.validations ?? []).map(
      ({ expression, message = '', messageExpression = '', reason }) => {
        const messageProgram =
          messageExpression.trim() === '' ? undefined : compiled(() => compiler.message(messageExpression));
        return {
          expression,
          program: compiled(() => compiler.validation(expression)),
          message,
          messageProgram: typeof messageProgram === 'string' ? undefined : messageProgram,
          reason,
        };
      },
    ),
    auditAnnotations: (spec.auditAnnotations ?? []).map(({ key, valueExpression }) => ({
      key,
      program: compiled(() => compiler.auditAnnotation(valueExpression)),
    })),
  };
  ready.set(policy, made);
  return made;
}
