import type { ContainerConfig, SandboxConfig } from '../../node-agent/runtime/runtime.ts';
import { busyboxImage } from '../environment/images.ts';

/** A sandbox as the kubelet asks for an ordinary Pod's, with a few things changed. */
export function sandboxConfig(name: string, changes: Partial<SandboxConfig> = {}): SandboxConfig {
  return {
    pod: { uid: `uid-${name}`, name, namespace: 'default' },
    attempt: 0,
    hostname: name,
    hostNetwork: false,
    hostPid: false,
    hostIpc: false,
    shareProcessNamespace: false,
    dns: undefined,
    extraHosts: [],
    portMappings: [],
    sysctls: {},
    cgroupParent: undefined,
    labels: {},
    ...changes,
  };
}

/** A busybox container without limits that runs `command`. */
export function containerConfig(
  command: readonly string[],
  changes: Partial<ContainerConfig> = {},
): ContainerConfig {
  return {
    name: 'app',
    attempt: 0,
    image: busyboxImage,
    command,
    args: [],
    workingDir: undefined,
    env: [],
    mounts: [],
    resources: {
      cpuShares: 2,
      cpuQuotaUs: undefined,
      memoryLimitBytes: undefined,
      oomScoreAdj: 1000,
      pidsLimit: undefined,
    },
    tty: false,
    stdin: false,
    stdinOnce: false,
    security: {
      privileged: false,
      runAsUser: undefined,
      runAsGroup: undefined,
      supplementalGroups: [],
      readOnlyRootFilesystem: false,
      addCapabilities: [],
      dropCapabilities: [],
      noNewPrivileges: false,
      seccompProfile: 'runtime/default',
    },
    labels: {},
    ...changes,
  };
}
