import type {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
} from '../../api/generated/admissionregistration-v1.ts';
import { mutatingadmissionpolicies, mutatingadmissionpolicybindings } from '../../api/generated/resources.ts';
import type { KubernetesObject } from '../../api/object.ts';
import type { KindDeclaration } from '../../api/scheme.ts';
import { CostBudget, PolicyCompiler } from '../../cel/index.ts';
import type { AdmissionPlugin, AdmissionRequest } from '../chain.ts';
import { Followed } from '../followed.ts';
import type { FollowedOptions } from '../followed.ts';
import { write } from '../rewriting.ts';
import type { Subject } from '../subject.ts';
import { compiled } from '../webhooks/hooks.ts';
import { bindingsByPolicy } from './bindings.ts';
import type { CompiledBinding } from './bindings.ts';
import { compileCore } from './compiled.ts';
import type { PolicyCore } from './compiled.ts';
import { isExcluded, PolicyDispatcher } from './dispatcher.ts';
import type { SubjectOptions } from '../subject.ts';
import { mutated } from './mutation.ts';
import type { CompiledMutation } from './mutation.ts';
import { denial } from './outcome.ts';
import { applies, ownFault } from './validation.ts';
import { LazyVariables } from './variables.ts';

interface MutatingPolicy extends PolicyCore {
  readonly mutations: readonly CompiledMutation[];
  /** Wants to see what others have made of the object after it. */
  readonly isReinvoked: boolean;
}

/** Changes what is written by users' policies, written in CEL (KEP-3962). */
export class MutatingPolicies implements AdmissionPlugin {
  readonly name = 'MutatingAdmissionPolicy';
  readonly policies: Followed<MutatingAdmissionPolicy, readonly MutatingPolicy[]>;
  readonly bindings: Followed<
    MutatingAdmissionPolicyBinding,
    ReadonlyMap<string, readonly CompiledBinding[]>
  >;
  readonly #dispatcher: PolicyDispatcher;

  constructor(options: SubjectOptions & FollowedOptions) {
    this.#dispatcher = new PolicyDispatcher(options);
    const compileAll = (all: readonly MutatingAdmissionPolicy[]) => all.map(compilePolicy);
    this.policies = new Followed(mutatingadmissionpolicies, compileAll, options);
    this.bindings = new Followed(mutatingadmissionpolicybindings, bindingsByPolicy, options);
  }

  handles(request: AdmissionRequest): boolean {
    if (this.policies.value.length === 0 || this.bindings.value.size === 0) return false;
    const isWrite = request.operation === 'CREATE' || request.operation === 'UPDATE';
    return isWrite && request.object !== undefined && !isExcluded(request);
  }

  async mutate(request: AdmissionRequest): Promise<void> {
    const subject = this.#dispatcher.subjectOf(request);
    const isSecond = request.pass?.isSecond === true;
    for (const policy of this.policies.value) {
      if (isSecond && !policy.isReinvoked) continue;
      const bindings = this.bindings.value.get(policy.name) ?? [];
      await this.#dispatcher.dispatch(policy, bindings, subject, {
        misconfigured: (message, binding) => {
          throw refusal(request, policy.name, binding?.name, message);
        },
        apply: (binding, param, form) => this.#apply(policy, binding, param, form, subject),
      });
    }
  }

  async #apply(
    policy: MutatingPolicy,
    binding: CompiledBinding,
    param: KubernetesObject | undefined,
    form: KindDeclaration,
    { attributes, evaluation }: Subject,
  ): Promise<void> {
    const { request } = attributes;
    try {
      const seen = async () => ({ ...(await evaluation.bindings(form)), params: param ?? null });
      if (!(await applies(policy, await seen(), evaluation))) return;
      const budget = new CostBudget();
      for (const mutation of policy.mutations) {
        const { bindings } = new LazyVariables(policy.variables, await seen(), budget);
        const before = await attributes.objectIn(form);
        const after = await mutated(mutation, before, form, bindings, evaluation, budget);
        if (after === before) continue;
        await write(attributes, form, after);
        evaluation.forget();
        request.pass?.again();
      }
    } catch (error) {
      const message = ownFault(error);
      if (policy.failsClosed) throw refusal(request, policy.name, binding.name, message);
    }
  }
}

function refusal(request: AdmissionRequest, policy: string, binding: string | undefined, message: string) {
  const by = binding === undefined ? '' : ` with binding '${binding}'`;
  return denial(request, `policy '${policy}'${by} denied request: ${message}`);
}

const ready = new WeakMap<MutatingAdmissionPolicy, MutatingPolicy>();

/** Each version of a policy is compiled once. */
function compilePolicy(policy: MutatingAdmissionPolicy): MutatingPolicy {
  const known = ready.get(policy);
  if (known !== undefined) return known;
  const { metadata, spec } = policy;
  const compiler = new PolicyCompiler({ hasParams: spec.paramKind !== undefined, hasMessages: true });
  const made: MutatingPolicy = {
    ...compileCore(metadata.name ?? '', spec, compiler),
    isReinvoked: spec.reinvocationPolicy === 'IfNeeded',
    mutations: (spec.mutations ?? []).map(({ patchType, jsonPatch, applyConfiguration }) => {
      const expression = (patchType === 'JSONPatch' ? jsonPatch : applyConfiguration)?.expression ?? '';
      const program = compiled(() =>
        patchType === 'JSONPatch' ? compiler.jsonPatch(expression) : compiler.applyConfiguration(expression),
      );
      return { patchType, expression, program };
    }),
  };
  ready.set(policy, made);
  return made;
}
