import { readFile } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import type { ContainerCreateOptions } from 'dockerode';
import { RuntimeError } from '../runtime.ts';
import type { ContainerConfig, ContainerSecurity } from '../runtime.ts';
import { containerLabels, dockerName } from './labels.ts';
import { logConfig } from './log-config.ts';
import type { SandboxFacts } from './sandbox.ts';

const cpuPeriodUs = 100_000;

/** A container of a Pod, in its sandbox's namespaces. Throws "create-failed" when its seccomp profile cannot be read. */
export async function podContainer(
  owner: string,
  sandbox: SandboxFacts,
  config: ContainerConfig,
): Promise<ContainerCreateOptions> {
  const { resources, security } = config;
  const user = userOf(security);
  return {
    name: dockerName(owner, config.name, sandbox.pod, config.attempt),
    Image: config.image,
    // An empty list would clear the image's entry point, a missing one keeps it.
    ...(config.command.length > 0 ? { Entrypoint: [...config.command] } : {}),
    ...(config.args.length > 0 ? { Cmd: [...config.args] } : {}),
    ...(config.workingDir === undefined ? {} : { WorkingDir: config.workingDir }),
    ...(user === undefined ? {} : { User: user }),
    Env: config.env.map(({ name, value }) => `${name}=${value}`),
    Labels: containerLabels(owner, sandbox, config),
    Tty: config.tty,
    OpenStdin: config.stdin,
    StdinOnce: config.stdinOnce,
    // Probes decide about health; a check the image brings along would only cost.
    Healthcheck: { Test: ['NONE'] },
    HostConfig: {
      ...namespaces(sandbox, config.processesOf),
      CgroupParent: sandbox.cgroupParent,
      CpuShares: resources.cpuShares,
      ...cpuLimit(resources.cpuQuotaUs),
      ...memoryLimit(resources.memoryLimitBytes),
      ...(resources.pidsLimit === undefined ? {} : { PidsLimit: resources.pidsLimit }),
      OomScoreAdj: resources.oomScoreAdj,
      // As mounts rather than binds: a source that does not exist is an error, not a new directory.
      Mounts: config.mounts.map((mount) => ({
        Type: 'bind',
        Source: mount.hostPath,
        Target: mount.containerPath,
        ReadOnly: mount.readOnly,
        // Unsaid it is private, but where Docker's own folder is within: that Docker mounts as a slave or not at all.
        ...(mount.propagation === 'private' ? {} : { BindOptions: { Propagation: mount.propagation } }),
      })),
      Privileged: security.privileged,
      ReadonlyRootfs: security.readOnlyRootFilesystem,
      CapAdd: [...security.addCapabilities],
      CapDrop: [...security.dropCapabilities],
      GroupAdd: security.supplementalGroups.map(String),
      SecurityOpt: await securityOptions(config.name, security),
      LogConfig: logConfig,
    },
  };
}

export function cpuLimit(quotaUs: number | undefined): { CpuPeriod?: number; CpuQuota?: number } {
  return quotaUs === undefined ? {} : { CpuPeriod: cpuPeriodUs, CpuQuota: quotaUs };
}

/** Equal limits leave nothing for swap. */
export function memoryLimit(bytes: number | undefined): { Memory?: number; MemorySwap?: number } {
  return bytes === undefined ? {} : { Memory: bytes, MemorySwap: bytes };
}

function namespaces(sandbox: SandboxFacts, processesOf: string | undefined) {
  const shared = `container:${sandbox.id}`;
  return {
    NetworkMode: shared,
    IpcMode: sandbox.hostIpc ? 'host' : shared,
    // Docker gives the sandbox's hostname along with its network, except on the host's.
    UTSMode: sandbox.hostNetwork ? 'host' : '',
    PidMode: processesOf === undefined ? pidMode(sandbox, shared) : `container:${processesOf}`,
  };
}

function pidMode(sandbox: SandboxFacts, shared: string): string {
  if (sandbox.hostPid) return 'host';
  return sandbox.sharedPids ? shared : '';
}

/** Docker's "user:group"; a group alone keeps the image's user. */
function userOf(security: ContainerSecurity): string | undefined {
  const { runAsUser, runAsGroup } = security;
  if (runAsGroup === undefined) return runAsUser;
  return `${runAsUser ?? ''}:${runAsGroup}`;
}

async function securityOptions(name: string, security: ContainerSecurity): Promise<string[]> {
  const options = security.noNewPrivileges ? ['no-new-privileges'] : [];
  const profile = security.seccompProfile;
  if (profile === 'runtime/default' || profile === '') return options;
  if (profile === 'unconfined') return [...options, 'seccomp=unconfined'];
  // Docker's API takes the profile itself, not its path.
  const path = profile.startsWith('localhost/') ? profile.slice('localhost/'.length) : '';
  try {
    if (!isAbsolute(path))
      throw new Error('expected "runtime/default", "unconfined" or "localhost/" and an absolute path');
    return [...options, `seccomp=${JSON.stringify(JSON.parse(await readFile(path, 'utf8')))}`];
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause);
    throw new RuntimeError(
      'create-failed',
      `Cannot create container "${name}": seccomp profile "${profile}": ${words}`,
      {
        cause,
      },
    );
  }
}
