import type { PolicyRule } from '../../../core/api/generated/rbac-v1.ts';
import type { KindDeclaration } from '../../../core/api/scheme.ts';
import { defaultRoles } from '../../../core/apiserver/authz/default-roles.ts';
import type { Answer, Asked } from './asking.ts';

/** A role that somebody has, in one namespace or everywhere. */
export interface Holding {
  /** A default one, or one of `ownRoles`. */
  readonly role: string;
  readonly namespace?: string;
}

const anyVerb = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'];

/** Roles that somebody in the cluster made for its people. */
export const ownRoles: Readonly<Record<string, readonly PolicyRule[]>> = {
  /** One object of each kind, by its name; what has no name in its request is not among them. */
  'present-only': [
    { apiGroups: [''], resources: ['configmaps', 'secrets'], resourceNames: ['present'], verbs: anyVerb },
  ],
  /** Parts without what they are parts of, and the reverse. */
  'parts-only': [
    { apiGroups: ['apps'], resources: ['deployments/scale'], verbs: ['get', 'update', 'patch'] },
    { apiGroups: ['*'], resources: ['*/status'], verbs: ['get'] },
    { apiGroups: [''], resources: ['pods'], verbs: ['get'] },
  ],
  /** An apply makes what is not there only for who may create. */
  'patch-only': [{ apiGroups: ['', 'apps'], resources: ['*'], verbs: ['patch'] }],
  'create-only': [{ apiGroups: ['', 'apps'], resources: ['*'], verbs: ['create'] }],
  'custom-edit': [
    { apiGroups: ['example.com'], resources: ['widgets', 'widgets/status', 'widgets/scale'], verbs: anyVerb },
  ],
  'custom-view': [
    { apiGroups: ['example.com'], resources: ['widgets', 'zones'], verbs: ['get', 'list', 'watch'] },
  ],
  'fortune-teller': [
    { apiGroups: ['fortunes.example.com'], resources: ['fortunes'], verbs: ['get', 'list', 'create'] },
  ],
  scraper: [{ nonResourceURLs: ['/metrics', '/healthz/*'], verbs: ['get'] }],
};

/** What everybody who is known may do. */
const everybody: readonly Holding[] = [
  'system:basic-user',
  'system:discovery',
  'system:public-info-viewer',
].map((role) => ({ role }));

/** What is right of a request, besides what its verb and target say. */
type Wanted = Pick<Asked, 'group' | 'resource' | 'subresource' | 'namespace' | 'name'> & {
  readonly verb: string;
};

/** Whether the roles somebody has grant a request, worked out rule by rule: slow and plain, to compare with. */
export function isGranted(holdings: readonly Holding[], asked: Wanted): boolean {
  // A namespace is within itself; a list of namespaces, whatever it selects, is not.
  const ofItself = asked.resource === 'namespaces' && asked.group === '' && asked.name !== undefined;
  const namespace = ofItself ? asked.name : asked.namespace;
  return [...everybody, ...holdings]
    .filter((holding) => holding.namespace === undefined || holding.namespace === namespace)
    .some(({ role }) => rulesOf(role).some((rule) => grants(rule, asked)));
}

/** The same of what is no resource, such as "/metrics": no namespace has any of it. */
export function isPathGranted(holdings: readonly Holding[], verb: string, path: string): boolean {
  return [...everybody, ...holdings]
    .filter(({ namespace }) => namespace === undefined)
    .flatMap(({ role }) => rulesOf(role))
    .filter(({ verbs }) => verbs.includes('*') || verbs.includes(verb))
    .flatMap(({ nonResourceURLs = [] }) => nonResourceURLs)
    .some((url) => (url.endsWith('*') ? path.startsWith(url.slice(0, -1)) : path === url));
}

export function rulesOf(role: string): readonly PolicyRule[] {
  const found = ownRoles[role] ?? defaultRoles.find(({ name }) => name === role)?.rules;
  if (found === undefined) throw new Error(`There is no role "${role}"`);
  return found;
}

function grants(rule: PolicyRule, { verb, group, resource, subresource, name }: Wanted): boolean {
  const named = (wanted: readonly string[] | undefined, ...values: readonly string[]) =>
    wanted?.some((value) => value === '*' || values.includes(value)) === true;
  const whole = subresource === undefined;
  const what = whole ? [resource] : [`${resource}/${subresource}`, `*/${subresource}`];
  return (
    named(rule.verbs, verb) &&
    named(rule.apiGroups, group) &&
    named(rule.resources, ...what) &&
    (rule.resourceNames === undefined || (name !== undefined && rule.resourceNames.includes(name)))
  );
}

/** What the facts of the public API say of the kind that is asked for, and whether the object is there. */
export interface Addressed {
  readonly kind: KindDeclaration;
  readonly isThere: boolean;
}

/** What must come of a request: from RBAC's rules and the API's facts alone. */
export function expectedOf(holdings: readonly Holding[], asked: Asked, addressed: Addressed): Answer {
  const verb = asked.verb === 'apply' ? 'patch' : asked.verb;
  if (!isGranted(holdings, { ...asked, verb })) return 'forbidden';
  const problem = addressProblem(asked, addressed.kind);
  if (problem !== undefined) return problem;
  if (isBinding(asked)) {
    const pod = { ...asked, verb, resource: 'pods', subresource: 'binding', name: 'present' };
    return isGranted(holdings, pod) ? 'done' : 'forbidden';
  }
  if (asked.name === undefined || addressed.isThere) return 'done';
  // As whoever may create.
  if (!wouldCreate(asked, addressed) || asked.subresource !== undefined) return 'absent';
  return isGranted(holdings, { ...asked, verb: 'create' }) ? 'done' : 'forbidden';
}

/** What is not there is created by an apply, and for some kinds by a replacement. */
export function wouldCreate({ verb }: Asked, { kind, isThere }: Addressed): boolean {
  return !isThere && (verb === 'apply' || (verb === 'update' && kind.createOnUpdate === true));
}

function addressProblem(
  { verb, namespace, subresource, name }: Asked,
  kind: KindDeclaration,
): Answer | undefined {
  if (!kind.namespaced && namespace !== undefined) return 'no such resource';
  if (kind.namespaced && namespace === undefined && name !== undefined) return 'no such resource';
  const served = subresource === undefined ? kind : kind.subresources?.[subresource];
  if (served === undefined) return 'no such resource';
  if (!served.verbs.includes(verb === 'apply' ? 'patch' : verb)) return 'method not allowed';
  const everywhere = verb === 'list' || verb === 'watch';
  return kind.namespaced && namespace === undefined && !everywhere ? 'method not allowed' : undefined;
}

function isBinding({ group, resource }: Asked): boolean {
  return group === '' && resource === 'bindings';
}
