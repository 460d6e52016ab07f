import type { PolicyRule } from '../../api/generated/rbac-v1.ts';
import type { AccessRequest } from '../handlers/authorize.ts';

/** Whether a rule grants what is asked (pkg/apis/rbac/v1/evaluation_helpers.go). */
export function allows(rule: PolicyRule, request: AccessRequest): boolean {
  if (!hasOrAll(rule.verbs, request.verb)) return false;
  if ('path' in request) return (rule.nonResourceURLs ?? []).some((url) => urlCovers(url, request.path));
  const { group, resource, subresource, name } = request;
  return (
    hasOrAll(rule.apiGroups, group) &&
    (rule.resources ?? []).some((wanted) => resourceCovers(wanted, resource, subresource)) &&
    nameMatches(rule.resourceNames, name)
  );
}

/** What `owned` does not grant of `wanted`, one verb and one thing a rule; empty where it grants all. */
export function missing(owned: readonly PolicyRule[], wanted: readonly PolicyRule[]): readonly PolicyRule[] {
  return wanted
    .flatMap((rule) => [...single(rule)])
    .filter((part) => !owned.some((rule) => covers(rule, part)));
}

/** Rules that differ in their verbs only, as one. */
export function compact(rules: readonly PolicyRule[]): readonly PolicyRule[] {
  const merged = new Map<string, PolicyRule>();
  for (const rule of rules) {
    const { verbs, ...thing } = rule;
    const key = JSON.stringify(thing);
    const before = merged.get(key)?.verbs ?? [];
    merged.set(key, { ...thing, verbs: [...new Set([...before, ...verbs])] });
  }
  return [...merged.values()];
}

/** As upstream writes a rule in a refusal: `{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}`. */
export function describeRule(rule: PolicyRule): string {
  const parts = [
    ['APIGroups', rule.apiGroups],
    ['Resources', rule.resources],
    ['NonResourceURLs', rule.nonResourceURLs],
    ['ResourceNames', rule.resourceNames],
    ['Verbs', rule.verbs],
  ] as const;
  return `{${parts
    .filter(([, values]) => (values?.length ?? 0) > 0)
    .map(([name, values]) => `${name}:${quotedList(values ?? [])}`)
    .join(', ')}}`;
}

/** A list as Go's %q writes it. */
export function quotedList(values: readonly string[]): string {
  return `[${values.map((value) => JSON.stringify(value)).join(' ')}]`;
}

function* single(rule: PolicyRule): Iterable<PolicyRule> {
  const names = (rule.resourceNames?.length ?? 0) === 0 ? [undefined] : (rule.resourceNames ?? []);
  for (const verb of rule.verbs) {
    for (const url of rule.nonResourceURLs ?? []) yield { nonResourceURLs: [url], verbs: [verb] };
    for (const group of rule.apiGroups ?? [])
      for (const resource of rule.resources ?? [])
        for (const name of names)
          yield {
            apiGroups: [group],
            resources: [resource],
            ...(name === undefined ? {} : { resourceNames: [name] }),
            verbs: [verb],
          };
  }
}

/** pkg/registry/rbac/validation/policy_comparator.go; `part` has one of everything. */
function covers(rule: PolicyRule, part: PolicyRule): boolean {
  if (!part.verbs.every((verb) => hasOrAll(rule.verbs, verb))) return false;
  if (part.nonResourceURLs !== undefined)
    return part.nonResourceURLs.every((wanted) =>
      (rule.nonResourceURLs ?? []).some((url) => urlCovers(url, wanted)),
    );
  const narrow = (rule.resourceNames?.length ?? 0) > 0;
  return (
    (part.apiGroups ?? []).every((group) => hasOrAll(rule.apiGroups, group)) &&
    (part.resources ?? []).every((wanted) => {
      const [resource = '', subresource] = wanted.split('/');
      return (rule.resources ?? []).some((owned) => resourceCovers(owned, resource, subresource));
    }) &&
    (!narrow ||
      (part.resourceNames !== undefined &&
        part.resourceNames.every((name) => rule.resourceNames?.includes(name) === true)))
  );
}

function hasOrAll(values: readonly string[] | undefined, wanted: string): boolean {
  return values !== undefined && (values.includes('*') || values.includes(wanted));
}

function resourceCovers(rule: string, resource: string, subresource: string | undefined): boolean {
  if (rule === '*') return true;
  if (subresource === undefined || subresource === '') return rule === resource;
  return rule === `${resource}/${subresource}` || rule === `*/${subresource}`;
}

function nameMatches(names: readonly string[] | undefined, name: string | undefined): boolean {
  if (names === undefined || names.length === 0) return true;
  return name !== undefined && names.includes(name);
}

function urlCovers(rule: string, path: string): boolean {
  return (
    rule === '*' ||
    rule === path ||
    (rule.endsWith('*') && path.startsWith(rule.slice(0, -1).replace(/\*+$/, '')))
  );
}
