import type { AdmissionPlugin, AdmissionRequest } from '../../admission/chain.ts';
import { forbidden, StatusError } from '../../api/errors.ts';
import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  RoleBinding,
} from '../../api/generated/rbac-v1.ts';
import type { UserInfo } from '../../api/verbs.ts';
import { deepEqual } from '../../machinery/json.ts';
import { mastersGroup } from '../handlers/authorize.ts';
import type { Authorizer } from '../handlers/authorize.ts';
import type { RbacPolicy } from './policy-index.ts';
import { rulesFor } from './rbac.ts';
import { compact, describeRule, missing, quotedList } from './rules.ts';

const group = 'rbac.authorization.k8s.io';
const everything: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
];

/**
 * Nobody grants what they do not have, unless they may escalate (roles) or bind (bindings) by name
 * (pkg/registry/rbac: role, clusterrole, rolebinding and clusterrolebinding/policybased).
 */
export class RoleEscalation implements AdmissionPlugin {
  readonly name = 'RoleEscalation';
  readonly #policy: RbacPolicy;
  readonly #authorizer: Authorizer;

  constructor(policy: RbacPolicy, authorizer: Authorizer) {
    this.#policy = policy;
    this.#authorizer = authorizer;
  }

  handles({ declaration, operation, user }: AdmissionRequest): boolean {
    if (declaration.group !== group || (operation !== 'CREATE' && operation !== 'UPDATE')) return false;
    return user !== undefined && !user.groups.includes(mastersGroup);
  }

  async validate(request: AdmissionRequest): Promise<void> {
    const { user, declaration } = request;
    if (user === undefined) return;
    if (declaration.plural === 'roles' || declaration.plural === 'clusterroles')
      await this.#checkRole(request, user);
    else await this.#checkBinding(request, user);
  }

  async #checkRole(request: AdmissionRequest, user: UserInfo): Promise<void> {
    const { declaration, namespace, name } = request;
    const { rules = [], aggregationRule } = request.object as unknown as ClusterRole;
    const old: ClusterRole | undefined = request.old;
    if (
      old !== undefined &&
      deepEqual(rules, old.rules ?? []) &&
      deepEqual(aggregationRule, old.aggregationRule)
    )
      return;
    if (await this.#may(user, 'escalate', declaration.plural, namespace, name)) return;
    this.#confirm(request, user, rules);
    if (aggregationRule !== undefined || old?.aggregationRule !== undefined)
      this.#confirm(
        request,
        user,
        everything,
        'must have cluster-admin privileges to use the aggregationRule',
      );
  }

  async #checkBinding(request: AdmissionRequest, user: UserInfo): Promise<void> {
    const binding = request.object as unknown as RoleBinding | ClusterRoleBinding;
    const old = request.old as RoleBinding | ClusterRoleBinding | undefined;
    if (
      old !== undefined &&
      deepEqual(binding.roleRef, old.roleRef) &&
      deepEqual(binding.subjects, old.subjects)
    )
      return;
    const { roleRef } = binding;
    const resource = roleRef.kind === 'Role' ? 'roles' : 'clusterroles';
    if (await this.#may(user, 'bind', resource, request.namespace, roleRef.name)) return;
    const rules = this.#policy.rulesOf(binding);
    if (rules === undefined)
      throw new StatusError('NotFound', `${resource}.${group} ${JSON.stringify(roleRef.name)} not found`, {
        target: { group, kind: resource, name: roleRef.name },
      });
    this.#confirm(request, user, rules);
  }

  async #may(
    user: UserInfo,
    verb: string,
    resource: string,
    namespace: string | undefined,
    name: string,
  ): Promise<boolean> {
    const request = { user, verb, group, version: 'v1', resource, subresource: undefined, namespace, name };
    const { allowed } = await this.#authorizer.authorize(request);
    return allowed;
  }

  #confirm(
    { declaration, namespace, name }: AdmissionRequest,
    user: UserInfo,
    wanted: readonly PolicyRule[],
    message?: string,
  ): void {
    const { rules, problems } = rulesFor(this.#policy, user, namespace);
    const lacking = compact(missing(rules, wanted));
    if (lacking.length === 0) return;
    const lines = [...new Set(lacking.map(describeRule))].sort().join('\n');
    const why =
      message ??
      `user ${JSON.stringify(user.name)} (groups=${quotedList(user.groups)}) is attempting to grant RBAC permissions not currently held:\n${lines}`;
    const errors = problems.length === 0 ? '' : `; resolution errors: [${problems.join(', ')}]`;
    throw forbidden(declaration, name, `${why}${errors}`);
  }
}
