import { Quantity } from '../../machinery/quantity.ts';
import type { LimitRange } from '../generated/core-v1.ts';
import type { NetworkPolicy } from '../generated/networking-v1.ts';
import {
  limitranges,
  networkpolicies,
  poddisruptionbudgets,
  resourcequotas,
  runtimeclasses,
} from '../generated/resources.ts';
import type { Mutable } from '../object.ts';
import {
  validateDisruptionBudget,
  validateLimitRange,
  validateNetworkPolicy,
  validateResourceQuota,
  validateResourceQuotaUpdate,
  validateRuntimeClass,
  validateRuntimeClassUpdate,
} from '../validation/policies.ts';
import { declareKind } from './declare.ts';

export const networkPolicyKind = declareKind(networkpolicies, {
  generation: true,
  applyDefaults: defaultNetworkPolicy,
  validate: validateNetworkPolicy,
});

/** A policy is about ingress, and about egress where it has rules for that. */
function defaultNetworkPolicy({ spec }: Mutable<NetworkPolicy>): void {
  for (const rule of [...(spec.ingress ?? []), ...(spec.egress ?? [])])
    for (const port of rule.ports ?? []) port.protocol ??= 'TCP';
  if (spec.policyTypes !== undefined) return;
  spec.policyTypes =
    spec.egress === undefined || spec.egress.length === 0 ? ['Ingress'] : ['Ingress', 'Egress'];
}

export const limitRangeKind = declareKind(limitranges, {
  createOnUpdate: true,
  applyDefaults: defaultLimitRange,
  validate: validateLimitRange,
});

/** What a container may use at most is also what it gets, and that what it asks for, unless said otherwise. */
function defaultLimitRange({ spec }: Mutable<LimitRange>): void {
  for (const limit of spec.limits ?? []) {
    if (limit.type !== 'Container') continue;
    limit.default = { ...limit.max, ...limit.default };
    limit.defaultRequest = { ...limit.min, ...limit.default, ...limit.defaultRequest };
    for (const [name, text] of Object.entries(limit.min ?? {})) {
      const asked = limit.defaultRequest[name];
      if (asked !== undefined && Quantity.parse(asked).compare(Quantity.parse(text)) < 0)
        limit.defaultRequest[name] = text;
    }
  }
}

export const resourceQuotaKind = declareKind(resourcequotas, {
  validate: validateResourceQuota,
  validateUpdate: validateResourceQuotaUpdate,
});

export const podDisruptionBudgetKind = declareKind(poddisruptionbudgets, {
  generation: true,
  validate: validateDisruptionBudget,
});

export const runtimeClassKind = declareKind(runtimeclasses, {
  createOnUpdate: true,
  validate: validateRuntimeClass,
  validateUpdate: validateRuntimeClassUpdate,
});
