import type { APIService } from '../../api/generated/apiregistration-v1.ts';
import type { Scheme } from '../../api/scheme.ts';
import { compareVersions } from '../handlers/discovery.ts';

/** Says that the object is the server's own: "onstart" for what is always there, "true" for what comes and goes. */
export const automanaged = 'kube-aggregator.kubernetes.io/automanaged';

/** Where groups stand in discovery, and versions in their group (upstream: pkg/controlplane/apiserver/aggregator.go). */
const priorities: Readonly<Record<string, readonly [group: number, version: number]>> = {
  '/v1': [18_000, 1],
  'apps/v1': [17_800, 15],
  'events.k8s.io/v1': [17_750, 15],
  'authentication.k8s.io/v1': [17_700, 15],
  'authorization.k8s.io/v1': [17_600, 15],
  'autoscaling/v1': [17_500, 15],
  'autoscaling/v2': [17_500, 30],
  'batch/v1': [17_400, 15],
  'certificates.k8s.io/v1': [17_300, 15],
  'networking.k8s.io/v1': [17_200, 15],
  'policy/v1': [17_100, 15],
  'rbac.authorization.k8s.io/v1': [17_000, 15],
  'storage.k8s.io/v1': [16_800, 15],
  'apiextensions.k8s.io/v1': [16_700, 15],
  'admissionregistration.k8s.io/v1': [16_700, 15],
  'scheduling.k8s.io/v1': [16_600, 15],
  'coordination.k8s.io/v1': [16_500, 15],
  'node.k8s.io/v1': [16_300, 15],
  'discovery.k8s.io/v1': [16_200, 15],
  'flowcontrol.apiserver.k8s.io/v1': [16_100, 21],
  'metrics.k8s.io/v1beta1': [100, 100],
};
/** Of custom resources. */
const customGroupPriority = 1_000;
const customVersionPriority = 100;

/** The APIServices of everything that this server serves itself. */
export function localServices(scheme: Scheme): readonly APIService[] {
  const versions = new Map<string, Set<string>>();
  for (const { group, version } of scheme.all()) {
    // What registers APIServices has none, as upstream.
    if (group === 'apiregistration.k8s.io') continue;
    const known = versions.get(group) ?? new Set();
    versions.set(group, known.add(version));
  }
  return [...versions].flatMap(([group, of]) =>
    [...of]
      .toSorted((one, other) => compareVersions(other, one))
      .map((version, index) => localService(group, version, index)),
  );
}

function localService(group: string, version: string, rank: number): APIService {
  const known = priorities[`${group}/${version}`];
  const [groupPriorityMinimum, versionPriority] = known ?? [
    customGroupPriority,
    Math.max(1, customVersionPriority - rank),
  ];
  return {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: {
      name: serviceName(group, version),
      labels: { [automanaged]: known === undefined ? 'true' : 'onstart' },
    },
    spec: { ...(group === '' ? {} : { group }), version, groupPriorityMinimum, versionPriority },
    status: {},
  };
}

function serviceName(group: string, version: string): string {
  return `${version}.${group}`;
}
