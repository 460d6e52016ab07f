import { CelCompileError, PolicyCompiler, compileMatchCondition } from '../../cel/index.ts';
import {
  dns1123LabelProblems,
  dns1123SubdomainProblems,
  qualifiedNameProblems,
} from '../../machinery/names.ts';
import type {
  MatchCondition,
  MatchResources,
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  MutatingWebhookConfiguration,
  ParamRef,
  RuleWithOperations,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  ValidatingWebhook,
  ValidatingWebhookConfiguration,
  Variable,
  WebhookClientConfig,
} from '../generated/admissionregistration-v1.ts';
import { checkBetween, checkEach, checkName, checkOneOf } from './common.ts';
import type { Errors } from './common.ts';
import { duplicate, forbiddenField, invalidValue, notSupported, required, tooMany } from './field-errors.ts';
import { FieldPath } from './field-path.ts';
import { validateLabelSelector } from './label-selector.ts';

const operations = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];
const failurePolicies = ['Fail', 'Ignore'];
const maxMatchConditions = 64;
/** Characters of an expression; its parts are bounded by the language's own limits. */
const maxExpression = 16_384;

/** validateValidatingWebhook and validateMutatingWebhook (pkg/apis/admissionregistration/validation). */
export function validateWebhooks({
  webhooks,
}: ValidatingWebhookConfiguration | MutatingWebhookConfiguration): Errors {
  const path = FieldPath.root.child('webhooks');
  const seen = new Set<string>();
  return checkEach<ValidatingWebhook>(webhooks, path, (webhook, at) => {
    const errors = validateWebhook(webhook, at);
    if (seen.has(webhook.name)) errors.push(duplicate(at.child('name'), webhook.name));
    seen.add(webhook.name);
    return errors;
  });
}

function validateWebhook(
  webhook: ValidatingWebhook & { readonly reinvocationPolicy?: string },
  path: FieldPath,
): Errors {
  const { name, sideEffects, admissionReviewVersions, timeoutSeconds } = webhook;
  const errors = checkName(name, dns1123SubdomainProblems, path.child('name'));
  if (name !== '' && name.split('.').length < 3)
    errors.push(
      invalidValue(
        path.child('name'),
        name,
        'should be a domain with at least three segments separated by dots',
      ),
    );
  errors.push(
    ...checkEach(webhook.rules, path.child('rules'), validateRule),
    ...checkOneOf(webhook.failurePolicy, failurePolicies, path.child('failurePolicy')),
    ...checkOneOf(webhook.matchPolicy, ['Equivalent', 'Exact'], path.child('matchPolicy')),
    ...checkOneOf(webhook.reinvocationPolicy, ['IfNeeded', 'Never'], path.child('reinvocationPolicy')),
    ...validateSelectors(webhook, path),
    ...validateClientConfig(webhook.clientConfig, path.child('clientConfig')),
    ...validateMatchConditions(webhook.matchConditions, path.child('matchConditions'), compileMatchCondition),
    ...checkBetween(timeoutSeconds, 1, 30, path.child('timeoutSeconds')),
  );
  if (sideEffects === undefined)
    errors.push(required(path.child('sideEffects'), 'must specify one of None, NoneOnDryRun'));
  else if (sideEffects !== 'None' && sideEffects !== 'NoneOnDryRun')
    errors.push(notSupported(path.child('sideEffects'), sideEffects, ['None', 'NoneOnDryRun']));
  const versions = path.child('admissionReviewVersions');
  if (admissionReviewVersions.length === 0)
    errors.push(required(versions, 'must specify one of v1, v1beta1'));
  else if (!admissionReviewVersions.some((version) => version === 'v1' || version === 'v1beta1'))
    errors.push(invalidValue(versions, admissionReviewVersions, 'must include at least one of v1, v1beta1'));
  return errors;
}

function validateRule(rule: RuleWithOperations, path: FieldPath): Errors {
  const errors: Errors = [];
  for (const name of ['operations', 'apiGroups', 'apiVersions', 'resources'] as const) {
    const values = rule[name] ?? [];
    if (values.length === 0) errors.push(required(path.child(name)));
    if (values.length > 1 && values.includes('*') && name !== 'resources')
      errors.push(invalidValue(path.child(name), values, "if '*' is present, must not specify other values"));
  }
  return [
    ...errors,
    ...checkEach(rule.operations, path.child('operations'), (operation, at) =>
      checkOneOf(operation, operations, at),
    ),
    ...checkOneOf(rule.scope, ['*', 'Cluster', 'Namespaced'], path.child('scope')),
  ];
}

function validateClientConfig({ url, service }: WebhookClientConfig, path: FieldPath): Errors {
  if ((url === undefined) === (service === undefined))
    return [required(path.child('url'), 'exactly one of url or service is required')];
  if (service !== undefined) {
    const at = path.child('service');
    return [
      ...(service.namespace === '' ? [required(at.child('namespace'))] : []),
      ...(service.name === '' ? [required(at.child('name'))] : []),
      ...checkBetween(service.port, 1, 65_535, at.child('port')),
    ];
  }
  return validateUrl(url ?? '', path.child('url'));
}

function validateUrl(text: string, path: FieldPath): Errors {
  const form = 'must be a valid URL: it needs the scheme https and a host, and no user, query or fragment';
  try {
    const { protocol, hostname, username, password, search, hash } = new URL(text);
    const plain = username === '' && password === '' && search === '' && hash === '';
    return protocol === 'https:' && hostname !== '' && plain ? [] : [invalidValue(path, text, form)];
  } catch {
    return [invalidValue(path, text, form)];
  }
}

function validateSelectors(
  { namespaceSelector, objectSelector }: Pick<ValidatingWebhook, 'namespaceSelector' | 'objectSelector'>,
  path: FieldPath,
): Errors {
  return [
    ...(namespaceSelector === undefined
      ? []
      : validateLabelSelector(namespaceSelector, path.child('namespaceSelector'))),
    ...(objectSelector === undefined
      ? []
      : validateLabelSelector(objectSelector, path.child('objectSelector'))),
  ];
}

function validateMatchConditions(
  conditions: readonly MatchCondition[] | undefined,
  path: FieldPath,
  compile: (expression: string) => unknown,
): Errors {
  if (conditions === undefined) return [];
  if (conditions.length > maxMatchConditions) return [tooMany(path, conditions.length, maxMatchConditions)];
  const seen = new Set<string>();
  return checkEach(conditions, path, ({ name, expression }, at) => {
    const errors = [
      ...checkName(name, qualifiedNameProblems, at.child('name')),
      ...validateExpression(expression, at.child('expression'), compile),
    ];
    if (seen.has(name)) errors.push(duplicate(at.child('name'), name));
    seen.add(name);
    return errors;
  });
}

/** Whether an expression can be compiled; what it costs is bounded when it runs. */
function validateExpression(
  expression: string | undefined,
  path: FieldPath,
  compile: (expression: string) => unknown,
): Errors {
  if (expression === undefined || expression.trim() === '') return [required(path)];
  if (expression.length > maxExpression)
    return [invalidValue(path, expression, `must have at most ${maxExpression} characters`)];
  try {
    compile(expression);
    return [];
  } catch (error) {
    if (error instanceof CelCompileError) return [invalidValue(path, expression, error.message)];
    throw error;
  }
}

function validateMatchResources(
  resources: MatchResources | undefined,
  path: FieldPath,
  isRequired: boolean,
): Errors {
  if (resources === undefined) return isRequired ? [required(path)] : [];
  const errors = [
    ...validateSelectors(resources, path),
    ...checkEach(resources.resourceRules, path.child('resourceRules'), validateRule),
    ...checkEach(resources.excludeResourceRules, path.child('excludeResourceRules'), validateRule),
    ...checkOneOf(resources.matchPolicy, ['Equivalent', 'Exact'], path.child('matchPolicy')),
  ];
  if (isRequired && (resources.resourceRules ?? []).length === 0)
    errors.push(required(path.child('resourceRules')));
  return errors;
}

function validateVariables(
  variables: readonly Variable[] | undefined,
  path: FieldPath,
  compiler: PolicyCompiler,
): Errors {
  const seen = new Set<string>();
  return checkEach(variables, path, ({ name, expression }, at) => {
    const errors = validateExpression(expression, at.child('expression'), (text) =>
      compiler.variable(name, text),
    );
    if (errors.length > 0) compiler.assume(name);
    if (!/^[A-Za-z_]\w*$/.test(name))
      errors.push(invalidValue(at.child('name'), name, 'name is not a valid CEL identifier'));
    if (seen.has(name)) errors.push(duplicate(at.child('name'), name));
    seen.add(name);
    return errors;
  });
}

/** validateValidatingAdmissionPolicySpec. */
export function validatePolicy({ spec }: ValidatingAdmissionPolicy): Errors {
  const path = FieldPath.spec;
  const { validations = [], auditAnnotations = [] } = spec;
  const compiler = new PolicyCompiler({ hasParams: spec.paramKind !== undefined });
  const errors = [
    ...validateCommon(spec, path, compiler),
    ...checkEach(
      validations,
      path.child('validations'),
      ({ expression, messageExpression, message, reason }, at) => [
        ...validateExpression(expression, at.child('expression'), (text) => compiler.validation(text)),
        ...(messageExpression === undefined || messageExpression === ''
          ? []
          : validateExpression(messageExpression, at.child('messageExpression'), (text) =>
              compiler.message(text),
            )),
        ...(message?.includes('\n') === true
          ? [invalidValue(at.child('message'), message, 'message must not contain line breaks')]
          : []),
        ...checkOneOf(
          reason,
          ['Forbidden', 'Invalid', 'RequestEntityTooLarge', 'Unauthorized'],
          at.child('reason'),
        ),
      ],
    ),
    ...checkEach(auditAnnotations, path.child('auditAnnotations'), ({ key, valueExpression }, at) => [
      ...checkName(key, qualifiedNameProblems, at.child('key')),
      ...validateExpression(valueExpression, at.child('valueExpression'), (text) =>
        compiler.auditAnnotation(text),
      ),
    ]),
  ];
  if (validations.length === 0 && auditAnnotations.length === 0)
    errors.push(required(path.child('validations'), 'validations or auditAnnotations must be non-empty'));
  return errors;
}

function validateCommon(
  spec: Pick<
    ValidatingAdmissionPolicy['spec'],
    'failurePolicy' | 'paramKind' | 'matchConstraints' | 'matchConditions' | 'variables'
  >,
  path: FieldPath,
  compiler: PolicyCompiler,
): Errors {
  const { paramKind } = spec;
  const at = path.child('paramKind');
  return [
    ...checkOneOf(spec.failurePolicy, failurePolicies, path.child('failurePolicy')),
    ...(paramKind === undefined
      ? []
      : [
          ...((paramKind.apiVersion ?? '') === '' ? [required(at.child('apiVersion'))] : []),
          ...((paramKind.kind ?? '') === '' ? [required(at.child('kind'))] : []),
        ]),
    ...validateMatchResources(spec.matchConstraints, path.child('matchConstraints'), true),
    ...validateMatchConditions(spec.matchConditions, path.child('matchConditions'), (text) =>
      compiler.matchCondition(text),
    ),
    ...validateVariables(spec.variables, path.child('variables'), compiler),
  ];
}

export function validateMutatingPolicy({ spec }: MutatingAdmissionPolicy): Errors {
  const path = FieldPath.spec;
  const compiler = new PolicyCompiler({ hasParams: spec.paramKind !== undefined, hasMessages: true });
  const errors = [
    ...validateCommon(spec, path, compiler),
    ...checkOneOf(spec.reinvocationPolicy, ['IfNeeded', 'Never'], path.child('reinvocationPolicy'), {
      isRequired: true,
    }),
    ...checkEach(
      spec.mutations,
      path.child('mutations'),
      ({ patchType, jsonPatch, applyConfiguration }, at) => {
        const wanted = patchType === 'JSONPatch' ? jsonPatch : applyConfiguration;
        const name = patchType === 'JSONPatch' ? 'jsonPatch' : 'applyConfiguration';
        const problems = checkOneOf(patchType, ['ApplyConfiguration', 'JSONPatch'], at.child('patchType'), {
          isRequired: true,
        });
        if (jsonPatch !== undefined && applyConfiguration !== undefined)
          problems.push(forbiddenField(at, 'exactly one of applyConfiguration and jsonPatch may be given'));
        return [
          ...problems,
          ...(wanted === undefined
            ? [required(at.child(name))]
            : validateExpression(wanted.expression, at.child(name).child('expression'), (text) =>
                patchType === 'JSONPatch' ? compiler.jsonPatch(text) : compiler.applyConfiguration(text),
              )),
        ];
      },
    ),
  ];
  if ((spec.mutations ?? []).length === 0) errors.push(required(path.child('mutations')));
  return errors;
}

export function validatePolicyBinding({ spec }: ValidatingAdmissionPolicyBinding): Errors {
  const path = FieldPath.spec;
  // An empty list is not written, and comes back as none.
  const validationActions: readonly string[] = spec.validationActions ?? [];
  const actions = path.child('validationActions');
  const errors = [
    ...validateBinding(spec, path),
    ...checkEach(validationActions, actions, (action, at) =>
      checkOneOf(action, ['Audit', 'Deny', 'Warn'], at),
    ),
  ];
  if (validationActions.length === 0)
    errors.push(required(actions, 'at least one validation action is required'));
  if (validationActions.includes('Deny') && validationActions.includes('Warn'))
    errors.push(
      invalidValue(
        actions,
        validationActions,
        'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
      ),
    );
  return errors;
}

export function validateMutatingPolicyBinding({ spec }: MutatingAdmissionPolicyBinding): Errors {
  return validateBinding(spec, FieldPath.spec);
}

function validateBinding(
  {
    policyName,
    paramRef,
    matchResources,
  }: {
    readonly policyName?: string | undefined;
    readonly paramRef?: ParamRef | undefined;
    readonly matchResources?: MatchResources | undefined;
  },
  path: FieldPath,
): Errors {
  return [
    ...checkName(policyName, dns1123SubdomainProblems, path.child('policyName')),
    ...(paramRef === undefined ? [] : validateParamRef(paramRef, path.child('paramRef'))),
    ...validateMatchResources(matchResources, path.child('matchResources'), false),
  ];
}

function validateParamRef(
  { name = '', namespace = '', selector, parameterNotFoundAction }: ParamRef,
  path: FieldPath,
): Errors {
  const errors: Errors = [];
  if (name !== '' && selector !== undefined)
    errors.push(forbiddenField(path.child('name'), 'name and selector are mutually exclusive'));
  if (name === '' && selector === undefined)
    errors.push(required(path, 'one of name or selector must be specified'));
  if (name !== '') errors.push(...checkName(name, dns1123SubdomainProblems, path.child('name')));
  if (namespace !== '') errors.push(...checkName(namespace, dns1123LabelProblems, path.child('namespace')));
  if (selector !== undefined) errors.push(...validateLabelSelector(selector, path.child('selector')));
  return [
    ...errors,
    ...checkOneOf(parameterNotFoundAction, ['Allow', 'Deny'], path.child('parameterNotFoundAction'), {
      isRequired: true,
    }),
  ];
}
