import { forbidden } from '../api/errors.ts';
import type {
  Container,
  LimitRange,
  LimitRangeItem,
  PersistentVolumeClaim,
  Pod,
} from '../api/generated/core-v1.ts';
import { limitranges } from '../api/generated/resources.ts';
import type { Mutable } from '../api/object.ts';
import { Quantity } from '../machinery/quantity.ts';
import type { AdmissionPlugin, AdmissionRequest } from './chain.ts';
import type { Lookup } from './lookup.ts';
import { podUsage } from '../api/quota/pod-usage.ts';
import type { Amounts } from '../api/quota/pod-usage.ts';

const annotation = 'kubernetes.io/limit-ranger';

/** Gives containers what their namespace gives by default, and holds Pods and claims to its limits (plugin/pkg/admission/limitranger). */
export class LimitRanger implements AdmissionPlugin {
  readonly name = 'LimitRanger';
  readonly #lookup: Lookup;

  constructor(lookup: Lookup) {
    this.#lookup = lookup;
  }

  handles({ operation, declaration, subresource, old }: AdmissionRequest): boolean {
    if (declaration.group !== '' || old?.metadata.deletionTimestamp !== undefined) return false;
    if (declaration.plural === 'pods')
      return subresource === 'resize' || (subresource === '' && operation === 'CREATE');
    return (
      subresource === '' &&
      declaration.plural === 'persistentvolumeclaims' &&
      (operation === 'CREATE' || operation === 'UPDATE')
    );
  }

  async mutate(request: AdmissionRequest): Promise<void> {
    if (request.declaration.plural !== 'pods' || request.operation !== 'CREATE') return;
    const pod = request.object as unknown as Mutable<Pod>;
    const set = (await this.#limits(request))
      .filter(({ type }) => type === 'Container')
      .flatMap((limit) => [
        ...pod.spec.containers.flatMap((container) => complete(container, limit, 'container')),
        ...(pod.spec.initContainers ?? []).flatMap((container) =>
          complete(container, limit, 'init container'),
        ),
      ]);
    if (set.length === 0) return;
    const text = `LimitRanger plugin set: ${set.join('; ')}`;
    pod.metadata.annotations = { ...pod.metadata.annotations, [annotation]: text };
  }

  async validate(request: AdmissionRequest): Promise<void> {
    const limits = await this.#limits(request);
    const problems = [
      ...new Set(
        limits.flatMap((limit) =>
          request.declaration.plural === 'pods'
            ? podProblems(request.object as unknown as Pod, limit)
            : claimProblems(request.object as unknown as PersistentVolumeClaim, limit),
        ),
      ),
    ];
    if (problems.length === 0) return;
    const text = problems.length === 1 ? (problems[0] as string) : `[${problems.join(', ')}]`;
    throw forbidden(request.declaration, request.name, text);
  }

  async #limits({ namespace, signal }: AdmissionRequest): Promise<readonly LimitRangeItem[]> {
    const { items } = await this.#lookup.list(limitranges, {
      namespace,
      signal,
    });
    return items.flatMap(({ spec }: LimitRange) => spec.limits);
  }
}

/** Says what it set, such as "cpu, memory request for container web". */
function complete(container: Mutable<Container>, limit: LimitRangeItem, what: string): readonly string[] {
  const { requests = {}, limits = {} } = container.resources ?? {};
  const missing = (given: Amounts, defaults: Amounts = {}) =>
    Object.fromEntries(Object.entries(defaults).filter(([name]) => given[name] === undefined));
  const newRequests = missing(requests, limit.defaultRequest);
  const newLimits = missing(limits, limit.default);
  const said = (names: readonly string[], of: string) =>
    names.length === 0 ? [] : [`${names.toSorted().join(', ')} ${of} for ${what} ${container.name}`];
  const texts = [...said(Object.keys(newRequests), 'request'), ...said(Object.keys(newLimits), 'limit')];
  if (texts.length === 0) return [];
  container.resources = { ...container.resources };
  if (Object.keys(newRequests).length > 0) container.resources.requests = { ...requests, ...newRequests };
  if (Object.keys(newLimits).length > 0) container.resources.limits = { ...limits, ...newLimits };
  return texts;
}

function podProblems(pod: Pod, limit: LimitRangeItem): readonly string[] {
  if (limit.type === 'Container')
    return [...(pod.spec.initContainers ?? []), ...pod.spec.containers].flatMap(({ resources }) =>
      problemsOf(limit, resources?.requests ?? {}, resources?.limits ?? {}),
    );
  if (limit.type !== 'Pod') return [];
  const { requests, limits } = podUsage(pod);
  return problemsOf(limit, requests, limits);
}

function problemsOf(limit: LimitRangeItem, requests: Amounts, limits: Amounts): readonly string[] {
  const problems: string[] = [];
  for (const [name, least] of Object.entries(limit.min ?? {})) {
    const text = `minimum ${name} usage per ${limit.type} is ${least}`;
    const [request, most] = [requests[name], limits[name]];
    if (request === undefined) problems.push(`${text}.  No request is specified`);
    else if (isLess(request, least)) problems.push(`${text}, but request is ${request}`);
    else if (most !== undefined && isLess(most, least)) problems.push(`${text}, but limit is ${most}`);
  }
  for (const [name, most] of Object.entries(limit.max ?? {})) {
    const text = `maximum ${name} usage per ${limit.type} is ${most}`;
    const [request, given] = [requests[name], limits[name]];
    if (given === undefined) problems.push(`${text}.  No limit is specified`);
    else if (isLess(most, given)) problems.push(`${text}, but limit is ${given}`);
    else if (request !== undefined && isLess(most, request))
      problems.push(`${text}, but request is ${request}`);
  }
  for (const [name, ratio] of Object.entries(limit.maxLimitRequestRatio ?? {}))
    problems.push(...ratioProblems(name, ratio, limit.type, requests[name], limits[name]));
  return problems;
}

function ratioProblems(
  name: string,
  ratio: string,
  type: string,
  request: string | undefined,
  limit: string | undefined,
): readonly string[] {
  const text = `${name} max limit to request ratio per ${type} is ${ratio}`;
  const asked = Quantity.parse(request ?? '0');
  if (asked.isZero) return [`${text}, but no request is specified or request is 0`];
  if (limit === undefined) return [`${text}, but no limit is specified or limit is 0`];
  const given = Quantity.parse(limit);
  // given / asked > ratio, without leaving whole numbers.
  if (given.nanos * nanosPerUnit <= Quantity.parse(ratio).nanos * asked.nanos) return [];
  const provided = Number(given.nanos) / Number(asked.nanos);
  return [`${text}, but provided ratio is ${provided.toFixed(6)}`];
}

const nanosPerUnit = 1_000_000_000n;

function claimProblems({ spec }: PersistentVolumeClaim, limit: LimitRangeItem): readonly string[] {
  if (limit.type !== 'PersistentVolumeClaim') return [];
  const requests: Amounts = spec.resources?.requests ?? {};
  const problems: string[] = [];
  for (const [name, least] of Object.entries(limit.min ?? {})) {
    const [text, request] = [`minimum ${name} usage per ${limit.type} is ${least}`, requests[name]];
    if (request === undefined) problems.push(`${text}.  No request is specified`);
    else if (isLess(request, least)) problems.push(`${text}, but request is ${request}`);
  }
  for (const [name, most] of Object.entries(limit.max ?? {})) {
    const [text, request] = [`maximum ${name} usage per ${limit.type} is ${most}`, requests[name]];
    if (request === undefined) problems.push(`${text}.  No request is specified`);
    else if (isLess(most, request)) problems.push(`${text}, but request is ${request}`);
  }
  return problems;
}

function isLess(a: string, b: string): boolean {
  return Quantity.parse(a).compare(Quantity.parse(b)) < 0;
}
