import type { KubernetesObject } from '../../api/object.ts';
import type { KindDeclaration } from '../../api/scheme.ts';
import type { AdmissionRequest } from '../chain.ts';
import { isExempt } from '../exempt.ts';
import { subjectOf } from '../subject.ts';
import type { Subject, SubjectOptions } from '../subject.ts';
import type { CompiledBinding } from './bindings.ts';
import type { PolicyCore } from './compiled.ts';
import { ConfigurationProblem, kindOfParams, paramsOf } from './params.ts';

export interface PolicyHandler {
  /** The policy or the binding cannot work, and must not be passed over. */
  misconfigured(message: string, binding: CompiledBinding | undefined): void;
  /** Once for each parameter of each binding that applies. */
  apply(binding: CompiledBinding, param: KubernetesObject | undefined, form: KindDeclaration): Promise<void>;
}

/** Policies have no say about questions of who somebody is and what they may do (upstream: exclusion.Excluded). */
const reviews = new Set([
  'selfsubjectreviews',
  'tokenreviews',
  'localsubjectaccessreviews',
  'selfsubjectaccessreviews',
  'selfsubjectrulesreviews',
  'subjectaccessreviews',
]);

export function isExcluded(request: AdmissionRequest): boolean {
  const { group, plural } = request.declaration;
  const isReview =
    (group === 'authentication.k8s.io' || group === 'authorization.k8s.io') && reviews.has(plural);
  return isReview || isExempt(request);
}

/** Finds the bindings and parameters with which a policy applies to a request. */
export class PolicyDispatcher {
  readonly #options: SubjectOptions;

  constructor(options: SubjectOptions) {
    this.#options = options;
  }

  subjectOf(request: AdmissionRequest): Subject {
    return subjectOf(request, this.#options);
  }

  async dispatch(
    policy: PolicyCore,
    bindings: readonly CompiledBinding[],
    { attributes, namespaceOf: namespace }: Subject,
    handler: PolicyHandler,
  ): Promise<void> {
    if (bindings.length === 0) return;
    const form = policy.matcher.formOf(attributes);
    if (form === undefined || !(await policy.matcher.selects(attributes, namespace))) return;
    const { scheme } = this.#options;
    const kind = await this.#guarded(policy, 'failed to configure policy', undefined, handler, async () =>
      policy.paramKind === undefined ? undefined : kindOfParams(policy.paramKind, scheme),
    );
    if (kind === undefined) return;
    for (const binding of bindings) {
      if (binding.matcher.formOf(attributes) === undefined) continue;
      if (!(await binding.matcher.selects(attributes, namespace))) continue;
      const params = await this.#guarded(policy, 'failed to configure binding', binding, handler, () =>
        paramsOf(kind.value, binding.paramRef, attributes.request, this.#options),
      );
      for (const param of params?.value ?? []) await handler.apply(binding, param, form);
    }
  }

  /** Undefined where the user's configuration stands in the way. */
  async #guarded<T>(
    { failsClosed }: PolicyCore,
    what: string,
    binding: CompiledBinding | undefined,
    handler: PolicyHandler,
    work: () => Promise<T>,
  ): Promise<{ readonly value: T } | undefined> {
    try {
      return { value: await work() };
    } catch (error) {
      if (!(error instanceof ConfigurationProblem)) throw error;
      if (failsClosed) handler.misconfigured(`${what}: ${error.message}`, binding);
      return undefined;
    }
  }
}
