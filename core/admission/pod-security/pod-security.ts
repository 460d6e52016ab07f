import { forbidden, invalid } from '../../api/errors.ts';
import type { Namespace, Pod } from '../../api/generated/core-v1.ts';
import { namespaces, pods } from '../../api/generated/resources.ts';
import type { KubernetesObject } from '../../api/object.ts';
import type { AdmissionPlugin, AdmissionRequest } from '../chain.ts';
import type { Lookup } from '../lookup.ts';
import type { PodParts, Violation } from './check.ts';
import { describe, violationsOf } from './evaluate.ts';
import { warningsAbout } from './existing-pods.ts';
import { defaultPolicy, formatLevelVersion, isStricter, policyOf, sameLevelVersion } from './policy.ts';
import type { LevelVersion, Policy } from './policy.ts';
import { templateOf, templateResources } from './templates.ts';
import { isSignificant } from './updates.ts';

const prefix = 'pod-security.kubernetes.io/';
/** Subresources that bring no Pod, or one of which they store only the status. */
const otherSubresources: ReadonlySet<string> = new Set([
  'exec',
  'attach',
  'binding',
  'eviction',
  'log',
  'portforward',
  'proxy',
  'status',
]);

/**
 * Holds Pods to the level that their namespace's labels ask for: what is enforced is refused, the rest is said.
 * Templates of Pods are only warned about, because the Pods made from them are what runs (KEP-2579,
 * pod-security-admission/admission).
 */
export class PodSecurity implements AdmissionPlugin {
  readonly name = 'PodSecurity';
  readonly #lookup: Pick<Lookup, 'get' | 'list'>;
  readonly #defaults: Policy;

  constructor(lookup: Pick<Lookup, 'get' | 'list'>, defaults: Policy = defaultPolicy) {
    this.#lookup = lookup;
    this.#defaults = defaults;
  }

  handles({ operation, declaration, subresource }: AdmissionRequest): boolean {
    if (operation !== 'CREATE' && operation !== 'UPDATE') return false;
    const resource = `${declaration.group}/${declaration.plural}`;
    if (resource === '/pods') return !otherSubresources.has(subresource);
    return subresource === '' && (resource === '/namespaces' || templateResources.has(resource));
  }

  async validate(request: AdmissionRequest): Promise<void> {
    const { declaration } = request;
    if (declaration.plural === 'namespaces') return this.#checkNamespace(request);
    const enforced = declaration.plural === 'pods';
    const { labels } = (await this.#namespaceOf(request)).metadata;
    const { policy, errors } = policyOf(labels, this.#defaults);
    if (errors.length > 0)
      request.annotate(
        `${prefix}error`,
        `Failed to parse policy: ${errors.map(({ field, message }) => `${field}: ${message}`).join(', ')}`,
      );
    const silent = policy.warn.level === 'privileged' && policy.audit.level === 'privileged';
    if (silent && (!enforced || policy.enforce.level === 'privileged')) return;
    const object = request.object as unknown as KubernetesObject;
    if (enforced && request.old !== undefined && !isSignificant(object as Pod, request.old as Pod)) return;
    const pod = enforced ? (object as Pod) : templateOf(declaration, object);
    if (pod !== undefined) check(request, policy, pod, enforced);
  }

  async #checkNamespace(request: AdmissionRequest): Promise<void> {
    const { declaration, name, operation, old, warn } = request;
    const namespace = request.object as unknown as Namespace;
    const wanted = policyOf(namespace.metadata.labels, this.#defaults);
    if (operation === 'CREATE') {
      if (wanted.errors.length > 0) throw invalid(declaration, name, wanted.errors);
      return;
    }
    const before = policyOf(old?.metadata.labels, this.#defaults);
    const said = (errors: typeof before.errors) => JSON.stringify(errors);
    // Labels that were wrong before do not hold up other changes.
    if (wanted.errors.length > 0 && said(wanted.errors) !== said(before.errors))
      throw invalid(declaration, name, wanted.errors);
    const [enforce, enforced] = [wanted.policy.enforce, before.policy.enforce];
    if (sameLevelVersion(enforce, enforced) || enforce.level === 'privileged') return;
    if (enforce.minor === enforced.minor && !isStricter(enforce.level, enforced.level)) return;
    for (const text of await this.#warnings(name, enforce, request.signal)) warn(text);
  }

  async #warnings(
    namespace: string,
    enforce: LevelVersion,
    signal: AbortSignal | undefined,
  ): Promise<readonly string[]> {
    const options = signal === undefined ? {} : { signal };
    const { items } = await this.#lookup.list(pods, { namespace, ...options });
    return warningsAbout(namespace, items, enforce);
  }

  #namespaceOf({ namespace = '', signal }: AdmissionRequest): Promise<Namespace> {
    return this.#lookup.get(namespaces, { name: namespace }, { signal });
  }
}

/** Each level is looked at once, however many of the three ask for it. */
function check(request: AdmissionRequest, policy: Policy, pod: PodParts, enforced: boolean): void {
  const { declaration, name, warn, annotate } = request;
  const known: { readonly of: LevelVersion; readonly violations: readonly Violation[] }[] = [];
  const violations = (of: LevelVersion) => {
    const found = known.find((one) => sameLevelVersion(one.of, of)) ?? {
      of,
      violations: violationsOf(of, pod),
    };
    known.push(found);
    return found.violations;
  };
  const text = (of: LevelVersion) =>
    `violate PodSecurity "${formatLevelVersion(of)}": ${describe(violations(of))}`;
  if (enforced) annotate(`${prefix}enforce-policy`, formatLevelVersion(policy.enforce));
  if (violations(policy.audit).length > 0)
    annotate(`${prefix}audit-violations`, `would ${text(policy.audit)}`);
  if (enforced && violations(policy.enforce).length > 0)
    throw forbidden(declaration, name, text(policy.enforce).replace('violate', 'violates'));
  if (violations(policy.warn).length > 0) warn(`would ${text(policy.warn)}`);
}
