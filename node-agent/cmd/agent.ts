import { join } from 'node:path';
import { mkdir } from 'node:fs/promises';
import { kubernetesRelease } from '../../core/api/generated/release.ts';
import type { Client } from '../../core/client/client.ts';
import { QueuedEventRecorder } from '../../core/client/events.ts';
import type { Clock } from '../../core/machinery/clock.ts';
import type { Logger } from '../../core/machinery/logger.ts';
import type { Random } from '../../core/machinery/random.ts';
import { Kubelet } from '../kubelet/kubelet.ts';
import { hostAddresses, readMachine } from '../kubelet/machine.ts';
import type { NodeFacts } from '../kubelet/node-facts.ts';
import { renewLease } from '../kubelet/node-lease.ts';
import { NodeRegistration } from '../kubelet/node-registration.ts';
import { podField, resourceField } from '../kubelet/pod-fields.ts';
import { ReferencedObjects } from '../kubelet/referenced-objects.ts';
import { ServiceAccountTokens } from '../kubelet/service-account-tokens.ts';
import { readMachineUsage } from '../kubelet/machine-usage.ts';
import { Sessions } from '../kubelet/sessions.ts';
import type { ContainerRuntime } from '../runtime/runtime.ts';
import type { SessionHandlers } from '../streaming/session-handlers.ts';
import { systemMounter } from '../volumes/mounts.ts';
import type { PayloadSources } from '../volumes/payload.ts';
import type { PodVolumes } from '../volumes/volumes.ts';
import { volumePlugins } from '../volumes/plugins.ts';
import { VolumeManager } from '../volumes/volume-manager.ts';
import { simulatedVolumes } from '../volumes/simulated-volumes.ts';

export interface AgentOptions {
  readonly client: Client;
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly nodeName: string;
  readonly dataDirectory: string;
  readonly labels: Readonly<Record<string, string>>;
  /** This machine's unless given. */
  readonly nodeIps?: readonly string[] | undefined;
  readonly maxPods: number;
  readonly podPidsLimit: number | undefined;
  readonly clusterDns: readonly string[];
  readonly clusterDomain: string;
  readonly offlineImages: 'fail' | 'use-present';
  /** Files in the data directory unless given; none where the runtime is simulated. */
  readonly volumes?: PodVolumes;
}

/** A node agent without its connection to the core: what streams need, and what runs. */
export interface Agent {
  readonly sessions: SessionHandlers;
  readonly kubelet: Kubelet;
  /** Resolves when the node is registered. */
  readonly registered: Promise<void>;
  /** Until the signal aborts; containers keep running. */
  run(signal: AbortSignal): Promise<void>;
}

/** Puts the parts of an agent together. Starts nothing. */
export async function createAgent(options: AgentOptions): Promise<Agent> {
  const { client, runtime, clock, random, logger, nodeName, dataDirectory } = options;
  await mkdir(dataDirectory, { recursive: true, mode: 0o700 });
  const machine = await readMachine();
  const hostIps = options.nodeIps ?? hostAddresses();
  const recorder = new QueuedEventRecorder({ client, clock, component: 'kubelet', host: nodeName });
  const registration = new NodeRegistration({
    ...options,
    machine,
    hostIps,
    kubeletVersion: `${kubernetesRelease}+wheelhouse`,
  });
  const node: NodeFacts = {
    name: nodeName,
    hostIps,
    get allocatable() {
      return registration.node?.status.allocatable ?? {};
    },
    get memoryBytes() {
      return registration.memoryBytes;
    },
    pidsLimit: options.podPidsLimit,
    seccompDirectory: join(dataDirectory, 'seccomp'),
    clusterDomain: options.clusterDomain,
  };
  const onError = (error: unknown, doing: string) => logger.error(`Cannot ${doing}`, error);
  const references = new ReferencedObjects({ client, clock, random, onError }, (uid) =>
    kubelet.configChanged(uid),
  );
  const tokens = new ServiceAccountTokens({ client, clock, onDue: (uid) => kubelet.configChanged(uid) });
  const sources = payloadSources(tokens, references, node);
  const volumes =
    options.volumes ??
    (runtime.name === 'simulated'
      ? simulatedVolumes
      : new VolumeManager({
          dataDirectory,
          mounter: systemMounter,
          plugins: volumePlugins(sources, systemMounter, clock),
        }));
  const { servers, domain } = { servers: options.clusterDns, domain: options.clusterDomain };
  const kubelet: Kubelet = new Kubelet({
    ...options,
    volumes,
    references,
    tokens,
    recorder,
    node,
    dns: servers.length === 0 ? undefined : { servers, domain },
    currentNode: () => registration.node,
  });
  let settle: () => void = () => {};
  const registered = new Promise<void>((resolve) => {
    settle = resolve;
  });
  return {
    sessions: new Sessions({
      runtime,
      clock,
      nodeName,
      pods: () => kubelet.workers.flatMap(({ pod }) => (pod === undefined ? [] : [pod])),
      pod: (uid) => kubelet.pod(uid),
      // Many simulated nodes share one machine, and none of them is it.
      machineUsage: runtime.name === 'simulated' ? undefined : readMachineUsage,
    }),
    kubelet,
    registered,
    async run(signal) {
      const recording = recorder.run(signal);
      try {
        const registeredNode = await registration.register(signal);
        settle();
        await Promise.all([
          kubelet.run(signal),
          registration.run(signal),
          renewLease({ client, clock, logger, node: registeredNode }, signal),
        ]);
      } catch (error) {
        if (!signal.aborted) throw error;
      }
      await recording;
    },
  };
}

/** What volumes are filled with. */
function payloadSources(
  tokens: ServiceAccountTokens,
  references: ReferencedObjects,
  node: NodeFacts,
): PayloadSources {
  return {
    configMap: (namespace, name) => references.configMap(namespace, name),
    secret: (namespace, name) => references.secret(namespace, name),
    downward(pod, { fieldRef, resourceFieldRef }) {
      const podIps = pod.status.podIPs?.map(({ ip }) => ip) ?? [];
      const context = { podIps, hostIps: node.hostIps, allocatable: node.allocatable };
      if (fieldRef !== undefined) return podField(pod, fieldRef.fieldPath, context);
      const [first] = pod.spec.containers;
      if (resourceFieldRef === undefined || first === undefined) return '';
      return resourceField(pod, first, resourceFieldRef, context);
    },
    token: (pod, audience, expirationSeconds) => tokens.tokenFor(pod, audience, expirationSeconds),
  };
}

/** Where a simulated runtime keeps what it remembers. */
export function simulatedStateFile(dataDirectory: string): string {
  return join(dataDirectory, 'simulated-pods.json');
}
