import type { Container, Pod } from '../../api/generated/core-v1.ts';
import type { Handle } from '../../client/client.ts';
import { ParsedObject } from '../../client/encoded.ts';
import { changingRequests, isRefused, requestsOf, type Requests } from './requests.ts';

export interface HostPort {
  readonly protocol: string;
  /** "0.0.0.0" for every address. */
  readonly hostIP: string;
  readonly hostPort: number;
}

/**
 * What scheduling needs to know about a Pod, read from it once. There is one for every Pod on a node, so it holds what
 * is asked of all of them; what is asked of few is read from the Pod again.
 */
export class PodFacts {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>> | undefined;
  readonly priority: number;
  readonly isTerminating: boolean;
  /** When it began to run, or else was made, in seconds since the epoch; 0 where that is not known. */
  readonly startSeconds: number;
  /** Where room was made for it; "" for most. */
  readonly nominatedNodeName: string;
  /** Shared by all Pods that ask for the same of a node: see `PodFactsReader`. */
  readonly shape: PodShape;
  readonly #handle: Handle<Pod>;

  constructor({ metadata, spec, status }: Pod, handle: Handle<Pod>, shape: PodShape) {
    this.uid = metadata.uid ?? '';
    this.namespace = metadata.namespace ?? '';
    this.name = metadata.name ?? '';
    this.labels = handle.labels ?? metadata.labels;
    this.priority = spec.priority ?? 0;
    this.isTerminating = metadata.deletionTimestamp !== undefined;
    this.startSeconds = Date.parse(status.startTime ?? metadata.creationTimestamp ?? '') / 1_000 || 0;
    this.nominatedNodeName = status.nominatedNodeName ?? '';
    this.shape = shape;
    this.#handle = handle;
  }

  /** "namespace/name". */
  get key(): string {
    return `${this.namespace}/${this.name}`;
  }

  get resourceVersion(): string {
    return this.#handle.resourceVersion;
  }

  /** The Pod that these are the facts of; it may have to be parsed. */
  get pod(): Pod {
    return this.#handle.object;
  }
}

/** What is the same for all Pods of one template. Compared by identity. */
export interface PodShape {
  readonly requests: Requests;
  readonly hostPorts: readonly HostPort[];
  /** Refers to other Pods: affinity, anti-affinity or spreading. */
  readonly minds: boolean;
  /** Has affinity or anti-affinity to other Pods, so that other Pods must mind it. */
  readonly isMinded: boolean;
}

/** More templates than this at a time are read twice: it costs little. */
const maxShapes = 4096;

/** Reads Pods, and lets those of one template share what is derived from it. */
export class PodFactsReader {
  readonly #shapes = new Map<string, PodShape>();

  /** `handle` is the Pod's; without, the Pod itself is kept. */
  read(pod: Pod, handle: Handle<Pod> = new ParsedObject(pod)): PodFacts {
    return new PodFacts(pod, handle, this.#shapeOf(pod));
  }

  #shapeOf(pod: Pod): PodShape {
    const { containers, initContainers, overhead, resources, affinity, topologySpreadConstraints } = pod.spec;
    const minded = affinity?.podAffinity !== undefined || affinity?.podAntiAffinity !== undefined;
    const changing = changingRequests(pod);
    const key = JSON.stringify([
      containers.map(demandsOf),
      initContainers?.map(demandsOf),
      overhead,
      resources,
      minded,
      topologySpreadConstraints?.length,
      changing === undefined ? undefined : [...changing, isRefused(pod)],
    ]);
    const known = this.#shapes.get(key);
    if (known !== undefined) return known;
    const shape: PodShape = {
      requests: requestsOf(pod),
      hostPorts: containers.flatMap((container) => hostPortsOf(container)),
      minds: minded || (topologySpreadConstraints ?? []).length > 0,
      isMinded: minded,
    };
    if (this.#shapes.size >= maxShapes) this.#shapes.clear();
    this.#shapes.set(key, shape);
    return shape;
  }
}

function demandsOf({ resources, ports, restartPolicy }: Container): unknown {
  const hostPorts = ports?.filter(({ hostPort }) => hostPort !== undefined && hostPort > 0);
  return [resources?.requests, hostPorts?.length === 0 ? undefined : hostPorts, restartPolicy];
}

function hostPortsOf({ ports = [] }: Container): readonly HostPort[] {
  return ports.flatMap(({ protocol = 'TCP', hostIP, hostPort }) =>
    hostPort === undefined || hostPort === 0 ? [] : [{ protocol, hostIP: hostIP || '0.0.0.0', hostPort }],
  );
}
