import type { Endpoint, EndpointPort, EndpointSlice } from '../../api/generated/discovery-v1.ts';
import type { IpFamily } from '../../machinery/ip.ts';
import { deepEqual } from '../../machinery/json.ts';

/** Upstream's --max-endpoints-per-slice. */
export const maxEndpointsPerSlice = 100;

/** Endpoints that may share slices: of one family, on the same ports. */
export interface EndpointGroup {
  readonly addressType: IpFamily;
  readonly ports: readonly EndpointPort[];
  readonly endpoints: readonly Endpoint[];
}

export interface SlicePlan {
  readonly create: readonly EndpointGroup[];
  readonly update: readonly { readonly slice: EndpointSlice; readonly endpoints: readonly Endpoint[] }[];
  readonly remove: readonly EndpointSlice[];
}

/**
 * How the slices come to hold the groups with few writes: an endpoint stays in its slice, slices that change anyway
 * take what is new, and only the rest makes new ones (staging/src/k8s.io/endpointslice/reconciler.go).
 */
export function planSlices(groups: readonly EndpointGroup[], slices: readonly EndpointSlice[]): SlicePlan {
  const plans: SlicePlan[] = [];
  const left = new Set(slices);
  for (const group of groups) {
    const mine = slices.filter(
      (slice) => left.has(slice) && slice.addressType === group.addressType && samePorts(slice, group),
    );
    for (const slice of mine) left.delete(slice);
    plans.push(planGroup(group, mine));
  }
  return {
    create: plans.flatMap(({ create }) => create),
    update: plans.flatMap(({ update }) => update),
    remove: [...left, ...plans.flatMap(({ remove }) => remove)],
  };
}

function planGroup(group: EndpointGroup, slices: readonly EndpointSlice[]): SlicePlan {
  const wanted = new Map(group.endpoints.map((endpoint) => [identityOf(endpoint), endpoint]));
  const contents = slices.map((slice) => {
    const before = slice.endpoints ?? [];
    const endpoints: Endpoint[] = [];
    for (const endpoint of before) {
      const now = wanted.get(identityOf(endpoint));
      if (now === undefined) continue;
      endpoints.push(now);
      wanted.delete(identityOf(endpoint));
    }
    return { slice, endpoints, changed: !deepEqual(before, endpoints) };
  });
  const added = [...wanted.values()];
  const fill = (into: (typeof contents)[number]) => {
    const room = maxEndpointsPerSlice - into.endpoints.length;
    if (room <= 0 || added.length === 0) return;
    into.endpoints.push(...added.splice(0, room));
    into.changed = true;
  };
  for (const content of contents) if (content.changed) fill(content);
  // A full slice of its own leaves the others in peace; the remainder goes where it fits.
  const create: EndpointGroup[] = [];
  while (added.length >= maxEndpointsPerSlice)
    create.push({ ...group, endpoints: added.splice(0, maxEndpointsPerSlice) });
  const fitting = contents.find(({ endpoints }) => endpoints.length + added.length <= maxEndpointsPerSlice);
  if (added.length > 0 && fitting !== undefined) fill(fitting);
  if (added.length > 0) create.push({ ...group, endpoints: added });
  // One stays though it is empty: that there are no endpoints is also something to know.
  const kept = contents.filter(({ endpoints }) => endpoints.length > 0);
  const empty = contents.filter(({ endpoints }) => endpoints.length === 0);
  if (kept.length === 0 && create.length === 0) {
    const placeholder = empty.shift();
    if (placeholder === undefined) create.push({ ...group, endpoints: [] });
    else kept.push(placeholder);
  }
  return {
    create,
    update: kept.filter(({ changed }) => changed),
    remove: empty.map(({ slice }) => slice),
  };
}

function identityOf({ addresses, targetRef }: Endpoint): string {
  return `${targetRef?.uid ?? ''}/${addresses.join(',')}`;
}

function samePorts({ ports = [] }: EndpointSlice, group: EndpointGroup): boolean {
  return portsKey(ports) === portsKey(group.ports);
}

export function portsKey(ports: readonly EndpointPort[]): string {
  return ports
    .map(({ name = '', protocol, port, appProtocol }) => JSON.stringify([name, protocol, port, appProtocol]))
    .toSorted()
    .join();
}
