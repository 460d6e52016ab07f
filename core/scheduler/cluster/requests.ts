import type { Container, Pod } from '../../api/generated/core-v1.ts';
import { deepEqual } from '../../machinery/json.ts';
import { quantityToMilli, quantityToNumber } from '../../machinery/quantity.ts';

/**
 * What a Pod asks of a node, by resource: CPU in thousandths, everything else in whole units, rounded up. Pods with
 * equal requests share one object, so it may be compared by identity.
 */
export interface Requests {
  readonly names: readonly string[];
  readonly amounts: readonly number[];
  /** For scoring, a container that asks for nothing counts as this much, or nodes full of such would look empty. */
  readonly scoredMilliCpu: number;
  readonly scoredMemoryBytes: number;
}

type Quantities = Readonly<Record<string, string>>;
type Amounts = Map<string, number>;

/** Upstream: pkg/scheduler/util/pod_resources.go. */
const defaultMilliCpu = 100;
const defaultMemoryBytes = 200 * 1024 * 1024;

/** CPU in thousandths, anything else in whole units. */
export function amountOf(resource: string, quantity: string): number {
  return resource === 'cpu' ? quantityToMilli(quantity) : quantityToNumber(quantity);
}

/**
 * The requests of the whole Pod: its containers at once, or an init container with the sidecars started before it,
 * whichever is more, and the overhead (upstream: resource/helpers.go, PodRequests).
 */
export function requestsOf(pod: Pod): Requests {
  const requestedBy = containerRequests(pod);
  const amounts = podAmounts(pod, requestedBy);
  const scored = podAmounts(pod, (container) => {
    const requested = requestedBy(container);
    return new Map([
      ['cpu', requested.get('cpu') ?? defaultMilliCpu],
      ['memory', requested.get('memory') ?? defaultMemoryBytes],
    ]);
  });
  const present = [...amounts].filter(([name, amount]) => amount > 0 && name !== 'pods');
  return {
    names: present.map(([name]) => name),
    amounts: present.map(([, amount]) => amount),
    scoredMilliCpu: scored.get('cpu') ?? 0,
    scoredMemoryBytes: scored.get('memory') ?? 0,
  };
}

/** How much of one resource is asked for. */
export function requestedAmount(requests: Requests, resource: string): number {
  const index = requests.names.indexOf(resource);
  return index < 0 ? 0 : (requests.amounts[index] ?? 0);
}

/**
 * Requests that containers have, by name, where they are not those asked for: a change is under way, and the node may
 * still have to take something back (KEP-1287). Undefined for most Pods.
 */
export function changingRequests({ spec, status }: Pod): ReadonlyMap<string, Quantities> | undefined {
  const asked = [...(spec.initContainers ?? []), ...spec.containers];
  const told = [...(status.containerStatuses ?? []), ...(status.initContainerStatuses ?? [])];
  const changing = told.flatMap(({ name, allocatedResources: has }) => {
    const requests = asked.find((container) => container.name === name)?.resources?.requests;
    return has === undefined || deepEqual(has, requests) ? [] : [[name, has] as const];
  });
  return changing.length === 0 ? undefined : new Map(changing);
}

/** Whether the node can never give what is asked for, so that it stays as it is. */
export function isRefused({ status }: Pod): boolean {
  const conditions = status.conditions ?? [];
  return conditions.some(({ type, reason }) => type === 'PodResizePending' && reason === 'Infeasible');
}

/** While a change is under way, whichever is more. */
function containerRequests(pod: Pod): (container: Container) => Amounts {
  const changing = changingRequests(pod);
  if (changing === undefined) return ({ resources }) => read(resources?.requests);
  const refused = isRefused(pod);
  return ({ name, resources }) => {
    const has = changing.get(name);
    if (has === undefined) return read(resources?.requests);
    const amounts = read(has);
    if (!refused) raise(amounts, read(resources?.requests));
    return amounts;
  };
}

function podAmounts({ spec }: Pod, amountsOf: (container: Container) => Amounts): Amounts {
  const total: Amounts = new Map();
  for (const container of spec.containers) add(total, amountsOf(container));
  const sidecars: Amounts = new Map();
  const peak: Amounts = new Map();
  for (const container of spec.initContainers ?? []) {
    const amounts = amountsOf(container);
    if (container.restartPolicy === 'Always') {
      add(total, amounts);
      add(sidecars, amounts);
      raise(peak, sidecars);
    } else {
      add(amounts, sidecars);
      raise(peak, amounts);
    }
  }
  raise(total, peak);
  for (const [name, amount] of read(spec.resources?.requests)) total.set(name, amount);
  add(total, read(spec.overhead));
  return total;
}

function read(quantities: Quantities | undefined): Amounts {
  const entries = Object.entries(quantities ?? {});
  return new Map(entries.map(([name, quantity]) => [name, amountOf(name, quantity)]));
}

function add(total: Amounts, more: Amounts): void {
  for (const [name, amount] of more) total.set(name, (total.get(name) ?? 0) + amount);
}

function raise(total: Amounts, floor: Amounts): void {
  for (const [name, amount] of floor) total.set(name, Math.max(amount, total.get(name) ?? 0));
}
