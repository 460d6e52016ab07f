import { StatusError, forbidden } from '../../api/errors.ts';
import type { AdmissionRequest } from '../chain.ts';
import type { CompiledBinding } from './bindings.ts';
import type { Refusal, Verdict } from './validation.ts';

/** What all policies together come to: a refusal, warnings, and notes for the audit log. */
export class Outcome {
  readonly #request: AdmissionRequest;
  readonly #audited: object[] = [];
  readonly #annotations = new Map<string, Set<string>>();
  #denial: StatusError | undefined;

  constructor(request: AdmissionRequest) {
    this.#request = request;
  }

  add(policy: string, binding: CompiledBinding, { refusals, annotations }: Verdict): void {
    for (const refusal of refusals)
      for (const action of binding.validationActions) this.#act(action, policy, binding, refusal);
    for (const [key, value] of annotations) {
      const full = `${policy}/${key}`;
      this.#annotations.set(full, (this.#annotations.get(full) ?? new Set()).add(value));
    }
  }

  /** The first to say no is who the client hears of. */
  deny(policy: string, binding: string | undefined, message: string, reason: string | undefined): void {
    const by = binding === undefined ? '' : ` with binding '${binding}'`;
    const text = `ValidatingAdmissionPolicy '${policy}'${by} denied request: ${message}`;
    this.#denial ??= denial(this.#request, text, reason);
  }

  /** @throws StatusError where a policy says no */
  conclude(): void {
    for (const [key, values] of this.#annotations) this.#request.annotate(key, [...values].join(', '));
    if (this.#audited.length > 0)
      this.#request.annotate(
        'validation.policy.admission.k8s.io/validation_failure',
        JSON.stringify(this.#audited),
      );
    if (this.#denial !== undefined) throw this.#denial;
  }

  #act(action: string, policy: string, binding: CompiledBinding, { message, reason, index }: Refusal): void {
    const { name, validationActions } = binding;
    if (action === 'Deny') this.deny(policy, name, message, reason);
    else if (action === 'Warn')
      this.#request.warn(
        `Validation failed for ValidatingAdmissionPolicy '${policy}' with binding '${name}': ${message}`,
      );
    else if (action === 'Audit')
      this.#audited.push({ message, policy, binding: name, expressionIndex: index, validationActions });
  }
}

/** What the client is told where a policy of either kind says no, with the policy's own reason. */
export function denial(
  { declaration, name }: AdmissionRequest,
  message: string,
  reason = 'Invalid',
): StatusError {
  const { status } = forbidden(declaration, name, message);
  return StatusError.fromStatus({
    ...status,
    reason,
    code: codes[reason] ?? 422,
    details: { ...status.details, causes: [{ message }] },
  });
}

const codes: Readonly<Record<string, number>> = {
  Forbidden: 403,
  Unauthorized: 401,
  RequestEntityTooLarge: 413,
  Invalid: 422,
};
