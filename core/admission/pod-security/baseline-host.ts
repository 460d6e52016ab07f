import type { LifecycleHandler, Probe } from '../../api/generated/core-v1.ts';
import {
  containersNamed,
  containersOf,
  hasUserNamespace,
  plural,
  quoted,
  settersOf,
  sorted,
} from './check.ts';
import type { AnyContainer, Check, PodParts, Violation } from './check.ts';

/** What a Pod of the baseline level does not share with its node (pod-security-admission/policy). */

function hostNamespaces({ spec }: PodParts): Violation | undefined {
  const shared = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((name) => spec[name] === true);
  if (shared.length === 0) return undefined;
  return { reason: 'host namespaces', detail: shared.map((name) => `${name}=true`).join(', ') };
}

function hostPathVolumes({ spec }: PodParts): Violation | undefined {
  const names = (spec.volumes ?? []).filter(({ hostPath }) => hostPath !== undefined).map(({ name }) => name);
  if (names.length === 0) return undefined;
  return { reason: 'hostPath volumes', detail: `${plural('volume', names.length)} ${quoted(names)}` };
}

function hostPorts(pod: PodParts): Violation | undefined {
  const portsOf = ({ ports = [] }: AnyContainer) =>
    ports.flatMap(({ hostPort = 0 }) => (hostPort === 0 ? [] : [String(hostPort)]));
  const bad = containersOf(pod).filter((container) => portsOf(container).length > 0);
  if (bad.length === 0) return undefined;
  const ports = sorted(bad.flatMap(portsOf));
  return {
    reason: 'hostPort',
    detail: `${containersNamed(bad)} ${plural('uses', bad.length, 'use')} ${plural('hostPort', ports.length)} ${ports.join(', ')}`,
  };
}

function hostProbes(pod: PodParts): Violation | undefined {
  const bad = containersOf(pod).filter((container) => hostsOf(container).length > 0);
  if (bad.length === 0) return undefined;
  const hosts = sorted(bad.flatMap(hostsOf));
  const names = sorted(bad.map(({ name }) => name));
  return {
    reason: 'probe or lifecycle host',
    detail: `${plural('container', names.length)} ${quoted(names)} ${plural('uses', names.length, 'use')} ${plural('probe or lifecycle host', hosts.length)} ${quoted(hosts)}`,
  };
}

/** Where probes and hooks go other than to the Pod itself. */
function hostsOf({
  livenessProbe,
  readinessProbe,
  startupProbe,
  lifecycle,
}: AnyContainer): readonly string[] {
  const hooks: readonly (Probe | LifecycleHandler | undefined)[] = [
    livenessProbe,
    readinessProbe,
    startupProbe,
    lifecycle?.postStart,
    lifecycle?.preStop,
  ];
  return hooks
    .flatMap((hook) => [hook?.httpGet?.host, hook?.tcpSocket?.host])
    .filter((host) => host !== undefined && host !== '') as string[];
}

function privileged(pod: PodParts): Violation | undefined {
  const bad = containersOf(pod).filter(({ securityContext }) => securityContext?.privileged === true);
  if (bad.length === 0) return undefined;
  return {
    reason: 'privileged',
    detail: `${containersNamed(bad)} must not set securityContext.privileged=true`,
  };
}

function windowsHostProcess(pod: PodParts): Violation | undefined {
  const setters = settersOf(
    pod.spec.securityContext?.windowsOptions?.hostProcess === true,
    containersOf(pod).filter(({ securityContext }) => securityContext?.windowsOptions?.hostProcess === true),
  );
  if (setters.length === 0) return undefined;
  return {
    reason: 'hostProcess',
    detail: `${setters.join(' and ')} must not set securityContext.windowsOptions.hostProcess=true`,
  };
}

export function procMount(pod: PodParts): Violation | undefined {
  const mountOf = ({ securityContext }: AnyContainer) => securityContext?.procMount ?? 'Default';
  const bad = containersOf(pod).filter((container) => mountOf(container) !== 'Default');
  if (bad.length === 0) return undefined;
  return {
    reason: 'procMount',
    detail: `${containersNamed(bad)} must not set securityContext.procMount to ${quoted(sorted(bad.map(mountOf)))}`,
  };
}

export const hostChecks: readonly Check[] = [
  { id: 'hostNamespaces', level: 'baseline', versions: [[0, hostNamespaces]] },
  { id: 'hostPathVolumes', level: 'baseline', versions: [[0, hostPathVolumes]] },
  { id: 'hostPorts', level: 'baseline', versions: [[0, hostPorts]] },
  { id: 'hostProbesAndHostLifecycle', level: 'baseline', versions: [[34, hostProbes]] },
  { id: 'privileged', level: 'baseline', versions: [[0, privileged]] },
  {
    id: 'procMount_baseline',
    level: 'baseline',
    versions: [
      [0, procMount],
      [35, (pod) => (hasUserNamespace(pod) ? undefined : procMount(pod))],
    ],
  },
  { id: 'windowsHostProcess', level: 'baseline', versions: [[0, windowsHostProcess]] },
];
