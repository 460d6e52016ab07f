import type { ContainerCreateOptions, ContainerInspectInfo } from 'dockerode';
import type { PodIdentity, SandboxConfig } from '../runtime.ts';
import { dockerName, identityOf, label, sandboxLabels } from './labels.ts';
import { logConfig } from './log-config.ts';
import { pauseImage } from './pause-image.ts';

/** Of a sandbox's own processes the kernel shall kill the last one last (kubelet's PodInfraOOMAdj). */
const sandboxOomScoreAdj = -998;
/** The least Docker takes; a sandbox only sleeps. */
const sandboxCpuShares = 2;

/** The container that holds a Pod's namespaces. It runs with no capability and a read-only root. */
export function sandboxContainer(
  owner: string,
  network: string,
  config: SandboxConfig,
): ContainerCreateOptions {
  return {
    name: dockerName(owner, 'POD', config.pod, config.attempt),
    Image: pauseImage,
    // On the host's network the host's name is used too, and Docker refuses another.
    ...(config.hostNetwork ? {} : { Hostname: config.hostname }),
    Labels: sandboxLabels(owner, config),
    ExposedPorts: Object.fromEntries(config.portMappings.map((port) => [portKey(port), {}])),
    // Nothing in it wants to be told; see pause-program.ts.
    StopSignal: 'SIGKILL',
    HostConfig: {
      NetworkMode: config.hostNetwork ? 'host' : network,
      UTSMode: config.hostNetwork ? 'host' : '',
      PidMode: config.hostPid ? 'host' : '',
      IpcMode: config.hostIpc ? 'host' : 'shareable',
      ...dns(config),
      ExtraHosts: config.extraHosts.flatMap(({ ip, hostnames }) =>
        hostnames.map((hostname) => `${hostname}:${ip}`),
      ),
      PortBindings: portBindings(config),
      Sysctls: { ...config.sysctls },
      CgroupParent: config.cgroupParent ?? '',
      CpuShares: sandboxCpuShares,
      OomScoreAdj: sandboxOomScoreAdj,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      ReadonlyRootfs: true,
      LogConfig: logConfig,
    },
  };
}

/** What a container needs to know of its sandbox. All of it is fixed when the sandbox is made. */
export interface SandboxFacts {
  readonly id: string;
  readonly pod: PodIdentity;
  readonly hostNetwork: boolean;
  readonly hostPid: boolean;
  readonly hostIpc: boolean;
  readonly sharedPids: boolean;
  readonly cgroupParent: string;
}

/** Undefined when the container is not a sandbox of ours. */
export function sandboxFacts(info: ContainerInspectInfo): SandboxFacts | undefined {
  const identity = identityOf(info.Config.Labels);
  if (identity?.kind !== 'sandbox') return undefined;
  return {
    id: info.Id,
    pod: identity.pod,
    hostNetwork: info.HostConfig.NetworkMode === 'host',
    hostPid: info.HostConfig.PidMode === 'host',
    hostIpc: info.HostConfig.IpcMode === 'host',
    sharedPids: info.Config.Labels[label.sharedPids] === 'true',
    cgroupParent: info.HostConfig.CgroupParent ?? '',
  };
}

/** The keys Docker's resolv.conf is written from. A lone "." keeps it from copying the host's search list. */
function dns(config: SandboxConfig): { Dns?: string[]; DnsSearch?: string[]; DnsOptions?: string[] } {
  if (config.dns === undefined) return {};
  return {
    Dns: [...config.dns.servers],
    DnsSearch: config.dns.searches.length === 0 ? ['.'] : [...config.dns.searches],
    DnsOptions: [...config.dns.options],
  };
}

function portBindings(config: SandboxConfig): Record<string, { HostIp: string; HostPort: string }[]> {
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const port of config.portMappings) {
    // Zero would have Docker choose a port; in Kubernetes it means none.
    if (port.hostPort === 0) continue;
    (bindings[portKey(port)] ??= []).push({ HostIp: port.hostIp ?? '', HostPort: String(port.hostPort) });
  }
  return bindings;
}

function portKey(port: { readonly containerPort: number; readonly protocol: string }): string {
  return `${port.containerPort}/${port.protocol.toLowerCase()}`;
}
