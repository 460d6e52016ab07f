import type { PolicyRule } from '../../../core/api/generated/rbac-v1.ts';
import { defaultRoles } from '../../../core/apiserver/authz/default-roles.ts';
import type { Asked } from './front-ends.ts';

/** A role that somebody has, in one namespace or everywhere. */
export interface Holding {
  readonly role: string;
  readonly namespace?: string;
}

/** What everybody who is known may do. */
const everybody: readonly Holding[] = [
  'system:basic-user',
  'system:discovery',
  'system:public-info-viewer',
].map((role) => ({ role }));

/** Whether the roles somebody has grant a request, worked out rule by rule: slow and plain, to compare with. */
export function isGranted(holdings: readonly Holding[], asked: Asked): boolean {
  // A namespace is within itself; a list of namespaces, whatever it selects, is not.
  const ofItself = asked.resource === 'namespaces' && asked.group === '' && asked.name !== undefined;
  const namespace = ofItself ? asked.name : asked.namespace;
  return [...everybody, ...holdings]
    .filter((holding) => holding.namespace === undefined || holding.namespace === namespace)
    .some(({ role }) => rulesOf(role).some((rule) => grants(rule, asked)));
}

export function rulesOf(role: string): readonly PolicyRule[] {
  const found = defaultRoles.find(({ name }) => name === role);
  if (found === undefined) throw new Error(`There is no role "${role}"`);
  return found.rules;
}

function grants(rule: PolicyRule, { verb, group, resource, subresource, name }: Asked): boolean {
  const named = (wanted: readonly string[] | undefined, value: string) =>
    wanted?.includes('*') === true || wanted?.includes(value) === true;
  const what = subresource === undefined ? resource : `${resource}/${subresource}`;
  return (
    named(rule.verbs, verb) &&
    named(rule.apiGroups, group) &&
    named(rule.resources, what) &&
    (rule.resourceNames === undefined || (name !== undefined && rule.resourceNames.includes(name)))
  );
}
