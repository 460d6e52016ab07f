import type {
  Affinity,
  Container,
  Pod,
  PodCondition,
  PodSpec,
  PodStatus,
  Toleration,
  TopologySpreadConstraint,
} from '../../core/api/generated/core-v1.ts';
import { builtAtMs, newMetadata, ObjectBuilder, timestamp } from './object.ts';

type Quantities = Readonly<Record<string, string>>;
type Condition = Pick<PodCondition, 'reason' | 'message'> & { readonly sinceMs?: number };

export class PodBuilder extends ObjectBuilder<Pod> {
  static create(): PodBuilder {
    return new PodBuilder({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: newMetadata('Pod', 'web', 'default'),
      spec: { containers: [{ name: 'main', image: 'main:1' }] },
      status: { phase: 'Pending' },
    });
  }

  protected with(object: Pod): this {
    return new PodBuilder(object) as this;
  }

  withSpec(spec: Partial<PodSpec>): this {
    return this.with({ ...this.object, spec: { ...this.object.spec, ...spec } });
  }

  withStatus(status: PodStatus): this {
    return this.with({ ...this.object, status: { ...this.object.status, ...status } });
  }

  /** Requests of the first container. */
  requesting(requests: Quantities): this {
    return this.#withMain({ resources: { ...this.#main().resources, requests } });
  }

  limitedTo(limits: Quantities): this {
    return this.#withMain({ resources: { ...this.#main().resources, limits } });
  }

  running(image: string, ...command: readonly string[]): this {
    return this.#withMain({ image, ...(command.length === 0 ? {} : { command }) });
  }

  withContainer(container: Container): this {
    return this.withSpec({ containers: [...this.object.spec.containers, container] });
  }

  withInitContainer(container: Container): this {
    return this.withSpec({ initContainers: [...(this.object.spec.initContainers ?? []), container] });
  }

  exposingHostPort(hostPort: number, more: { hostIP?: string; protocol?: 'TCP' | 'UDP' } = {}): this {
    const ports = this.#main().ports ?? [];
    return this.#withMain({ ports: [...ports, { containerPort: hostPort, hostPort, ...more }] });
  }

  onNode(nodeName: string): this {
    return this.withSpec({ nodeName });
  }

  selectingNodes(nodeSelector: Readonly<Record<string, string>>): this {
    return this.withSpec({ nodeSelector });
  }

  withAffinity(affinity: Affinity): this {
    return this.withSpec({ affinity });
  }

  tolerating(...tolerations: readonly Toleration[]): this {
    return this.withSpec({ tolerations: [...(this.object.spec.tolerations ?? []), ...tolerations] });
  }

  spreadOver(...constraints: readonly TopologySpreadConstraint[]): this {
    return this.withSpec({ topologySpreadConstraints: constraints });
  }

  withPriority(priority: number): this {
    return this.withSpec({ priority });
  }

  inPhase(phase: NonNullable<PodStatus['phase']>): this {
    return this.withStatus({ phase });
  }

  /** Running and Ready since `sinceMs`. */
  ready(sinceMs = builtAtMs): this {
    return this.inPhase('Running').withCondition('Ready', 'True', { sinceMs });
  }

  notReady(): this {
    return this.inPhase('Running').withCondition('Ready', 'False');
  }

  withCondition(type: string, status: 'True' | 'False' | 'Unknown', more: Condition = {}): this {
    const { sinceMs = builtAtMs, ...rest } = more;
    const others = (this.object.status.conditions ?? []).filter((condition) => condition.type !== type);
    const condition = { type, status, lastTransitionTime: timestamp(sinceMs), ...rest };
    return this.withStatus({ conditions: [...others, condition] });
  }

  restarted(times: number): this {
    const { name, image = '' } = this.#main();
    const ready = this.object.status.conditions?.some(
      ({ type, status }) => type === 'Ready' && status === 'True',
    );
    const status = { name, image, imageID: '', ready: ready ?? false, restartCount: times };
    return this.withStatus({ containerStatuses: [status] });
  }

  #main(): Container {
    return this.object.spec.containers[0] as Container;
  }

  #withMain(change: Partial<Container>): this {
    const [main, ...others] = this.object.spec.containers;
    return this.withSpec({ containers: [{ ...(main as Container), ...change }, ...others] });
  }
}

/** A Pod "default/web" with one container and no requests, unless said otherwise. */
export function pod(): PodBuilder {
  return PodBuilder.create();
}
