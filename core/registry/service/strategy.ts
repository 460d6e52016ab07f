import type { Service, ServicePort } from '../../api/generated/core-v1.ts';
import type { Mutable } from '../../api/object.ts';
import { strategyFor } from '../strategy.ts';

/** Finds the Services that nodes offer under a port; see `nodePortKey`. */
export const nodePortIndex = 'nodePort';

/** A port of nodes as the index has it: each protocol has its own ports. */
export function nodePortKey(protocol: string, nodePort: number): string {
  return `${protocol}/${nodePort}`;
}

/** Services (pkg/registry/core/service/strategy.go). */
export const serviceStrategy = strategyFor<Service>({
  indexes: {
    [nodePortIndex]: ({ spec }) =>
      (spec.ports ?? []).flatMap(({ protocol = 'TCP', nodePort = 0 }) =>
        nodePort === 0 ? [] : [nodePortKey(protocol, nodePort)],
      ),
  },
  prepareForUpdate(service, old) {
    keepAllocated(service, old);
    dropFormer(service.spec, old.spec);
  },
});

const external = ['NodePort', 'LoadBalancer'];

/** What belongs to a type goes with it, unless the client asks for it anew (dropTypeDependentFields). */
function dropFormer(spec: Mutable<Service['spec']>, old: Service['spec']): void {
  const left = (types: readonly string[]) =>
    types.includes(old.type ?? '') && !types.includes(spec.type ?? '');
  if (left(external)) {
    const former = new Set(old.ports?.map(({ nodePort }) => nodePort));
    for (const port of spec.ports ?? []) if (former.has(port.nodePort)) delete port.nodePort;
    if (spec.externalTrafficPolicy === old.externalTrafficPolicy) delete spec.externalTrafficPolicy;
  }
  if (left(['LoadBalancer'])) {
    if (spec.allocateLoadBalancerNodePorts === old.allocateLoadBalancerNodePorts)
      delete spec.allocateLoadBalancerNodePorts;
    if (spec.loadBalancerClass === old.loadBalancerClass) delete spec.loadBalancerClass;
    if (spec.healthCheckNodePort === old.healthCheckNodePort) delete spec.healthCheckNodePort;
  }
  if (left(['ClusterIP', ...external]) && spec.clusterIP === old.clusterIP) {
    delete spec.clusterIP;
    delete spec.clusterIPs;
    delete spec.internalTrafficPolicy;
  }
  if (left(['ExternalName']) && spec.externalName === old.externalName) delete spec.externalName;
}

/** What an update leaves out, it keeps: clients send back what they once wrote (patchAllocatedValues). */
function keepAllocated({ spec }: Mutable<Service>, old: Service): void {
  if (spec.type === 'ExternalName' || old.spec.type === 'ExternalName') return;
  if ((spec.clusterIP ?? '') === '' && (spec.clusterIPs ?? []).length === 0) {
    if (old.spec.clusterIP !== undefined) spec.clusterIP = old.spec.clusterIP;
    if (old.spec.clusterIPs !== undefined) spec.clusterIPs = [...old.spec.clusterIPs];
  }
  if ((spec.ipFamilies ?? []).length === 0 && old.spec.ipFamilies !== undefined)
    spec.ipFamilies = [...old.spec.ipFamilies];
  if (spec.ipFamilyPolicy === undefined && old.spec.ipFamilyPolicy !== undefined)
    spec.ipFamilyPolicy = old.spec.ipFamilyPolicy;
  const known = new Map((old.spec.ports ?? []).map((port) => [portKey(port), port.nodePort ?? 0]));
  for (const port of spec.ports ?? []) {
    const before = known.get(portKey(port));
    if ((port.nodePort ?? 0) === 0 && before !== undefined && before !== 0) port.nodePort = before;
  }
}

function portKey({ protocol = 'TCP', port }: ServicePort): string {
  return `${protocol}/${port}`;
}
