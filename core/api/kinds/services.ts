import { dns1035LabelProblems, pathSegmentNameProblems } from '../../machinery/names.ts';
import type { Service } from '../generated/core-v1.ts';
import { ipaddresses, servicecidrs, services } from '../generated/resources.ts';
import type { Mutable } from '../object.ts';
import { setDefault } from '../defaults/set-default.ts';
import {
  validateIpAddress,
  validateIpAddressUpdate,
  validateService,
  validateServiceCidr,
  validateServiceCidrUpdate,
  validateServiceUpdate,
} from '../validation/service.ts';
import { serviceWarnings } from '../validation/service-warnings.ts';
import { declareKind } from './declare.ts';

export const serviceKind = declareKind(services, {
  createOnUpdate: true,
  // What was a DNS name of the oldest kind stays one.
  nameProblems: dns1035LabelProblems,
  applyDefaults: defaultService,
  validate: validateService,
  validateUpdate: validateServiceUpdate,
  warnings: serviceWarnings,
  selectableFields: {
    'spec.clusterIP': ({ spec }: Service) => spec.clusterIP ?? '',
    'spec.type': ({ spec }: Service) => spec.type ?? '',
  },
});

const stickySeconds = 10_800;

/** Upstream's defaults (pkg/apis/core/v1/defaults.go). Addresses and families are given out when it is stored. */
function defaultService({ spec }: Mutable<Service>): void {
  setDefault(spec, 'type', 'ClusterIP');
  setDefault(spec, 'sessionAffinity', 'None');
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig;
  if (spec.sessionAffinity === 'ClientIP')
    spec.sessionAffinityConfig ??= { clientIP: { timeoutSeconds: stickySeconds } };
  for (const port of spec.ports ?? []) {
    setDefault(port, 'protocol', 'TCP');
    if (port.targetPort === undefined || port.targetPort === 0 || port.targetPort === '')
      port.targetPort = port.port;
  }
  if (spec.clusterIP !== undefined && spec.clusterIP !== '' && spec.clusterIPs === undefined)
    spec.clusterIPs = [spec.clusterIP];
  if (spec.clusterIPs?.[0] !== undefined) setDefault(spec, 'clusterIP', spec.clusterIPs[0]);
  if (spec.type === 'ExternalName') return;
  setDefault(spec, 'internalTrafficPolicy', 'Cluster');
  if (spec.type === 'NodePort' || spec.type === 'LoadBalancer')
    setDefault(spec, 'externalTrafficPolicy', 'Cluster');
  if (spec.type === 'LoadBalancer') setDefault(spec, 'allocateLoadBalancerNodePorts', true);
}

// Names are addresses, colons included.
const nameProblems = pathSegmentNameProblems;

export const ipAddressKind = declareKind(ipaddresses, {
  nameProblems,
  generation: true,
  validate: validateIpAddress,
  validateUpdate: validateIpAddressUpdate,
});

export const serviceCidrKind = declareKind(servicecidrs, {
  generation: true,
  validate: validateServiceCidr,
  validateUpdate: validateServiceCidrUpdate,
});
