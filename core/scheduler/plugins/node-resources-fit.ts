import { amountOf, requestedAmount } from '../cluster/requests.ts';
import type { NodeTable } from '../cluster/node-table.ts';
import type { Plugin, Refusal } from '../framework/plugin.ts';

/** Keeps Pods off nodes without room for what they request, and prefers those with the most room left. */
export const nodeResourcesFit: Plugin = {
  name: 'NodeResourcesFit',

  filter({ shape: { requests } }, { nodes }) {
    const { names, amounts } = requests;
    // Where no node offers a resource the column is made here, of zeros.
    const columns = names.map((name) => nodes.column(name));
    return {
      scope: 'usage',
      allows(slot) {
        if ((nodes.podCount[slot] as number) >= (nodes.podLimit[slot] as number)) return false;
        for (let i = 0; i < columns.length; i++) {
          const { allocatable, requested } = columns[i] as (typeof columns)[number];
          const free = (allocatable[slot] as number) - (requested[slot] as number);
          if ((amounts[i] as number) > free) return false;
        }
        return true;
      },
      explain(slot) {
        const refusals: Refusal[] = [];
        const limit = nodes.podLimit[slot] ?? 0;
        if ((nodes.podCount[slot] ?? 0) >= limit) {
          refusals.push({ reason: 'Too many pods', detail: `has room for ${limit}`, resolvable: limit > 0 });
        }
        columns.forEach(({ name, allocatable, requested }, i) => {
          const needed = amounts[i] ?? 0;
          const total = allocatable[slot] ?? 0;
          const free = total - (requested[slot] ?? 0);
          if (needed <= free) return;
          const [need, left, all] = [needed, free, total].map((amount) => formatAmount(name, amount));
          refusals.push({
            reason: `Insufficient ${name}`,
            detail: `needs ${need}, ${left} of ${all} left`,
            resolvable: needed <= total,
          });
        });
        return refusals;
      },
    };
  },

  score({ shape: { requests } }, { nodes }) {
    return { scope: 'usage', score: (slot) => leastAllocated(nodes, slot, requests) };
  },

  mayHelp(event, { shape: { requests } }) {
    switch (event.kind) {
      case 'pod-removed':
        // Room for one more Pod may be all that was missing.
        return true;
      case 'pod-placed':
        return false;
      default: {
        const { allocatable = {} } = event.node.status;
        return requests.names.every(
          (name, i) => amountOf(name, allocatable[name] ?? '0') >= (requests.amounts[i] ?? 0),
        );
      }
    }
  },
};

/** Prefers nodes where CPU and memory are taken in like measure, so that neither is left over alone. */
export const nodeResourcesBalancedAllocation: Plugin = {
  name: 'NodeResourcesBalancedAllocation',

  score({ shape: { requests } }, { nodes }) {
    // A Pod that asks for nothing balances nothing.
    if (requests.names.length === 0) return undefined;
    const milliCpu = requestedAmount(requests, 'cpu');
    const memoryBytes = requestedAmount(requests, 'memory');
    return {
      scope: 'usage',
      score(slot) {
        const cpu = fraction(nodes.cpu.requested[slot], milliCpu, nodes.cpu.allocatable[slot]);
        const memory = fraction(nodes.memory.requested[slot], memoryBytes, nodes.memory.allocatable[slot]);
        if (cpu === undefined || memory === undefined) return 100;
        return Math.trunc((1 - Math.abs(cpu - memory) / 2) * 100);
      },
    };
  },
};

/** The mean of the free shares of CPU and memory in percent, rounded down (upstream: least_allocated.go). */
function leastAllocated(
  nodes: NodeTable,
  slot: number,
  requests: { readonly scoredMilliCpu: number; readonly scoredMemoryBytes: number },
): number {
  const cpu = nodes.cpu.allocatable[slot] as number;
  const memory = nodes.memory.allocatable[slot] as number;
  const usedCpu = (nodes.scoredMilliCpu[slot] as number) + requests.scoredMilliCpu;
  const usedMemory = (nodes.scoredMemoryBytes[slot] as number) + requests.scoredMemoryBytes;
  let total = 0;
  let weights = 0;
  if (cpu > 0) {
    weights++;
    if (usedCpu <= cpu) total += Math.trunc(((cpu - usedCpu) * 100) / cpu);
  }
  if (memory > 0) {
    weights++;
    if (usedMemory <= memory) total += Math.trunc(((memory - usedMemory) * 100) / memory);
  }
  return weights === 0 ? 0 : Math.trunc(total / weights);
}

function fraction(requested = 0, more: number, allocatable = 0): number | undefined {
  return allocatable === 0 ? undefined : Math.min(1, (requested + more) / allocatable);
}

function formatAmount(resource: string, amount: number): string {
  if (resource === 'cpu') return amount % 1000 === 0 ? `${amount / 1000}` : `${amount}m`;
  if (resource !== 'memory' && resource !== 'ephemeral-storage') return `${amount}`;
  const units = ['', 'Ki', 'Mi', 'Gi', 'Ti'];
  let power = 0;
  let value = amount;
  while (power < units.length - 1 && Math.abs(value) >= 1024) {
    value /= 1024;
    power++;
  }
  return `${Number.isInteger(value) ? value : value.toFixed(1)}${units[power]}`;
}
