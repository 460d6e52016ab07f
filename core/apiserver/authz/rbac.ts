import type { SubjectRulesReviewStatus } from '../../api/generated/authorization-v1.ts';
import type { PolicyRule, RoleRef } from '../../api/generated/rbac-v1.ts';
import type { UserInfo } from '../../api/verbs.ts';
import type { AccessRequest, Authorizer, Decision } from '../handlers/authorize.ts';
import type { Grant, RbacPolicy } from './policy-index.ts';
import { allows, compact } from './rules.ts';

/** Decides by roles and bindings (plugin/pkg/auth/authorizer/rbac/rbac.go). What nothing grants is denied. */
export class RbacAuthorizer implements Authorizer {
  readonly #policy: RbacPolicy;

  constructor(policy: RbacPolicy) {
    this.#policy = policy;
  }

  authorize(request: AccessRequest): Decision {
    const namespace = 'path' in request ? undefined : request.namespace;
    const problems = new Set<string>();
    for (const grant of this.#policy.grants(request.user, namespace)) {
      const rules = this.#policy.rulesOf(grant.binding);
      if (rules === undefined) problems.add(noSuchRole(grant.binding.roleRef));
      else if (rules.some((rule) => allows(rule, request))) return { allowed: true, reason: reasonOf(grant) };
    }
    return { allowed: false, reason: problems.size === 0 ? '' : `RBAC: ${listed([...problems])}` };
  }

  rules(user: UserInfo, namespace: string): Promise<SubjectRulesReviewStatus> {
    const { rules, problems } = rulesFor(this.#policy, user, namespace);
    const resourceRules = compact(rules.filter(({ resources = [] }) => resources.length > 0));
    const nonResourceRules = compact(rules.filter(({ nonResourceURLs = [] }) => nonResourceURLs.length > 0));
    return Promise.resolve({
      resourceRules: resourceRules.map(({ verbs, apiGroups, resources, resourceNames }) => ({
        verbs,
        ...(apiGroups === undefined ? {} : { apiGroups }),
        ...(resources === undefined ? {} : { resources }),
        ...(resourceNames === undefined ? {} : { resourceNames }),
      })),
      nonResourceRules: nonResourceRules.map(({ verbs, nonResourceURLs }) => ({
        verbs,
        ...(nonResourceURLs === undefined ? {} : { nonResourceURLs }),
      })),
      incomplete: problems.length > 0,
      ...(problems.length === 0 ? {} : { evaluationError: listed(problems) }),
    });
  }
}

/** All rules somebody has: everywhere, and in the namespace where one is given. */
export function rulesFor(
  policy: RbacPolicy,
  user: UserInfo,
  namespace: string | undefined,
): { readonly rules: readonly PolicyRule[]; readonly problems: readonly string[] } {
  const rules: PolicyRule[] = [];
  const problems = new Set<string>();
  for (const { binding } of policy.grants(user, namespace)) {
    const granted = policy.rulesOf(binding);
    if (granted === undefined) problems.add(noSuchRole(binding.roleRef));
    else rules.push(...granted);
  }
  return { rules, problems: [...problems] };
}

function reasonOf({ binding, subject }: Grant): string {
  const { namespace, name } = binding.metadata;
  const by =
    namespace === undefined
      ? `ClusterRoleBinding ${JSON.stringify(name)}`
      : `RoleBinding ${JSON.stringify(`${name}/${namespace}`)}`;
  const { kind } = subject;
  const whom =
    kind === 'ServiceAccount' ? `${subject.name}/${subject.namespace ?? namespace ?? ''}` : subject.name;
  return `RBAC: allowed by ${by} of ${binding.roleRef.kind} ${JSON.stringify(binding.roleRef.name)} to ${kind} ${JSON.stringify(whom)}`;
}

function noSuchRole({ kind, name }: RoleRef): string {
  return `${kind.toLowerCase()}.rbac.authorization.k8s.io ${JSON.stringify(name)} not found`;
}

function listed(problems: readonly string[]): string {
  return problems.length === 1 ? (problems[0] ?? '') : `[${problems.join(', ')}]`;
}
