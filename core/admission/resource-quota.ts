import { forbidden } from '../api/errors.ts';
import type { StatusError } from '../api/errors.ts';
import type { Pod, ResourceQuota, ResourceQuotaStatus } from '../api/generated/core-v1.ts';
import { resourcequotas } from '../api/generated/resources.ts';
import type { KubernetesObject } from '../api/object.ts';
import { sum } from '../api/quota/pod-usage.ts';
import type { Amounts } from '../api/quota/pod-usage.ts';
import { increase, limitedBy, usageOf } from '../api/quota/usage.ts';
import { Quantity } from '../machinery/quantity.ts';
import type { AdmissionPlugin, AdmissionRequest } from './chain.ts';
import { uncoveredBy } from './limited-resources.ts';
import type { LimitedResource } from './limited-resources.ts';
import type { Lookup } from './lookup.ts';

/** Replaces a quota's status by what `next` makes of it, as often as somebody else is faster. */
export type WriteQuotaStatus = (
  name: { readonly namespace: string; readonly name: string },
  next: (quota: ResourceQuota) => ResourceQuotaStatus,
  signal: AbortSignal | undefined,
) => Promise<void>;

/** What a quota may insist that every container says. */
const compute = ['cpu', 'memory', 'requests.cpu', 'requests.memory', 'limits.cpu', 'limits.memory'];

/** Refuses what a namespace's quotas have no room for, and counts what they have (plugin/pkg/admission/resourcequota). */
export class ResourceQuotaAdmission implements AdmissionPlugin {
  readonly name = 'ResourceQuota';
  readonly #lookup: Lookup;
  readonly #write: WriteQuotaStatus;
  readonly #limited: readonly LimitedResource[];

  /** @param limited what nobody takes of without a quota */
  constructor(lookup: Lookup, write: WriteQuotaStatus, limited: readonly LimitedResource[] = []) {
    this.#lookup = lookup;
    this.#write = write;
    this.#limited = limited;
  }

  handles({ operation, declaration, subresource, namespace }: AdmissionRequest): boolean {
    if (!declaration.namespaced || namespace === undefined) return false;
    if (declaration.group === '' && declaration.plural === 'pods' && subresource === 'resize') return true;
    if (subresource !== '') return false;
    if (operation === 'CREATE') return true;
    // Of what is there already, only these can come to take more.
    return (
      operation === 'UPDATE' &&
      declaration.group === '' &&
      ['services', 'persistentvolumeclaims'].includes(declaration.plural)
    );
  }

  async validate(request: AdmissionRequest): Promise<void> {
    const { declaration, namespace = '', object, old, signal, dryRun } = request;
    const { items } = await this.#lookup.list(resourcequotas, {
      namespace,
      signal,
    });
    if (items.length === 0 && this.#limited.length === 0) return;
    const wanted = object as unknown as KubernetesObject;
    const whole = usageOf(declaration, wanted);
    const usage = increase(whole, old === undefined ? {} : usageOf(declaration, old));
    const concerned = items.flatMap((quota) => {
      checkSaid(request, quota, wanted);
      const more = limitedBy(quota, declaration, wanted, usage);
      return Object.keys(more).length === 0 ? [] : [{ quota, more }];
    });
    if (Object.keys(usage).length > 0) {
      const uncovered = uncoveredBy(items, this.#limited, declaration, wanted, whole);
      if (uncovered !== undefined) throw refuse(request, uncovered);
    }
    // All of them are asked before any of them is changed.
    for (const { quota, more } of concerned) spent(request, quota, more);
    if (dryRun) return;
    for (const { quota, more } of concerned)
      await this.#write(
        { namespace, name: quota.metadata.name ?? '' },
        (current) => spent(request, current, more),
        signal,
      );
  }
}

/** The status with `more` used; throws Forbidden where that is too much. */
function spent(
  request: AdmissionRequest,
  { metadata, status }: ResourceQuota,
  more: Amounts,
): ResourceQuotaStatus {
  const { hard = {}, used = {} } = status;
  const name = metadata.name ?? '';
  const unknown = Object.keys(more).filter((key) => hard[key] === undefined || used[key] === undefined);
  if (unknown.length > 0)
    throw refuse(request, `status unknown for quota: ${name}, resources: ${unknown.toSorted().join(',')}`);
  const next = { ...used, ...pick(sum([used, more]), Object.keys(more)) };
  const over = Object.keys(more).filter(
    (key) => Quantity.parse(next[key] ?? '0').compare(Quantity.parse(hard[key] ?? '0')) > 0,
  );
  if (over.length > 0)
    throw refuse(
      request,
      `exceeded quota: ${name}, requested: ${list(more, over)}, used: ${list(used, over)}, limited: ${list(hard, over)}`,
    );
  return { ...status, used: next };
}

/** A quota on an amount makes no sense for Pods that do not say theirs. */
function checkSaid(request: AdmissionRequest, quota: ResourceQuota, object: KubernetesObject): void {
  const { declaration } = request;
  if (declaration.group !== '' || declaration.plural !== 'pods') return;
  const names = compute.filter((name) => quota.spec.hard?.[name] !== undefined);
  const everything = Object.fromEntries(names.map((name) => [name, '1']));
  const asked = Object.keys(limitedBy(quota, declaration, object, everything));
  const { spec } = object as Pod;
  const missing = asked.flatMap((name) => {
    const of = name.startsWith('limits.') ? 'limits' : 'requests';
    const resource = name.replace(/^(requests|limits)\./, '');
    const silent = [...spec.containers, ...(spec.initContainers ?? [])]
      .filter(({ resources }) => resources?.[of]?.[resource] === undefined)
      .map((container) => container.name);
    return silent.length === 0 ? [] : [`${name} for: ${silent.toSorted().join(',')}`];
  });
  if (missing.length === 0) return;
  throw refuse(
    request,
    `failed quota: ${quota.metadata.name}: must specify ${missing.toSorted().join('; ')}`,
  );
}

function refuse({ declaration, name }: AdmissionRequest, why: string): StatusError {
  return forbidden(declaration, name, why);
}

function pick(amounts: Amounts, names: readonly string[]): Amounts {
  return Object.fromEntries(names.map((name) => [name, amounts[name] ?? '0']));
}

function list(amounts: Amounts, names: readonly string[]): string {
  return names
    .toSorted()
    .map((name) => `${name}=${amounts[name] ?? '0'}`)
    .join(',');
}
