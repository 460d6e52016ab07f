import type { Service } from '../generated/core-v1.ts';

/** What a Service says and nobody heeds (pkg/api/service/warnings.go). */
export function serviceWarnings({ metadata, spec }: Service): readonly string[] {
  const {
    type = 'ClusterIP',
    externalIPs = [],
    externalName,
    loadBalancerIP,
    sessionAffinity = 'None',
  } = spec;
  const isExternal = type === 'ExternalName';
  const isHeadless = type === 'ClusterIP' && spec.clusterIP === 'None';
  const hasExternalIps = externalIPs.length > 0;
  const said: readonly (readonly [boolean, string])[] = [
    [
      metadata.annotations?.['service.kubernetes.io/topology-aware-hints'] !== undefined,
      'annotation service.kubernetes.io/topology-aware-hints is deprecated, please use service.kubernetes.io/topology-mode instead',
    ],
    [isHeadless && loadBalancerIP !== undefined, 'spec.loadBalancerIP is ignored for headless services'],
    [isHeadless && hasExternalIps, 'spec.externalIPs is ignored for headless services'],
    [isHeadless && sessionAffinity !== 'None', 'spec.SessionAffinity is ignored for headless services'],
    [
      hasExternalIps && !isHeadless && !isExternal,
      'spec.externalIPs is deprecated and may no longer be implemented in some clusters',
    ],
    [hasExternalIps && isExternal, 'spec.externalIPs is ignored when spec.type is "ExternalName"'],
    [
      !isExternal && externalName !== undefined,
      'spec.externalName is ignored when spec.type is not "ExternalName"',
    ],
    [
      spec.trafficDistribution === 'PreferClose',
      'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"',
    ],
  ];
  return said.filter(([holds]) => holds).map(([, text]) => text);
}
