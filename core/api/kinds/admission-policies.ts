import type {
  MatchResources,
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  MutatingWebhook,
  MutatingWebhookConfiguration,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  ValidatingWebhookConfiguration,
} from '../generated/admissionregistration-v1.ts';
import {
  mutatingadmissionpolicies,
  mutatingadmissionpolicybindings,
  mutatingwebhookconfigurations,
  validatingadmissionpolicies,
  validatingadmissionpolicybindings,
  validatingwebhookconfigurations,
} from '../generated/resources.ts';
import type { Mutable } from '../object.ts';
import {
  validateMutatingPolicy,
  validateMutatingPolicyBinding,
  validatePolicy,
  validatePolicyBinding,
  validateWebhooks,
} from '../validation/admission-policies.ts';
import { declareKind } from './declare.ts';

export const validatingWebhookKind = declareKind(validatingwebhookconfigurations, {
  generation: true,
  applyDefaults: ({ webhooks }: Mutable<ValidatingWebhookConfiguration>) => webhooks?.forEach(defaultWebhook),
  validate: validateWebhooks,
});

export const mutatingWebhookKind = declareKind(mutatingwebhookconfigurations, {
  generation: true,
  applyDefaults({ webhooks }: Mutable<MutatingWebhookConfiguration>) {
    for (const webhook of webhooks ?? []) {
      defaultWebhook(webhook);
      webhook.reinvocationPolicy ??= 'Never';
    }
  },
  validate: validateWebhooks,
});

/** Upstream: pkg/apis/admissionregistration/v1/defaults.go. */
function defaultWebhook(webhook: Mutable<Omit<MutatingWebhook, 'reinvocationPolicy'>>): void {
  webhook.failurePolicy ??= 'Fail';
  webhook.matchPolicy ??= 'Equivalent';
  webhook.namespaceSelector ??= {};
  webhook.objectSelector ??= {};
  webhook.timeoutSeconds ??= 10;
  for (const rule of webhook.rules ?? []) rule.scope ??= '*';
  if (webhook.clientConfig.service !== undefined) webhook.clientConfig.service.port ??= 443;
}

function defaultMatchResources(resources: Mutable<MatchResources> | undefined): void {
  if (resources === undefined) return;
  resources.matchPolicy ??= 'Equivalent';
  resources.namespaceSelector ??= {};
  resources.objectSelector ??= {};
  for (const rule of [...(resources.resourceRules ?? []), ...(resources.excludeResourceRules ?? [])])
    rule.scope ??= '*';
}

export const validatingPolicyKind = declareKind(validatingadmissionpolicies, {
  generation: true,
  applyDefaults({ spec }: Mutable<ValidatingAdmissionPolicy>) {
    spec.failurePolicy ??= 'Fail';
    defaultMatchResources(spec.matchConstraints);
  },
  validate: validatePolicy,
});

export const mutatingPolicyKind = declareKind(mutatingadmissionpolicies, {
  generation: true,
  applyDefaults({ spec }: Mutable<MutatingAdmissionPolicy>) {
    spec.failurePolicy ??= 'Fail';
    defaultMatchResources(spec.matchConstraints);
  },
  validate: validateMutatingPolicy,
});

export const validatingPolicyBindingKind = declareKind(validatingadmissionpolicybindings, {
  generation: true,
  applyDefaults: ({ spec }: Mutable<ValidatingAdmissionPolicyBinding>) =>
    defaultMatchResources(spec.matchResources),
  validate: validatePolicyBinding,
});

export const mutatingPolicyBindingKind = declareKind(mutatingadmissionpolicybindings, {
  generation: true,
  applyDefaults: ({ spec }: Mutable<MutatingAdmissionPolicyBinding>) =>
    defaultMatchResources(spec.matchResources),
  validate: validateMutatingPolicyBinding,
});
