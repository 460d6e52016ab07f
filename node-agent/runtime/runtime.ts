import type { Duplex, Readable, Writable } from 'node:stream';

/**
 * The seam between the kubelet and whatever runs containers. Modelled on the Container Runtime Interface
 * (cri-api, runtime/v1): sandboxes hold a Pod's namespaces, containers join them.
 *
 * Implementations keep no state of their own that matters: everything is found again with `list()` after a
 * restart, from labels the runtime keeps. All calls honour their signal and have a deadline of their own.
 * Identifiers are the runtime's (64 hex digits in Docker), without the "docker://" scheme.
 */
export interface ContainerRuntime {
  /** "docker" or "simulated"; the scheme of container IDs and part of the node's containerRuntimeVersion. */
  readonly name: string;

  version(signal: AbortSignal): Promise<RuntimeVersion>;
  capacity(signal: AbortSignal): Promise<Capacity>;

  /**
   * Everything this agent ever made and that still exists, running or not; with `podUid`, only what belongs to that
   * Pod, at a cost that does not grow with the others. Throws rather than answer partially.
   */
  list(signal: AbortSignal, podUid?: string): Promise<readonly SandboxStatus[]>;

  /** Changes as they happen; only hints, so the kubelet lists again. Ends when `signal` aborts; reconnects by itself. */
  events(signal: AbortSignal): AsyncIterable<RuntimeEvent>;

  /** Creates and starts. On failure nothing is left behind. */
  runSandbox(config: SandboxConfig, signal: AbortSignal): Promise<SandboxStatus>;
  /** Stops the sandbox and every container in it at once; containers should be stopped with grace before. Idempotent. */
  stopSandbox(sandboxId: string, signal: AbortSignal): Promise<void>;
  /** Removes a sandbox and its containers. Idempotent. */
  removeSandbox(sandboxId: string, signal: AbortSignal): Promise<void>;

  /**
   * Creates and starts a container in a running sandbox. What the runtime refuses to create throws "create-failed" and
   * leaves nothing; what it cannot start throws "start-failed" and leaves the container to `list()` with its reason.
   */
  startContainer(sandboxId: string, config: ContainerConfig, signal: AbortSignal): Promise<string>;
  /**
   * Gives a running container other CPU and memory. A limit that is undefined stays as it is. Throws "unknown" with
   * the runtime's words where the kernel does not agree, such as with less memory than is in use.
   */
  updateContainer(containerId: string, resources: ContainerResources, signal: AbortSignal): Promise<void>;
  /** Sends the stop signal, waits up to the grace period, then kills. Resolves when the process is gone. Idempotent. */
  stopContainer(containerId: string, graceSeconds: number, signal: AbortSignal): Promise<void>;
  removeContainer(containerId: string, signal: AbortSignal): Promise<void>;

  /** Undefined when the image is not present. Throws "invalid-image-name" for what can be no image's name. */
  imageStatus(image: string, signal: AbortSignal): Promise<ImageStatus | undefined>;
  /** Throws `RuntimeError` with reason "image-not-found", "registry-unavailable" or "unauthorized" and the runtime's words. */
  pullImage(image: string, auth: RegistryAuth | undefined, signal: AbortSignal): Promise<ImageStatus>;
  listImages(signal: AbortSignal): Promise<readonly ImageStatus[]>;
  removeImage(imageId: string, signal: AbortSignal): Promise<void>;

  /** The log as it was written, standard output and error in one, oldest first; lines may span pieces. With `follow`, ends when the container ends or `signal` aborts. Honours back-pressure. */
  logs(containerId: string, options: LogOptions, signal: AbortSignal): AsyncIterable<Buffer>;
  exec(containerId: string, options: ExecOptions, signal: AbortSignal): Promise<ProcessStreams>;
  attach(containerId: string, options: AttachOptions, signal: AbortSignal): Promise<ProcessStreams>;

  /** A TCP connection to `port` inside the sandbox's network namespace. */
  dial(sandboxId: string, port: number, signal: AbortSignal): Promise<Duplex>;

  stats(containerIds: readonly string[], signal: AbortSignal): Promise<readonly ContainerStats[]>;

  close(): Promise<void>;
}

export interface RuntimeVersion {
  /** Such as "20.10.24+dfsg1". */
  readonly version: string;
  readonly operatingSystem: string;
  readonly kernelVersion: string;
  readonly architecture: string;
  /** What people should know, such as live-restore being off. */
  readonly warnings: readonly string[];
}

export interface Capacity {
  readonly cpuCores: number;
  readonly memoryBytes: number;
  readonly storageBytes: number;
}

/** Labels put on everything made here, so that it can be found again. */
export interface PodIdentity {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
}

export interface SandboxConfig {
  readonly pod: PodIdentity;
  /** Counts sandboxes of the same Pod, from 0. */
  readonly attempt: number;
  readonly hostname: string;
  readonly hostNetwork: boolean;
  readonly hostPid: boolean;
  readonly hostIpc: boolean;
  readonly shareProcessNamespace: boolean;
  readonly dns: DnsConfig | undefined;
  readonly extraHosts: readonly { readonly ip: string; readonly hostnames: readonly string[] }[];
  readonly portMappings: readonly PortMapping[];
  readonly sysctls: Readonly<Record<string, string>>;
  /** The Pod's cgroup parent where the agent manages one. */
  readonly cgroupParent: string | undefined;
  /** Carried for adoption and for people; not interpreted. */
  readonly labels: Readonly<Record<string, string>>;
}

export interface DnsConfig {
  readonly servers: readonly string[];
  readonly searches: readonly string[];
  readonly options: readonly string[];
}

export interface PortMapping {
  readonly containerPort: number;
  readonly hostPort: number;
  readonly hostIp: string | undefined;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
}

export interface ContainerConfig {
  readonly name: string;
  /** Restart count of this container, from 0. */
  readonly attempt: number;
  readonly image: string;
  /** Empty: the image's own entry point. */
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly workingDir: string | undefined;
  /** In order; values are final. */
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly mounts: readonly Mount[];
  readonly resources: ContainerResources;
  readonly tty: boolean;
  readonly stdin: boolean;
  readonly stdinOnce: boolean;
  readonly security: ContainerSecurity;
  /** Another container of the sandbox, whose processes this one sees and can signal; its own unless given. */
  readonly processesOf?: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
}

export interface Mount {
  readonly hostPath: string;
  readonly containerPath: string;
  readonly readOnly: boolean;
  readonly propagation: 'private' | 'rslave' | 'rshared';
}

/** Upstream's translation of requests and limits into cgroup values (kuberuntime). */
export interface ContainerResources {
  /** From requests: max(2, millicores × 1024 / 1000). */
  readonly cpuShares: number;
  /** Microseconds a period of 100,000; undefined means no limit. */
  readonly cpuQuotaUs: number | undefined;
  readonly memoryLimitBytes: number | undefined;
  readonly oomScoreAdj: number;
  readonly pidsLimit: number | undefined;
}

export interface ContainerSecurity {
  readonly privileged: boolean;
  readonly runAsUser: string | undefined;
  readonly runAsGroup: string | undefined;
  readonly supplementalGroups: readonly number[];
  readonly readOnlyRootFilesystem: boolean;
  readonly addCapabilities: readonly string[];
  readonly dropCapabilities: readonly string[];
  readonly noNewPrivileges: boolean;
  /** "runtime/default", "unconfined" or "localhost/<path>". */
  readonly seccompProfile: string;
}

export interface SandboxStatus {
  readonly id: string;
  readonly pod: PodIdentity;
  readonly attempt: number;
  readonly state: 'ready' | 'not-ready';
  readonly createdAtMs: number;
  /** Empty on the host network and when not ready. IPv4 first. */
  readonly ips: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly containers: readonly ContainerStatus[];
}

export interface ContainerStatus {
  readonly id: string;
  readonly name: string;
  readonly attempt: number;
  readonly state: 'created' | 'running' | 'exited';
  readonly image: string;
  /** Docker's image ID with its digest, "sha256:…". */
  readonly imageId: string;
  readonly createdAtMs: number;
  readonly startedAtMs: number | undefined;
  readonly finishedAtMs: number | undefined;
  readonly exitCode: number | undefined;
  readonly oomKilled: boolean;
  /** Why it could not start, in the runtime's words. */
  readonly error: string | undefined;
  /** As the runtime has them now. */
  readonly resources: Pick<ContainerResources, 'cpuShares' | 'cpuQuotaUs' | 'memoryLimitBytes'>;
  readonly labels: Readonly<Record<string, string>>;
}

export interface RuntimeEvent {
  /** Undefined after a reconnect: anything may have changed. */
  readonly podUid: string | undefined;
  readonly containerId: string | undefined;
  readonly kind: 'started' | 'oom-killed' | 'exited' | 'removed' | 'unknown';
}

export interface ImageStatus {
  readonly id: string;
  readonly tags: readonly string[];
  readonly digests: readonly string[];
  readonly sizeBytes: number;
  /** The user the image runs as; empty for root. Needed for runAsNonRoot. */
  readonly user: string;
}

export interface RegistryAuth {
  readonly username: string;
  readonly password: string;
  readonly serverAddress: string;
}

export interface LogOptions {
  readonly follow: boolean;
  readonly tailLines: number | undefined;
  readonly sinceMs: number | undefined;
  /** Begins every line with its time, as Docker writes it. */
  readonly timestamps: boolean;
  /** One of the two alone; both unless given. Not with `tailLines`, which counts the lines of both. */
  readonly stream?: 'stdout' | 'stderr' | undefined;
}

export interface ExecOptions {
  readonly command: readonly string[];
  readonly tty: boolean;
  readonly stdin: boolean;
}

export interface AttachOptions {
  readonly tty: boolean;
  readonly stdin: boolean;
}

/** A running process. Ending `stdin` closes it; aborting the call's signal kills an exec'd process. */
export interface ProcessStreams {
  readonly stdin: Writable | undefined;
  readonly stdout: Readable;
  /** Undefined with a TTY, where everything is on stdout. */
  readonly stderr: Readable | undefined;
  /** May be called at any time, before the process runs too. */
  resize(columns: number, rows: number): void;
  readonly exitCode: Promise<number>;
}

export interface ContainerStats {
  readonly containerId: string;
  readonly timestampMs: number;
  readonly cpuTotalNanoseconds: number;
  readonly memoryWorkingSetBytes: number;
}

export type RuntimeReason =
  | 'image-not-found'
  | 'invalid-image-name'
  | 'registry-unavailable'
  | 'unauthorized'
  | 'not-found'
  | 'create-failed'
  | 'start-failed'
  | 'conflict'
  | 'unavailable'
  | 'timeout'
  | 'unknown';

export class RuntimeError extends Error {
  readonly reason: RuntimeReason;

  constructor(reason: RuntimeReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RuntimeError';
    this.reason = reason;
  }
}
