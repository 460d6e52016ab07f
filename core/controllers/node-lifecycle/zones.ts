import type { Node } from '../../api/generated/core-v1.ts';
import { readinessOf } from './node-taints.ts';

type ZoneState = 'normal' | 'partial-disruption' | 'full-disruption';

/** Nodes marked for eviction a second (upstream's defaults). */
const normalPerSecond = 0.1;
const disruptedPerSecond = 0.01;
/** A zone of no more nodes than this stops evictions when disrupted. */
const largeZoneNodes = 50;
const disruptedShare = 0.55;

interface Zone {
  readonly ready: Map<string, boolean>;
  /** When the next node may be marked, in monotonic milliseconds. */
  nextMs: number;
}

/**
 * How fast nodes may be given up, zone by zone. Where most nodes vanish at once, it is rather the network or the
 * control plane that failed than they: then few Pods are evicted, or none (upstream: node_lifecycle_controller.go).
 */
export class Zones {
  readonly #zones = new Map<string, Zone>();
  readonly #zoneOf = new Map<string, string>();

  set(node: Node): void {
    const { name = '' } = node.metadata;
    const key = zoneOf(node);
    if (this.#zoneOf.get(name) !== key) this.delete(name);
    this.#zoneOf.set(name, key);
    const zone = this.#zones.get(key) ?? { ready: new Map<string, boolean>(), nextMs: 0 };
    this.#zones.set(key, zone);
    zone.ready.set(name, readinessOf(node) === 'True');
  }

  delete(name: string): void {
    const key = this.#zoneOf.get(name);
    if (key === undefined) return;
    this.#zoneOf.delete(name);
    const zone = this.#zones.get(key);
    zone?.ready.delete(name);
    if (zone?.ready.size === 0) this.#zones.delete(key);
  }

  /** No node of any zone is ready: nothing can be concluded about any of them. */
  get allDisrupted(): boolean {
    if (this.#zones.size === 0) return false;
    for (const zone of this.#zones.values()) if (stateOf(zone) !== 'full-disruption') return false;
    return true;
  }

  /**
   * Takes the turn of the node's zone to mark one node for eviction. 0: go ahead; otherwise the milliseconds to wait
   * before asking again; undefined: not while things are as they are.
   */
  takeTurn(name: string, nowMs: number): number | undefined {
    const zone = this.#zones.get(this.#zoneOf.get(name) ?? '');
    if (zone === undefined) return 0;
    const perSecond = this.allDisrupted ? 0 : rateOf(zone);
    if (perSecond === 0) return undefined;
    if (nowMs < zone.nextMs) return zone.nextMs - nowMs;
    zone.nextMs = nowMs + 1000 / perSecond;
    return 0;
  }
}

function stateOf({ ready }: Zone): ZoneState {
  let lost = 0;
  for (const isReady of ready.values()) if (!isReady) lost++;
  if (lost > 0 && lost === ready.size) return 'full-disruption';
  return lost > 2 && lost / ready.size >= disruptedShare ? 'partial-disruption' : 'normal';
}

function rateOf(zone: Zone): number {
  if (stateOf(zone) !== 'partial-disruption') return normalPerSecond;
  return zone.ready.size > largeZoneNodes ? disruptedPerSecond : 0;
}

function zoneOf({ metadata: { labels } }: Node): string {
  const region = labels?.['topology.kubernetes.io/region'] ?? '';
  const zone = labels?.['topology.kubernetes.io/zone'] ?? '';
  return `${region}/${zone}`;
}
