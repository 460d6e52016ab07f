import type { Container, Pod } from '../../api/generated/core-v1.ts';
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
  const amounts = podAmounts(pod, ({ resources }) => read(resources?.requests));
  const scored = podAmounts(pod, (container) => {
    const requested = read(container.resources?.requests);
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
