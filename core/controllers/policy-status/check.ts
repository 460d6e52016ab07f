import type {
  ExpressionWarning,
  ValidatingAdmissionPolicy,
} from '../../api/generated/admissionregistration-v1.ts';
import { parseApiVersion } from '../../api/resource.ts';
import type { KindDeclaration, Scheme } from '../../api/scheme.ts';
import { CelCompileError, PolicyCompiler } from '../../cel/index.ts';
import type { Type } from '../../cel/index.ts';
import { schemaType } from './schema-type.ts';

/** More kinds than this are not looked at (upstream: maxTypesToCheck). */
const mostKinds = 10;

/**
 * What is wrong with a policy's expressions for the kinds that its rules name: upstream warns, because a policy
 * must not become invalid when a kind changes (policy/validating/typechecking.go).
 */
export function expressionWarnings(
  policy: ValidatingAdmissionPolicy,
  scheme: Scheme,
): readonly ExpressionWarning[] {
  const kinds = kindsOf(policy, scheme);
  const { validations = [] } = policy.spec;
  return validations.flatMap(({ expression, messageExpression = '' }, index) => {
    const at = `spec.validations[${index}]`;
    return [
      ...warning(`${at}.expression`, policy, kinds, scheme, (compiler) => compiler.validation(expression)),
      ...(messageExpression.trim() === ''
        ? []
        : warning(`${at}.messageExpression`, policy, kinds, scheme, (compiler) =>
            compiler.message(messageExpression),
          )),
    ];
  });
}

function warning(
  fieldRef: string,
  policy: ValidatingAdmissionPolicy,
  kinds: readonly KindDeclaration[],
  scheme: Scheme,
  compile: (compiler: PolicyCompiler) => unknown,
): readonly ExpressionWarning[] {
  const lines = kinds.flatMap((kind) => {
    const problem = problemOf(() => compile(compilerFor(policy, kind, scheme)));
    if (problem === undefined) return [];
    return [`${kind.group}/${kind.version}, Kind=${kind.kind}: ${problem}\n`];
  });
  return lines.length === 0 ? [] : [{ fieldRef, warning: lines.join('') }];
}

/** Knows the types of objects and parameters, and of the variables that are made from them. */
function compilerFor(
  { spec }: ValidatingAdmissionPolicy,
  kind: KindDeclaration,
  scheme: Scheme,
): PolicyCompiler {
  const paramsType = spec.paramKind === undefined ? undefined : paramsTypeOf(spec.paramKind, scheme);
  const compiler = new PolicyCompiler({
    hasParams: spec.paramKind !== undefined,
    objectType: schemaType(kind.schema),
    ...(paramsType === undefined ? {} : { paramsType }),
  });
  for (const { name, expression } of spec.variables ?? []) {
    // What is wrong with a variable shows where it is used.
    if (problemOf(() => compiler.variable(name, expression)) !== undefined) compiler.assume(name);
  }
  return compiler;
}

function paramsTypeOf(
  { apiVersion = '', kind = '' }: NonNullable<ValidatingAdmissionPolicy['spec']['paramKind']>,
  scheme: Scheme,
): Type | undefined {
  const { group, version } = parseApiVersion(apiVersion);
  const declaration = scheme.byKind(group, version, kind);
  return declaration === undefined ? undefined : schemaType(declaration.schema);
}

function problemOf(compile: () => unknown): string | undefined {
  try {
    compile();
    return undefined;
  } catch (error) {
    if (error instanceof CelCompileError) return error.message.replace(/^compilation failed: /, '');
    throw error;
  }
}

/** Those that the rules name one by one: what "*" stands for changes all the time. */
function kindsOf({ spec }: ValidatingAdmissionPolicy, scheme: Scheme): readonly KindDeclaration[] {
  const found = new Set<KindDeclaration>();
  for (const { apiGroups = [], apiVersions = [], resources = [] } of spec.matchConstraints?.resourceRules ??
    [])
    for (const group of apiGroups)
      for (const version of apiVersions)
        for (const resource of resources) {
          const declaration = scheme.byResource(group, version, resource);
          if (declaration !== undefined) found.add(declaration);
        }
  return [...found].slice(0, mostKinds);
}
