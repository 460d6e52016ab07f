import type {
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '../../api/generated/admissionregistration-v1.ts';
import {
  validatingadmissionpolicies,
  validatingadmissionpolicybindings,
} from '../../api/generated/resources.ts';
import type { AdmissionPlugin, AdmissionRequest } from '../chain.ts';
import { Followed } from '../followed.ts';
import type { FollowedOptions } from '../followed.ts';
import { bindingsByPolicy } from './bindings.ts';
import type { CompiledBinding } from './bindings.ts';
import { compilePolicy } from './compiled.ts';
import type { ValidatingPolicy } from './compiled.ts';
import { isExcluded, PolicyDispatcher } from './dispatcher.ts';
import type { SubjectOptions } from '../subject.ts';
import { Outcome } from './outcome.ts';
import { judge } from './validation.ts';

/** Judges writes by users' policies, written in CEL (KEP-3488). */
export class ValidatingPolicies implements AdmissionPlugin {
  readonly name = 'ValidatingAdmissionPolicy';
  readonly policies: Followed<ValidatingAdmissionPolicy, readonly ValidatingPolicy[]>;
  readonly bindings: Followed<
    ValidatingAdmissionPolicyBinding,
    ReadonlyMap<string, readonly CompiledBinding[]>
  >;
  readonly #dispatcher: PolicyDispatcher;

  constructor(options: SubjectOptions & FollowedOptions) {
    this.#dispatcher = new PolicyDispatcher(options);
    const compileAll = (all: readonly ValidatingAdmissionPolicy[]) => all.map(compilePolicy);
    this.policies = new Followed(validatingadmissionpolicies, compileAll, options);
    this.bindings = new Followed(validatingadmissionpolicybindings, bindingsByPolicy, options);
  }

  handles(request: AdmissionRequest): boolean {
    return this.policies.value.length > 0 && this.bindings.value.size > 0 && !isExcluded(request);
  }

  async validate(request: AdmissionRequest): Promise<void> {
    const outcome = new Outcome(request);
    const subject = this.#dispatcher.subjectOf(request);
    for (const policy of this.policies.value) {
      const bindings = this.bindings.value.get(policy.name) ?? [];
      await this.#dispatcher.dispatch(policy, bindings, subject, {
        misconfigured: (message, binding) => outcome.deny(policy.name, binding?.name, message, undefined),
        apply: async (binding, param, form) =>
          outcome.add(policy.name, binding, await judge(policy, param, form, subject.evaluation)),
      });
    }
    outcome.conclude();
  }
}
