import {
  dns1123LabelProblems,
  portNameProblems,
  portNumberProblems,
  qualifiedNameProblems,
} from '../../machinery/names.ts';
import { parseCidr } from '../../machinery/ip.ts';
import { Quantity } from '../../machinery/quantity.ts';
import type { LimitRange, LimitRangeItem, ResourceQuota } from '../generated/core-v1.ts';
import { canBound, isScope } from '../quota/scopes.ts';
import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from '../generated/networking-v1.ts';
import type { RuntimeClass } from '../generated/node-v1.ts';
import type { PodDisruptionBudget } from '../generated/policy-v1.ts';
import { checkEach, checkName, checkOneOf } from './common.ts';
import type { Errors } from './common.ts';
import { duplicate, forbiddenField, invalidEach, invalidValue, required } from './field-errors.ts';
import { FieldPath } from './field-path.ts';
import { validateLabelSelector } from './label-selector.ts';
import { validateImmutable, validateLabels } from './object-meta.ts';
import { validateResourceName, validateResourceQuantity } from './resources.ts';
import { validateIntOrPercent } from './workloads.ts';

/** ValidateNetworkPolicySpec (pkg/apis/networking/validation). */
export function validateNetworkPolicy({ spec }: NetworkPolicy): Errors {
  const path = FieldPath.spec;
  const { podSelector, ingress, egress, policyTypes } = spec;
  const errors =
    podSelector === undefined ? [] : validateLabelSelector(podSelector, path.child('podSelector'));
  errors.push(
    ...checkEach(ingress, path.child('ingress'), ({ ports, from }, at) => [
      ...checkEach(ports, at.child('ports'), validatePolicyPort),
      ...checkEach(from, at.child('from'), validatePeer),
    ]),
    ...checkEach(egress, path.child('egress'), ({ ports, to }, at) => [
      ...checkEach(ports, at.child('ports'), validatePolicyPort),
      ...checkEach(to, at.child('to'), validatePeer),
    ]),
    ...checkEach(policyTypes, path.child('policyTypes'), (type, at) =>
      checkOneOf(type, ['Egress', 'Ingress'], at),
    ),
  );
  return errors;
}

function validatePolicyPort({ protocol, port, endPort }: NetworkPolicyPort, path: FieldPath): Errors {
  const errors = checkOneOf(protocol, ['SCTP', 'TCP', 'UDP'], path.child('protocol'));
  const at = path.child('port');
  if (typeof port === 'number') errors.push(...invalidEach(at, port, portNumberProblems(port)));
  else if (port !== undefined) errors.push(...invalidEach(at, port, portNameProblems(port)));
  if (endPort === undefined) return errors;
  const end = path.child('endPort');
  if (typeof port === 'string')
    errors.push(invalidValue(end, endPort, 'may not be specified when `port` is non-numeric'));
  else if (port === undefined)
    errors.push(invalidValue(end, endPort, 'may not be specified when `port` is not specified'));
  else if (endPort < port) errors.push(invalidValue(end, endPort, 'must be greater than or equal to `port`'));
  return [...errors, ...invalidEach(end, endPort, portNumberProblems(endPort))];
}

function validatePeer(
  { podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer,
  path: FieldPath,
): Errors {
  const errors: Errors = [];
  if (podSelector !== undefined)
    errors.push(...validateLabelSelector(podSelector, path.child('podSelector')));
  if (namespaceSelector !== undefined)
    errors.push(...validateLabelSelector(namespaceSelector, path.child('namespaceSelector')));
  if (ipBlock === undefined) {
    if (podSelector === undefined && namespaceSelector === undefined)
      errors.push(required(path, 'must specify a peer'));
    return errors;
  }
  if (podSelector !== undefined || namespaceSelector !== undefined)
    errors.push(forbiddenField(path, 'may not specify both ipBlock and another peer'));
  const at = path.child('ipBlock');
  const cidr = parseCidr(ipBlock.cidr ?? '');
  if ((ipBlock.cidr ?? '') === '') return [...errors, required(at.child('cidr'))];
  if (cidr === undefined)
    return [
      ...errors,
      invalidValue(
        at.child('cidr'),
        ipBlock.cidr,
        'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
      ),
    ];
  return [
    ...errors,
    ...checkEach(ipBlock.except, at.child('except'), (text, place) => {
      const range = parseCidr(text);
      if (range === undefined)
        return [invalidValue(place, text, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)')];
      const within =
        range.family === cidr.family &&
        range.first >= cidr.first &&
        range.size < cidr.size &&
        range.first < cidr.first + cidr.size;
      return within ? [] : [invalidValue(place, text, 'must be a strict subset of `cidr`')];
    }),
  ];
}

const limitTypes = ['Pod', 'Container', 'PersistentVolumeClaim'];

/** ValidateLimitRange (pkg/apis/core/validation). */
export function validateLimitRange({ spec }: LimitRange): Errors {
  const path = FieldPath.spec.child('limits');
  const seen = new Set<string>();
  return checkEach(spec.limits, path, (limit, at) => {
    const errors = validateLimit(limit, at);
    if (seen.has(limit.type)) errors.push(duplicate(at.child('type'), limit.type));
    seen.add(limit.type);
    return errors;
  });
}

function validateLimit(limit: LimitRangeItem, path: FieldPath): Errors {
  const {
    type,
    max = {},
    min = {},
    default: given = {},
    defaultRequest = {},
    maxLimitRequestRatio = {},
  } = limit;
  const errors: Errors = [];
  if (!limitTypes.includes(type))
    errors.push(...invalidEach(path.child('type'), type, qualifiedNameProblems(type)));
  if (type === 'Pod') {
    for (const [name, value] of Object.entries({ default: given, defaultRequest }))
      if (Object.keys(value).length > 0)
        errors.push(forbiddenField(path.child(name), "may not be specified when `type` is 'Pod'"));
  }
  if (type === 'PersistentVolumeClaim' && min['storage'] === undefined && max['storage'] === undefined)
    errors.push(
      required(
        path.child('limits'),
        'either minimum or maximum storage value is required, but neither was provided',
      ),
    );
  const lists = { max, min, default: given, defaultRequest, maxLimitRequestRatio };
  for (const [list, quantities] of Object.entries(lists))
    for (const [name, text] of Object.entries(quantities)) {
      const at = path.child(list).key(name);
      const named =
        type === 'Pod' || type === 'Container'
          ? validateResourceName(name, at)
          : invalidEach(at, name, qualifiedNameProblems(name));
      errors.push(...named, ...validateResourceQuantity(name, text, at));
    }
  if (errors.length > 0) return errors;
  const ordered: readonly (readonly [string, Record<string, string>, string, Record<string, string>])[] = [
    ['min', min, 'max', max],
    ['default', given, 'max', max],
    ['min', min, 'default', given],
    ['defaultRequest', defaultRequest, 'max', max],
    ['min', min, 'defaultRequest', defaultRequest],
    ['defaultRequest', defaultRequest, 'default', given],
  ];
  for (const [lower, low, upper, high] of ordered)
    for (const [name, text] of Object.entries(low)) {
      const bound = high[name];
      if (bound === undefined || Quantity.parse(text).compare(Quantity.parse(bound)) <= 0) continue;
      errors.push(
        invalidValue(
          path.child(lower).key(name),
          text,
          `${lower} value ${text} is greater than ${upper} value ${bound}`,
        ),
      );
    }
  return errors;
}

/** ValidateResourceQuotaSpec. */
export function validateResourceQuota({ spec }: ResourceQuota): Errors {
  const path = FieldPath.spec;
  const errors: Errors = Object.entries(spec.hard ?? {}).flatMap(([name, text]) => {
    const at = path.child('hard').key(name);
    return [...validateQuotaName(name, at), ...validateResourceQuantity(name, text, at)];
  });
  const conflicts = [
    ['BestEffort', 'NotBestEffort'],
    ['Terminating', 'NotTerminating'],
  ] as const;
  const { scopes = [], scopeSelector, hard = {} } = spec;
  const at = path.child('scopes');
  for (const scope of scopes) {
    if (!isScope(scope)) errors.push(invalidValue(at, scopes, 'unsupported scope'));
    errors.push(...unboundable(scope, hard).map((why) => invalidValue(at, scopes, why)));
  }
  for (const [a, b] of conflicts)
    if (scopes.includes(a) && scopes.includes(b)) errors.push(invalidValue(at, scopes, 'conflicting scopes'));
  errors.push(
    ...checkEach(
      scopeSelector?.matchExpressions,
      path.child('scopeSelector').child('matchExpressions'),
      ({ scopeName, operator, values = [] }, at) => {
        if (!isScope(scopeName)) return [invalidValue(at.child('scopeName'), scopeName, 'unsupported scope')];
        const wrong = unboundable(scopeName, hard);
        if (wrong.length > 0) return wrong.map((why) => invalidValue(at, scopeSelector, why));
        const needsValues = operator === 'In' || operator === 'NotIn';
        if (needsValues && values.length === 0)
          return [
            required(
              at.child('values'),
              "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
            ),
          ];
        if (!needsValues && values.length > 0)
          return [
            invalidValue(
              at.child('values'),
              values,
              "must be no value when `operator` is 'Exists' or 'DoesNotExist' for scope selector",
            ),
          ];
        return scopeName !== 'PriorityClass' && needsValues
          ? [
              invalidValue(
                at.child('operator'),
                operator,
                "must be 'Exist' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity",
              ),
            ]
          : [];
      },
    ),
  );
  return errors;
}

/** What is wrong with what a quota of this scope bounds, resource by resource. */
function unboundable(scope: string, hard: Readonly<Record<string, string>>): string[] {
  const wrong = Object.keys(hard).filter((name) => !canBound(scope, name));
  return wrong.map(() => 'unsupported scope applied to resource');
}

function validateQuotaName(name: string, path: FieldPath): Errors {
  return invalidEach(path, name, qualifiedNameProblems(name));
}

export function validateResourceQuotaUpdate({ spec }: ResourceQuota, old: ResourceQuota): Errors {
  return validateImmutable(spec.scopes, old.spec.scopes, FieldPath.spec.child('scopes'));
}

/** ValidatePodDisruptionBudgetSpec (pkg/apis/policy/validation). */
export function validateDisruptionBudget({ spec }: PodDisruptionBudget): Errors {
  const path = FieldPath.spec;
  const { minAvailable, maxUnavailable, selector, unhealthyPodEvictionPolicy } = spec;
  const errors: Errors = [];
  if (minAvailable !== undefined && maxUnavailable !== undefined)
    errors.push(
      invalidValue(
        path,
        { minAvailable, maxUnavailable },
        'minAvailable and maxUnavailable cannot be both set',
      ),
    );
  if (minAvailable !== undefined)
    errors.push(...validateIntOrPercent(minAvailable, path.child('minAvailable')));
  if (maxUnavailable !== undefined)
    errors.push(...validateIntOrPercent(maxUnavailable, path.child('maxUnavailable')));
  errors.push(
    ...checkOneOf(
      unhealthyPodEvictionPolicy,
      ['AlwaysAllow', 'IfHealthyBudget'],
      path.child('unhealthyPodEvictionPolicy'),
    ),
  );
  return selector === undefined
    ? errors
    : [...errors, ...validateLabelSelector(selector, path.child('selector'))];
}

/** ValidateRuntimeClass (pkg/apis/node/validation). */
export function validateRuntimeClass({ handler, overhead, scheduling }: RuntimeClass): Errors {
  const errors = checkName(handler, dns1123LabelProblems, FieldPath.root.child('handler'));
  const fixed = FieldPath.root.child('overhead').child('podFixed');
  for (const [name, text] of Object.entries(overhead?.podFixed ?? {}))
    errors.push(
      ...validateResourceName(name, fixed.key(name)),
      ...validateResourceQuantity(name, text, fixed.key(name)),
    );
  if (scheduling?.nodeSelector !== undefined)
    errors.push(
      ...validateLabels(scheduling.nodeSelector, FieldPath.root.child('scheduling').child('nodeSelector')),
    );
  return errors;
}

export function validateRuntimeClassUpdate({ handler }: RuntimeClass, old: RuntimeClass): Errors {
  return validateImmutable(handler, old.handler, FieldPath.root.child('handler'));
}
