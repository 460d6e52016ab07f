import { forbidden, invalid } from '../../api/errors.ts';
import type { Namespace, Pod } from '../../api/generated/core-v1.ts';
import { namespaces } from '../../api/generated/resources.ts';
import type { KubernetesObject } from '../../api/object.ts';
import type { Clock } from '../../machinery/clock.ts';
import type { AdmissionPlugin, AdmissionRequest } from '../chain.ts';
import type { Lookup } from '../lookup.ts';
import type { PodParts, Violation } from './check.ts';
import { describe, violationsOf } from './evaluate.ts';
import { warningsAboutExisting } from './existing-pods.ts';
import { defaultConfiguration } from './configuration.ts';
import type { Exemptions, PodSecurityConfiguration } from './configuration.ts';
import { PodSecurityMetrics } from './metrics.ts';
import { formatLevelVersion, isStricter, modes, policyOf, sameLevelVersion } from './policy.ts';
import type { LevelVersion, Mode, Policy } from './policy.ts';
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
  readonly #clock: Clock;
  readonly #defaults: Policy;
  readonly #exemptions: Exemptions;
  readonly #metrics: PodSecurityMetrics;

  constructor(
    lookup: Pick<Lookup, 'get' | 'list'>,
    clock: Clock,
    { defaults, exemptions }: PodSecurityConfiguration = defaultConfiguration,
    metrics = new PodSecurityMetrics(),
  ) {
    this.#lookup = lookup;
    this.#clock = clock;
    this.#defaults = defaults;
    this.#exemptions = exemptions;
    this.#metrics = metrics;
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
    const { namespace = '', user } = request;
    if (this.#exemptions.namespaces.has(namespace)) return this.#exempt(request, 'namespace');
    if (this.#exemptions.usernames.has(user?.name ?? '')) return this.#exempt(request, 'user');
    const enforced = declaration.plural === 'pods';
    const { labels } = (await this.#namespaceOf(request)).metadata;
    const { policy, errors } = policyOf(labels, this.#defaults);
    const silent = policy.warn.level === 'privileged' && policy.audit.level === 'privileged';
    if (errors.length === 0 && silent && (!enforced || policy.enforce.level === 'privileged')) {
      if (!enforced) return;
      this.#metrics.evaluated(request, 'enforce', policy.enforce, 'allow');
      return request.annotate(`${prefix}enforce-policy`, 'privileged:latest');
    }
    const object = request.object as unknown as KubernetesObject;
    if (enforced && request.old !== undefined && !isSignificant(object as Pod, request.old as Pod)) return;
    const pod = enforced ? (object as Pod) : templateOf(declaration, object);
    if (pod === undefined) return;
    if (this.#exemptions.runtimeClasses.has(pod.spec.runtimeClassName ?? ''))
      return this.#exempt(request, 'runtimeClass');
    if (errors.length > 0) {
      this.#metrics.failed(request, false);
      request.annotate(
        `${prefix}error`,
        `Failed to parse policy: ${errors.map(({ field, message }) => `${field}: ${message}`).join(', ')}`,
      );
    }
    this.#check(request, policy, pod, enforced);
  }

  #exempt(request: AdmissionRequest, why: 'namespace' | 'user' | 'runtimeClass'): void {
    this.#metrics.exempted(request);
    request.annotate(`${prefix}exempt`, why);
  }

  async #checkNamespace(request: AdmissionRequest): Promise<void> {
    const { declaration, name, operation, old, warn } = request;
    const namespace = request.object as unknown as Namespace;
    const wanted = policyOf(namespace.metadata.labels, this.#defaults);
    if (operation === 'CREATE') {
      if (wanted.errors.length > 0) throw invalid(declaration, name, wanted.errors);
      this.#warnOfExemption(request, wanted.policy);
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
    if (this.#exemptions.namespaces.has(name)) return this.#warnOfExemption(request, wanted.policy);
    const warnings = await warningsAboutExisting({
      lookup: this.#lookup,
      clock: this.#clock,
      namespace: name,
      enforce,
      isExempt: ({ spec }) => this.#exemptions.runtimeClasses.has(spec.runtimeClassName ?? ''),
      signal: request.signal,
    });
    for (const text of warnings) warn(text);
  }

  /** Labels of a namespace that is exempt do nothing, and whoever sets them should know. */
  #warnOfExemption({ name, object, warn }: AdmissionRequest, policy: Policy): void {
    if (!this.#exemptions.namespaces.has(name)) return;
    const isDefault = modes.every((mode) => sameLevelVersion(policy[mode], this.#defaults[mode]));
    if (isDefault || modes.every((mode) => policy[mode].level === 'privileged')) return;
    const { labels = {} } = (object as unknown as Namespace).metadata;
    const said = modes.filter(
      (mode) =>
        policy[mode].level !== 'privileged' &&
        [`${prefix}${mode}`, `${prefix}${mode}-version`].some((label) => labels[label] !== undefined),
    );
    const text = said.map((mode) => `${mode}=${formatLevelVersion(policy[mode])}`).join(', ');
    warn(`namespace "${name}" is exempt from Pod Security, and the policy (${text}) will be ignored`);
  }

  async #namespaceOf(request: AdmissionRequest): Promise<Namespace> {
    const { namespace = '', signal } = request;
    try {
      return await this.#lookup.get(namespaces, { name: namespace }, { signal });
    } catch (error) {
      this.#metrics.failed(request, true);
      throw error;
    }
  }

  /** Each level is looked at once, however many of the three ask for it. */
  #check(request: AdmissionRequest, policy: Policy, pod: PodParts, enforced: boolean): void {
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
    const isViolated = (mode: Mode) => violations(policy[mode]).length > 0;
    const count = (mode: Mode, decision: 'allow' | 'deny') =>
      this.#metrics.evaluated(request, mode, policy[mode], decision);
    const text = (of: LevelVersion) =>
      `violate PodSecurity "${formatLevelVersion(of)}": ${describe(violations(of))}`;
    if (enforced) {
      annotate(`${prefix}enforce-policy`, formatLevelVersion(policy.enforce));
      count('enforce', isViolated('enforce') ? 'deny' : 'allow');
    }
    if (isViolated('audit')) {
      annotate(`${prefix}audit-violations`, `would ${text(policy.audit)}`);
      count('audit', 'deny');
    }
    if (enforced && isViolated('enforce'))
      throw forbidden(declaration, name, text(policy.enforce).replace('violate', 'violates'));
    if (!isViolated('warn')) return;
    warn(`would ${text(policy.warn)}`);
    count('warn', 'deny');
  }
}
