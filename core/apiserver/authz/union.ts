import type { SubjectRulesReviewStatus } from '../../api/generated/authorization-v1.ts';
import type { UserInfo } from '../../api/verbs.ts';
import type { AccessRequest, Authorizer, Decision } from '../handlers/authorize.ts';

/** Allows what one of several allows, asked in their order (apiserver/pkg/authorization/union). */
export class UnionAuthorizer implements Authorizer {
  readonly #parts: readonly Authorizer[];

  constructor(parts: readonly Authorizer[]) {
    this.#parts = parts;
  }

  async authorize(request: AccessRequest): Promise<Decision> {
    const reasons: string[] = [];
    for (const part of this.#parts) {
      const decision = await part.authorize(request);
      if (decision.allowed) return decision;
      if (decision.reason !== '') reasons.push(decision.reason);
    }
    return { allowed: false, reason: reasons.join('\n') };
  }

  async rules(user: UserInfo, namespace: string): Promise<SubjectRulesReviewStatus> {
    const all = await Promise.all(this.#parts.map((part) => part.rules(user, namespace)));
    const errors = all.flatMap(({ evaluationError }) => evaluationError ?? []);
    return {
      resourceRules: all.flatMap(({ resourceRules }) => resourceRules),
      nonResourceRules: all.flatMap(({ nonResourceRules }) => nonResourceRules),
      incomplete: all.some(({ incomplete }) => incomplete),
      ...(errors.length === 0 ? {} : { evaluationError: errors.join(', ') }),
    };
  }
}
