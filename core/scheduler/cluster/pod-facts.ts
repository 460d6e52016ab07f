import type { Container, Pod } from '../../api/generated/core-v1.ts';
import { keyOf } from '../../api/object.ts';
import { changingRequests, isRefused, requestsOf, type Requests } from './requests.ts';

export interface HostPort {
  readonly protocol: string;
  /** "0.0.0.0" for every address. */
  readonly hostIP: string;
  readonly hostPort: number;
}

/** What scheduling needs to know about a Pod, read from it once. */
export interface PodFacts {
  readonly pod: Pod;
  readonly uid: string;
  /** "namespace/name". */
  readonly key: string;
  readonly priority: number;
  /** Shared by all Pods that ask for the same of a node: see `PodFactsReader`. */
  readonly shape: PodShape;
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

  read(pod: Pod): PodFacts {
    const { uid = '' } = pod.metadata;
    return { pod, uid, key: keyOf(pod), priority: pod.spec.priority ?? 0, shape: this.#shapeOf(pod) };
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
