import { StatusError, isNotFound } from '../api/errors.ts';
import type { MatchResources, NamedRuleWithOperations } from '../api/generated/admissionregistration-v1.ts';
import { namespaces } from '../api/generated/resources.ts';
import type { Namespace } from '../api/generated/core-v1.ts';
import type { KindDeclaration } from '../api/scheme.ts';
import { selectorFromObject } from '../machinery/label-selector.ts';
import type { LabelSelector } from '../machinery/label-selector.ts';
import type { Attributes } from './attributes.ts';
import type { AdmissionRequest } from './chain.ts';
import type { Lookup } from './lookup.ts';

/** Which requests somebody wants to see, ready to be asked for every request. */
export interface Matcher {
  /** The form of the kind that the rules name; undefined where none does. Cheap: selectors are not asked. */
  formOf(attributes: Attributes): KindDeclaration | undefined;
  /** Whether the selectors of namespace and object match too. */
  selects(attributes: Attributes, namespaceOf: NamespaceOf): Promise<boolean>;
}

/** The Namespace that a request is about or within; undefined at the cluster's scope. */
export type NamespaceOf = () => Promise<Namespace | undefined>;

interface Criteria extends Pick<
  MatchResources,
  'namespaceSelector' | 'objectSelector' | 'matchPolicy' | 'excludeResourceRules'
> {
  readonly rules: readonly NamedRuleWithOperations[] | undefined;
}

/** @param criteria without `rules` all requests are meant */
export function matcher({
  rules,
  excludeResourceRules: excluded = [],
  matchPolicy,
  namespaceSelector,
  objectSelector,
}: Criteria): Matcher {
  const [inNamespace, ofObject] = [namespaceSelector, objectSelector].map((selector) =>
    selectorFromObject(selector ?? {}),
  ) as [LabelSelector, LabelSelector];
  const isExact = matchPolicy === 'Exact';
  const named = (list: readonly NamedRuleWithOperations[], attributes: Attributes) => {
    if (!list.some((rule) => concerns(rule, attributes.request))) return undefined;
    const forms = isExact ? [attributes.requested] : attributes.forms();
    return forms.find((form) => list.some((rule) => matchesRule(rule, attributes.request, form)));
  };
  return {
    formOf(attributes) {
      const form = rules === undefined ? attributes.requested : named(rules, attributes);
      return form === undefined || named(excluded, attributes) !== undefined ? undefined : form;
    },
    async selects(attributes, namespaceOf) {
      if (!inNamespace.isEverything) {
        const labels = await namespaceLabels(attributes.request, namespaceOf);
        if (labels !== undefined && !inNamespace.matches(labels)) return false;
      }
      if (ofObject.isEverything) return true;
      const { object, old } = attributes.request;
      return [object, old].some(
        (each) => each?.metadata !== undefined && ofObject.matches(each.metadata.labels),
      );
    },
  };
}

/** What can be told of a rule whatever the form of the kind. */
function concerns(
  { operations, scope, resourceNames }: NamedRuleWithOperations,
  request: AdmissionRequest,
): boolean {
  if (!includes(operations, request.operation)) return false;
  if ((resourceNames?.length ?? 0) > 0 && resourceNames?.includes(request.name) !== true) return false;
  // A Namespace is not within one.
  const isNamespaced = request.declaration.namespaced;
  if (scope === 'Namespaced') return isNamespaced;
  return scope === 'Cluster' ? !isNamespaced : true;
}

function matchesRule(
  rule: NamedRuleWithOperations,
  request: AdmissionRequest,
  form: KindDeclaration,
): boolean {
  return (
    concerns(rule, request) &&
    includes(rule.apiGroups, form.group) &&
    includes(rule.apiVersions, form.version) &&
    (rule.resources ?? []).some((resource) => namesResource(resource, form.plural, request.subresource))
  );
}

function includes(values: readonly string[] | undefined, value: string): boolean {
  return values !== undefined && (values.includes(value) || values.includes('*'));
}

/** "pods", "pods/exec", "pods/*", "*", and "*" with "/" and a subresource or another "*". */
function namesResource(rule: string, plural: string, subresource: string): boolean {
  const [resource = '', part = ''] = rule.split('/', 2);
  return (resource === '*' || resource === plural) && (part === '*' || part === subresource);
}

/** Undefined where no Namespace has a say: then everybody is meant. */
async function namespaceLabels(
  { declaration, namespace, object, old }: AdmissionRequest,
  namespaceOf: NamespaceOf,
): Promise<Readonly<Record<string, string>> | undefined> {
  if (declaration.group === '' && declaration.plural === 'namespaces')
    return (object ?? old)?.metadata.labels ?? {};
  if (namespace === undefined) return undefined;
  return (await namespaceOf())?.metadata.labels ?? {};
}

/** Looks a request's Namespace up once, however many ask. */
export function namespaceOf(
  lookup: Lookup,
  { declaration, namespace, signal }: AdmissionRequest,
): NamespaceOf {
  let found: Promise<Namespace | undefined> | undefined;
  return () => {
    if (!declaration.namespaced || namespace === undefined) return Promise.resolve(undefined);
    found ??= lookup.get(namespaces, { name: namespace }, { signal }).catch((error: unknown) => {
      if (isNotFound(error))
        throw new StatusError('NotFound', `namespaces ${JSON.stringify(namespace)} not found`);
      throw error;
    });
    return found;
  };
}
