import type {
  EndpointAddress,
  EndpointPort,
  EndpointSubset,
  Pod,
  Service,
} from '../../api/generated/core-v1.ts';
import type { IpFamily } from '../../machinery/ip.ts';
import { endpointOf, portsOf } from '../endpointslice/pod-endpoints.ts';

/** Set to "truncated" where not all addresses fit. */
export const overCapacity = 'endpoints.kubernetes.io/over-capacity';
const maxAddresses = 1_000;

interface Placed {
  readonly address: EndpointAddress;
  readonly ready: boolean;
}

/**
 * The Pods behind a Service, in its first family: ports that the same Pods serve stand in one subset with them
 * (pkg/api/v1/endpoints/util.go: RepackSubsets).
 */
export function subsetsOf(
  service: Service,
  pods: readonly Pod[],
): { readonly subsets: readonly EndpointSubset[]; readonly truncated: boolean } {
  const family = (service.spec.ipFamilies?.[0] ?? 'IPv4') as IpFamily;
  const all = pods
    .flatMap((pod) => placed(pod, service, family))
    .toSorted((a, b) => Number(b.ready) - Number(a.ready) || compare(a.address.ip, b.address.ip));
  const byPort = new Map<string, { port: EndpointPort | undefined; places: Placed[] }>();
  for (const { pod, ...place } of all.slice(0, maxAddresses)) {
    const ports = (service.spec.ports ?? []).length === 0 ? [undefined] : endpointPorts(pod, service);
    for (const port of ports) {
      const key = JSON.stringify(port ?? null);
      const entry = byPort.get(key) ?? { port, places: [] };
      entry.places.push(place);
      byPort.set(key, entry);
    }
  }
  const bySet = new Map<string, { ports: EndpointPort[]; places: readonly Placed[] }>();
  for (const { port, places } of byPort.values()) {
    const key = JSON.stringify(places);
    const entry = bySet.get(key) ?? { ports: [], places };
    if (port !== undefined) entry.ports.push(port);
    bySet.set(key, entry);
  }
  const subsets = [...bySet]
    .toSorted(([a], [b]) => compare(a, b))
    .map(([, { ports, places }]): EndpointSubset => {
      const addresses = places.filter(({ ready }) => ready).map(({ address }) => address);
      const notReadyAddresses = places.filter(({ ready }) => !ready).map(({ address }) => address);
      return {
        ...(addresses.length === 0 ? {} : { addresses }),
        ...(notReadyAddresses.length === 0 ? {} : { notReadyAddresses }),
        ...(ports.length === 0 ? {} : { ports }),
      };
    });
  return { subsets, truncated: all.length > maxAddresses };
}

/** Pods on their way out are no endpoints here, unless the Service wants them whatever they are. */
function placed(pod: Pod, service: Service, family: IpFamily): readonly (Placed & { readonly pod: Pod })[] {
  const endpoint = endpointOf(pod, service, family, () => undefined);
  if (endpoint === undefined) return [];
  const { addresses, conditions, hostname, nodeName, targetRef } = endpoint;
  const always = service.spec.publishNotReadyAddresses === true;
  if (conditions?.terminating === true && !always) return [];
  const address: EndpointAddress = {
    ip: addresses[0] ?? '',
    ...(hostname === undefined ? {} : { hostname }),
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(targetRef === undefined ? {} : { targetRef }),
  };
  return [{ pod, address, ready: conditions?.ready === true }];
}

function endpointPorts(pod: Pod, service: Service): readonly EndpointPort[] {
  return portsOf(pod, service).map(({ name = '', port = 0, protocol, appProtocol }) => ({
    ...(name === '' ? {} : { name }),
    port,
    protocol: protocol ?? 'TCP',
    ...(appProtocol === undefined ? {} : { appProtocol }),
  }));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
