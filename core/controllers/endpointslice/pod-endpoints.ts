import type { Container, Node, Pod, Service, ServicePort } from '../../api/generated/core-v1.ts';
import type { Endpoint, EndpointPort } from '../../api/generated/discovery-v1.ts';
import { ipFamilyOf } from '../../machinery/ip.ts';
import type { IpFamily } from '../../machinery/ip.ts';
import { isReady, isTerminal } from '../runtime/pods.ts';

const zoneLabel = 'topology.kubernetes.io/zone';

/** The Pod's address in a family, where it has one. */
function addressOf({ status }: Pod, family: IpFamily): string | undefined {
  const all = status.podIPs?.map(({ ip }) => ip) ?? (status.podIP === undefined ? [] : [status.podIP]);
  return all.find((ip) => ipFamilyOf(ip) === family);
}

/** A Pod behind a Service as slices describe it; undefined while there is nothing to send to. */
export function endpointOf(
  pod: Pod,
  service: Service,
  family: IpFamily,
  nodeOf: (name: string) => Node | undefined,
): Endpoint | undefined {
  const address = addressOf(pod, family);
  if (address === undefined || isTerminal(pod)) return undefined;
  const { metadata, spec } = pod;
  const { nodeName, hostname, subdomain } = spec;
  const serving = isReady(pod);
  const terminating = metadata.deletionTimestamp !== undefined;
  const zone = nodeName === undefined ? undefined : nodeOf(nodeName)?.metadata.labels?.[zoneLabel];
  return {
    addresses: [address],
    conditions: {
      ready: service.spec.publishNotReadyAddresses === true || (serving && !terminating),
      serving,
      terminating,
    },
    ...(hostname !== undefined && subdomain === service.metadata.name ? { hostname } : {}),
    targetRef: { kind: 'Pod', namespace: metadata.namespace, name: metadata.name, uid: metadata.uid },
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(zone === undefined ? {} : { zone }),
  };
}

/** The ports of the Service as numbers of this Pod; a named port that its containers do not have is left out. */
export function portsOf(pod: Pod, { spec }: Service): readonly EndpointPort[] {
  return (spec.ports ?? []).flatMap((port): EndpointPort[] => {
    const number = targetPortOf(pod, port);
    if (number === undefined) return [];
    const { name = '', protocol = 'TCP', appProtocol } = port;
    return [{ name, protocol, port: number, ...(appProtocol === undefined ? {} : { appProtocol }) }];
  });
}

function targetPortOf(
  { spec }: Pod,
  { port, targetPort, protocol = 'TCP' }: ServicePort,
): number | undefined {
  if (typeof targetPort !== 'string') return targetPort ?? port;
  const isLasting = ({ restartPolicy }: Container) => restartPolicy === 'Always';
  const containers = [...spec.containers, ...(spec.initContainers ?? []).filter(isLasting)];
  return containers
    .flatMap(({ ports }) => ports ?? [])
    .find(({ name, protocol: of = 'TCP' }) => name === targetPort && of === protocol)?.containerPort;
}

/** All of a Pod that shows in slices: when none of it changes, no Service has to look. */
export function endpointFacts({ metadata, spec, status }: Pod): unknown {
  return {
    labels: metadata.labels,
    leaving: metadata.deletionTimestamp !== undefined,
    nodeName: spec.nodeName,
    hostname: [spec.hostname, spec.subdomain],
    phase: status.phase,
    addresses: [status.podIP, status.podIPs],
    ready: status.conditions?.find(({ type }) => type === 'Ready')?.status,
  };
}
