import type { Node, NodeSpec, NodeStatus, Taint } from '../../core/api/generated/core-v1.ts';
import { builtAtMs, newMetadata, ObjectBuilder, timestamp } from './object.ts';

type Quantities = Readonly<Record<string, string>>;

export class NodeBuilder extends ObjectBuilder<Node> {
  static create(): NodeBuilder {
    return new NodeBuilder({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: newMetadata('Node', 'a'),
      spec: {},
      status: {},
    })
      .withRoomFor({ cpu: '4', memory: '32Gi', pods: '110' })
      .ready();
  }

  protected with(object: Node): this {
    return new NodeBuilder(object) as this;
  }

  override named(name: string): this {
    return super.named(name).labelled({ 'kubernetes.io/hostname': name });
  }

  withSpec(spec: NodeSpec): this {
    return this.with({ ...this.object, spec: { ...this.object.spec, ...spec } });
  }

  withStatus(status: NodeStatus): this {
    return this.with({ ...this.object, status: { ...this.object.status, ...status } });
  }

  /** Capacity and allocatable, on top of what was given before. */
  withRoomFor(quantities: Quantities): this {
    const capacity = { ...this.object.status.capacity, ...quantities };
    return this.withStatus({ capacity, allocatable: capacity });
  }

  tainted(key: string, effect: Taint['effect'], value?: string): this {
    const taint = { key, effect, ...(value === undefined ? {} : { value }) };
    return this.withSpec({ taints: [...(this.object.spec.taints ?? []), taint] });
  }

  cordoned(): this {
    return this.withSpec({ unschedulable: true });
  }

  inZone(zone: string): this {
    return this.labelled({ 'topology.kubernetes.io/zone': zone });
  }

  ready(sinceMs = builtAtMs): this {
    return this.withCondition('Ready', 'True', sinceMs);
  }

  notReady(sinceMs = builtAtMs): this {
    return this.withCondition('Ready', 'False', sinceMs);
  }

  withCondition(type: string, status: 'True' | 'False' | 'Unknown', sinceMs = builtAtMs): this {
    const others = (this.object.status.conditions ?? []).filter((condition) => condition.type !== type);
    const at = timestamp(sinceMs);
    const condition = { type, status, lastHeartbeatTime: at, lastTransitionTime: at };
    return this.withStatus({ conditions: [...others, condition] });
  }
}

/** A Ready node "a" with 4 CPU, 32 GiB and room for 110 Pods, unless said otherwise. */
export function node(): NodeBuilder {
  return NodeBuilder.create();
}
