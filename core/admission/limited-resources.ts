import type { ResourceQuota, ScopedResourceSelectorRequirement } from '../api/generated/core-v1.ts';
import type { KubernetesObject } from '../api/object.ts';
import type { Amounts } from '../api/quota/pod-usage.ts';
import { isScope, scopeMatches, scopesMatch, scopesOf } from '../api/quota/scopes.ts';
import { arrayOf, membersOf, textOf, textsOf } from '../machinery/given-values.ts';
import { Quantity } from '../machinery/quantity.ts';

/** What nobody takes of without a quota that covers it (plugin/pkg/admission/resourcequota/apis/resourcequota). */
export interface LimitedResource {
  readonly group: string;
  /** The plural of a kind, such as "pods". */
  readonly resource: string;
  /** Parts of the names that quotas use, such as "requests.storage". */
  readonly matchContains: readonly string[];
  /** Of Pods. */
  readonly matchScopes: readonly ScopedResourceSelectorRequirement[];
}

type Kind = Parameters<typeof scopesMatch>[1];

/** Why an object is not let in although no quota is exceeded; undefined where it is. `usage` is all that it takes. */
export function uncoveredBy(
  quotas: readonly ResourceQuota[],
  limited: readonly LimitedResource[],
  kind: Kind,
  object: KubernetesObject,
  usage: Amounts,
): string | undefined {
  const concerned = limited.filter(({ group, resource }) => group === kind.group && resource === kind.plural);
  if (concerned.length === 0) return undefined;
  const covering = quotas.filter((quota) => scopesMatch(quota, kind, object));
  const names = Object.keys(usage).filter(
    (name) =>
      Quantity.parse(usage[name] ?? '0').nanos > 0n &&
      concerned.some(({ matchContains }) => matchContains.some((part) => name.includes(part))) &&
      !covering.some(({ spec }) => spec.hard?.[name] !== undefined),
  );
  if (names.length > 0) return `insufficient quota to consume: ${names.toSorted().join(',')}`;
  const isOf = (scope: ScopedResourceSelectorRequirement) => scopeMatches(scope, kind, object);
  const covered = new Set(
    quotas.flatMap((quota) => scopesOf(quota).filter(isOf)).map(({ scopeName }) => scopeName),
  );
  const scopes = concerned
    .flatMap(({ matchScopes }) => matchScopes.filter(isOf))
    .filter(({ scopeName }) => !covered.has(scopeName));
  return scopes.length === 0
    ? undefined
    : `insufficient quota to match these scopes: [${scopes.map(described).join(' ')}]`;
}

/** As Go prints it. */
function described({ scopeName, operator, values = [] }: ScopedResourceSelectorRequirement): string {
  return `{${scopeName} ${operator} [${values.join(' ')}]}`;
}

const apiVersions = [
  'apiserver.config.k8s.io/v1',
  'resourcequota.admission.k8s.io/v1beta1',
  'resourcequota.admission.k8s.io/v1alpha1',
];
const operators: ReadonlySet<unknown> = new Set(['In', 'NotIn', 'Exists', 'DoesNotExist']);

/** Reads a ResourceQuotaConfiguration as a file has it; what is wrong joins `problems`. */
export function readLimitedResources(
  value: unknown,
  at: string,
  problems: string[],
): readonly LimitedResource[] {
  const given = membersOf(value, at, ['apiVersion', 'kind', 'limitedResources'], problems);
  const kinds = ['ResourceQuotaConfiguration', 'Configuration'];
  if (!apiVersions.includes(String(given['apiVersion'])) || !kinds.includes(String(given['kind'])))
    problems.push(
      `${at}: apiVersion and kind must be "${apiVersions[0]}" and "${kinds[0]}", not ${JSON.stringify(given['apiVersion'])} and ${JSON.stringify(given['kind'])}`,
    );
  return arrayOf(given['limitedResources'], `${at}.limitedResources`, problems).map((one, index) =>
    readLimited(one, `${at}.limitedResources[${index}]`, problems),
  );
}

function readLimited(value: unknown, at: string, problems: string[]): LimitedResource {
  const given = membersOf(value, at, ['apiGroup', 'resource', 'matchContains', 'matchScopes'], problems);
  const resource = textOf(given['resource'], `${at}.resource`, problems) ?? '';
  if (resource === '') problems.push(`${at}.resource: Required value`);
  return {
    group: textOf(given['apiGroup'], `${at}.apiGroup`, problems) ?? '',
    resource,
    matchContains: textsOf(given['matchContains'], `${at}.matchContains`, problems),
    matchScopes: arrayOf(given['matchScopes'], `${at}.matchScopes`, problems).map((scope, index) =>
      readScope(scope, `${at}.matchScopes[${index}]`, problems),
    ),
  };
}

function readScope(value: unknown, at: string, problems: string[]): ScopedResourceSelectorRequirement {
  const given = membersOf(value, at, ['scopeName', 'operator', 'values'], problems);
  const { scopeName, operator } = given;
  if (!isScope(scopeName)) problems.push(`${at}.scopeName: Unsupported value: ${JSON.stringify(scopeName)}`);
  if (!operators.has(operator))
    problems.push(`${at}.operator: Unsupported value: ${JSON.stringify(operator)}`);
  return {
    scopeName: scopeName as ScopedResourceSelectorRequirement['scopeName'],
    operator: operator as ScopedResourceSelectorRequirement['operator'],
    values: textsOf(given['values'], `${at}.values`, problems),
  };
}
