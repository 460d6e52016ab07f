import type { AdmissionRequest } from './chain.ts';

/** Kinds that nobody outside has a say about: else the way out of a broken configuration would be shut. */
const exempt = new Set([
  'mutatingwebhookconfigurations',
  'validatingwebhookconfigurations',
  'mutatingadmissionpolicies',
  'mutatingadmissionpolicybindings',
  'validatingadmissionpolicies',
  'validatingadmissionpolicybindings',
]);

export function isExempt({ declaration }: AdmissionRequest): boolean {
  return declaration.group === 'admissionregistration.k8s.io' && exempt.has(declaration.plural);
}
