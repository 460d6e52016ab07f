import { dns1123SubdomainProblems } from '../../machinery/names.ts';
import type { UserInfo } from '../../api/verbs.ts';
import { arrayOf, booleanOf, membersOf, textsOf } from '../../machinery/given-values.ts';
import type { RequestAttributes, ResourceAttributes } from '../requests/attributes.ts';

/** How much of a request is written down, each more than the one before. */
const levels = ['None', 'Metadata', 'Request', 'RequestResponse'] as const;
export type AuditLevel = (typeof levels)[number];

const stages = ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'] as const;
export type AuditStage = (typeof stages)[number];

/** A policy of audit.k8s.io/v1 as it is decided by; lists that are empty say nothing. */
export interface AuditPolicy {
  readonly rules: readonly AuditRule[];
}

export interface AuditRule {
  readonly level: AuditLevel;
  readonly users: readonly string[];
  readonly userGroups: readonly string[];
  readonly verbs: readonly string[];
  readonly resources: readonly GroupResources[];
  /** "" stands for what is in no namespace. */
  readonly namespaces: readonly string[];
  readonly nonResourceURLs: readonly string[];
  /** The policy's own included. */
  readonly omitStages: readonly AuditStage[];
  readonly omitManagedFields: boolean;
}

export interface GroupResources {
  readonly group: string;
  readonly resources: readonly string[];
  readonly resourceNames: readonly string[];
}

/** What becomes of one request. */
export type AuditDecision = Pick<AuditRule, 'level' | 'omitStages' | 'omitManagedFields'>;

const unmatched: AuditDecision = { level: 'None', omitStages: [], omitManagedFields: false };

/** The first rule that matches decides; what none matches is not written (audit/policy/checker.go). */
export function decide(policy: AuditPolicy, user: UserInfo | undefined, request: RequestAttributes) {
  return policy.rules.find((rule) => matches(rule, user, request)) ?? unmatched;
}

function matches(rule: AuditRule, user: UserInfo | undefined, request: RequestAttributes): boolean {
  const { users, userGroups, verbs, namespaces, resources, nonResourceURLs } = rule;
  if (users.length > 0 && (user === undefined || !users.includes(user.name))) return false;
  if (userGroups.length > 0 && user?.groups.some((group) => userGroups.includes(group)) !== true)
    return false;
  if (verbs.length > 0 && !verbs.includes(request.verb)) return false;
  if (namespaces.length > 0 || resources.length > 0)
    return request.resource !== undefined && matchesResource(rule, request.resource);
  if (nonResourceURLs.length === 0) return true;
  return request.resource === undefined && nonResourceURLs.some((url) => matchesPath(url, request.path));
}

function matchesResource({ namespaces, resources }: AuditRule, asked: ResourceAttributes): boolean {
  if (namespaces.length > 0 && !namespaces.includes(asked.namespace ?? '')) return false;
  if (resources.length === 0) return true;
  return resources.some((of) => {
    if (of.group !== asked.group) return false;
    if (of.resources.length === 0) return true;
    if (of.resourceNames.length > 0 && !of.resourceNames.includes(asked.name ?? '')) return false;
    const { resource, subresource } = asked;
    const whole = subresource === undefined ? resource : `${resource}/${subresource}`;
    return of.resources.some(
      (name) =>
        name === whole ||
        name === '*' ||
        name === `${resource}/*` ||
        (subresource !== undefined && name === `*/${subresource}`),
    );
  });
}

function matchesPath(url: string, path: string): boolean {
  if (url === '*' || url === path) return true;
  return url.endsWith('*') && path.startsWith(url.slice(0, -1));
}

/** Reads a Policy as the file has it. Throws with everything that is wrong, each with its path. */
export function readPolicy(value: unknown): AuditPolicy {
  const problems: string[] = [];
  const known = ['apiVersion', 'kind', 'metadata', 'rules', 'omitStages', 'omitManagedFields'];
  const { apiVersion, kind, rules, omitStages, omitManagedFields } = membersOf(value, '', known, problems);
  if (apiVersion !== 'audit.k8s.io/v1' || kind !== 'Policy')
    problems.push(
      `apiVersion and kind must be "audit.k8s.io/v1" and "Policy", not ${JSON.stringify(apiVersion)} and ${JSON.stringify(kind)}`,
    );
  const everywhere = {
    omitStages: stagesOf(omitStages, 'omitStages', problems),
    omitManagedFields: booleanOf(omitManagedFields, 'omitManagedFields', problems) ?? false,
  };
  const all = arrayOf(rules, 'rules', problems).map((rule, index) =>
    readRule(rule, `rules[${index}]`, everywhere, problems),
  );
  if (all.length === 0 && problems.length === 0) problems.push('rules: there must be at least one');
  if (problems.length > 0) throw new Error(problems.join('; '));
  return { rules: all };
}

const ruleMembers = [
  'level',
  'users',
  'userGroups',
  'verbs',
  'resources',
  'namespaces',
  'nonResourceURLs',
  'omitStages',
  'omitManagedFields',
];

function readRule(
  value: unknown,
  at: string,
  everywhere: Pick<AuditRule, 'omitStages' | 'omitManagedFields'>,
  problems: string[],
): AuditRule {
  const given = membersOf(value, at, ruleMembers, problems);
  const level = levels.find((one) => one === given['level']);
  if (level === undefined)
    problems.push(
      `${at}.level: Unsupported value: ${JSON.stringify(given['level'])}: supported values: ${levels.join(', ')}`,
    );
  const texts = (name: string) => textsOf(given[name], `${at}.${name}`, problems);
  const rule: AuditRule = {
    level: level ?? 'None',
    users: texts('users'),
    userGroups: texts('userGroups'),
    verbs: texts('verbs'),
    resources: arrayOf(given['resources'], `${at}.resources`, problems).map((one, index) =>
      readGroup(one, `${at}.resources[${index}]`, problems),
    ),
    namespaces: texts('namespaces'),
    nonResourceURLs: texts('nonResourceURLs'),
    omitStages: [
      ...new Set([...everywhere.omitStages, ...stagesOf(given['omitStages'], `${at}.omitStages`, problems)]),
    ],
    omitManagedFields:
      booleanOf(given['omitManagedFields'], `${at}.omitManagedFields`, problems) ??
      everywhere.omitManagedFields,
  };
  checkPaths(rule, `${at}.nonResourceURLs`, problems);
  return rule;
}

function readGroup(value: unknown, at: string, problems: string[]): GroupResources {
  const given = membersOf(value, at, ['group', 'resources', 'resourceNames'], problems);
  const { group = '' } = given;
  if (typeof group !== 'string' || (group !== '' && dns1123SubdomainProblems(group).length > 0))
    problems.push(
      `${at}.group: Invalid value: ${JSON.stringify(group)}: must be the name of a group without a version`,
    );
  const resources = textsOf(given['resources'], `${at}.resources`, problems);
  const resourceNames = textsOf(given['resourceNames'], `${at}.resourceNames`, problems);
  if (resourceNames.length > 0 && resources.length === 0)
    problems.push(`${at}.resourceNames: using resourceNames requires at least one resource`);
  return { group: typeof group === 'string' ? group : '', resources, resourceNames };
}

function checkPaths({ nonResourceURLs, resources, namespaces }: AuditRule, at: string, problems: string[]) {
  for (const [index, url] of nonResourceURLs.entries()) {
    if (url !== '*' && !url.startsWith('/'))
      problems.push(
        `${at}[${index}]: Invalid value: ${JSON.stringify(url)}: non-resource URL rules must begin with a '/' character`,
      );
    if (url.slice(0, -1).includes('*'))
      problems.push(
        `${at}[${index}]: Invalid value: ${JSON.stringify(url)}: non-resource URL wildcards '*' must be the final character of the rule`,
      );
  }
  if (nonResourceURLs.length > 0 && (resources.length > 0 || namespaces.length > 0))
    problems.push(`${at}: rules cannot apply to both regular resources and non-resource URLs`);
}

function stagesOf(value: unknown, at: string, problems: string[]): readonly AuditStage[] {
  return textsOf(value, at, problems).flatMap((text, index) => {
    const stage = stages.find((one) => one === text);
    if (stage !== undefined) return [stage];
    problems.push(
      `${at}[${index}]: Invalid value: ${JSON.stringify(text)}: allowed stages are ${stages.join(',')}`,
    );
    return [];
  });
}
