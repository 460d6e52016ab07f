import type { Pod } from '../../core/api/generated/core-v1.ts';
import type { Client } from '../../core/client/client.ts';
import type { EventRecorder } from '../../core/client/events.ts';
import type { Clock } from '../../core/machinery/clock.ts';
import type { Logger } from '../../core/machinery/logger.ts';
import type { ProbeManager } from '../probes/probe-manager.ts';
import type { ContainerRuntime } from '../runtime/runtime.ts';
import type { PodVolumes } from '../volumes/volumes.ts';
import type { ContainerStarter } from './container-starter.ts';
import type { ContainerStopper } from './container-stopper.ts';
import type { ImageManager } from './image-manager.ts';
import type { NodeFacts } from './node-facts.ts';
import type { ClusterDns } from './pod-network.ts';
import type { PodFiles } from './pod-files.ts';
import type { PendingResize } from './resize.ts';
import type { ReferencedObjects } from './referenced-objects.ts';
import type { ServiceAccountTokens } from './service-account-tokens.ts';
import type { StatusManager } from './status-manager.ts';

/** Why a node does not take a Pod. */
export interface Rejection {
  readonly reason: string;
  readonly message: string;
}

/** What all Pod workers of an agent share. */
export interface PodContext {
  readonly client: Pick<Client, 'delete'>;
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly recorder: EventRecorder;
  readonly statuses: StatusManager;
  readonly starter: ContainerStarter;
  readonly stopper: ContainerStopper;
  readonly images: ImageManager;
  readonly volumes: PodVolumes;
  readonly files: PodFiles;
  readonly probes: ProbeManager;
  readonly references: ReferencedObjects;
  readonly tokens: ServiceAccountTokens;
  readonly node: NodeFacts;
  readonly dns: ClusterDns | undefined;
  /** Undefined: welcome. Asked once per Pod, before anything is started. */
  readonly admit: (pod: Pod) => Rejection | undefined;
  /** Whether the node has what the Pod now asks for; undefined: it has. */
  readonly admitResize: (pod: Pod) => PendingResize | undefined;
  /** A Pod has given something back, which others may wait for. */
  readonly onRoom: () => void;
}
