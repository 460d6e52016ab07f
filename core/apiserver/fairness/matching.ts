import type {
  FlowSchema,
  NonResourcePolicyRule,
  ResourcePolicyRule,
  Subject,
} from '../../api/generated/flowcontrol-v1.ts';
import type { UserInfo } from '../../api/verbs.ts';
import type { RequestAttributes, ResourceAttributes } from '../requests/attributes.ts';

/** Whether a schema is for a request: one of its rules has the user and what is asked for (flowcontrol/rule.go). */
export function matches({ spec }: FlowSchema, user: UserInfo, request: RequestAttributes): boolean {
  const { resource } = request;
  for (const { subjects, resourceRules, nonResourceRules } of spec.rules ?? []) {
    // What is asked for is quicker to look at than who asks.
    const fits =
      resource === undefined
        ? nonResourceRules?.some((rule) => matchesPath(rule, request.verb, request.path))
        : resourceRules?.some((rule) => matchesResource(rule, request.verb, resource));
    if (fits === true && subjects.some((subject) => isSubject(subject, user))) return true;
  }
  return false;
}

function isSubject({ kind, user: one, group, serviceAccount }: Subject, user: UserInfo): boolean {
  switch (kind) {
    case 'User':
      return one !== undefined && (one.name === '*' || one.name === user.name);
    case 'Group':
      return group !== undefined && (group.name === '*' || user.groups.includes(group.name));
    case 'ServiceAccount': {
      if (serviceAccount === undefined) return false;
      const prefix = `system:serviceaccount:${serviceAccount.namespace}:`;
      if (serviceAccount.name !== '*') return user.name === `${prefix}${serviceAccount.name}`;
      return user.name.startsWith(prefix);
    }
    default:
      return false;
  }
}

function matchesResource(rule: ResourcePolicyRule, verb: string, asked: ResourceAttributes): boolean {
  const { verbs, apiGroups, resources, namespaces = [], clusterScope } = rule;
  if (!has(verbs, verb) || !has(apiGroups, asked.group)) return false;
  const { resource, subresource, namespace = '' } = asked;
  if (!has(resources, subresource === undefined ? resource : `${resource}/${subresource}`)) return false;
  return namespace === '' ? clusterScope === true : has(namespaces, namespace);
}

function matchesPath({ verbs, nonResourceURLs }: NonResourcePolicyRule, verb: string, path: string): boolean {
  if (!has(verbs, verb)) return false;
  return nonResourceURLs.some(
    (url) => url === path || url === '*' || (url.endsWith('*') && path.startsWith(url.slice(0, -1))),
  );
}

function has(all: readonly string[], one: string): boolean {
  return all.includes(one) || all.includes('*');
}
