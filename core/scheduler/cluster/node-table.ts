import type { Node } from '../../api/generated/core-v1.ts';
import { amountOf, type Requests } from './requests.ts';

/** One resource of all nodes, by slot. CPU in thousandths, everything else in whole units. */
export interface ResourceColumn {
  readonly name: string;
  allocatable: Float64Array;
  requested: Float64Array;
}

const cpu = 0;
const memory = 1;

/**
 * The nodes' capacities and what is taken of them, as arrays by slot: a filter that looks at thousands of nodes
 * reads a few numbers of each and no object. A slot stays with its node's name until the node and its Pods are gone.
 */
export class NodeTable {
  /** The nodes' columns; CPU and memory are the first two. */
  readonly columns: ResourceColumn[] = [newColumn('cpu', 64), newColumn('memory', 64)];
  readonly #columnsByName = new Map(this.columns.map((column) => [column.name, column]));
  podLimit = new Int32Array(64);
  podCount = new Int32Array(64);
  /** What scoring counts as requested: see `Requests`. */
  scoredMilliCpu = new Float64Array(64);
  scoredMemoryBytes = new Float64Array(64);
  /** Moves with every change of the slot. Never the same for two states, even of two nodes. */
  generation = new Float64Array(64);
  /** Moves when the node object changes in a way that matters to scheduling. */
  nodeGeneration = new Float64Array(64);
  readonly #nodes: (Node | undefined)[] = [];
  readonly #slots = new Map<string, number>();
  readonly #names: string[] = [];
  readonly #free: number[] = [];
  #version = 1;
  #order: Int32Array | undefined;

  /** Moves with every change of any slot. */
  get version(): number {
    return this.#version;
  }

  get cpu(): ResourceColumn {
    return this.columns[cpu] as ResourceColumn;
  }

  get memory(): ResourceColumn {
    return this.columns[memory] as ResourceColumn;
  }

  get slotCount(): number {
    return this.#names.length;
  }

  column(resource: string): ResourceColumn {
    const known = this.#columnsByName.get(resource);
    if (known !== undefined) return known;
    const column = newColumn(resource, this.podLimit.length);
    this.columns.push(column);
    this.#columnsByName.set(resource, column);
    this.#nodes.forEach((node, slot) => fill(column, slot, node));
    return column;
  }

  /** Undefined while the node itself is not known, only Pods on it. */
  nodeAt(slot: number): Node | undefined {
    return this.#nodes[slot];
  }

  nameAt(slot: number): string {
    return this.#names[slot] ?? '';
  }

  slotOf(name: string): number | undefined {
    return this.#slots.get(name);
  }

  /**
   * The slots of all nodes, zones taken in turn, so that a search that stops early sees every zone (upstream:
   * node_tree.go).
   */
  get order(): Int32Array {
    this.#order ??= this.#interleaveZones();
    return this.#order;
  }

  /** Finds or makes the slot for the name. */
  reserveSlot(name: string): number {
    const known = this.#slots.get(name);
    if (known !== undefined) return known;
    const slot = this.#free.pop() ?? this.#names.length;
    if (slot >= this.podLimit.length) this.#grow();
    this.#slots.set(name, slot);
    this.#names[slot] = name;
    this.#nodes[slot] = undefined;
    this.touch(slot);
    return slot;
  }

  /** Gives the slot back; it must be empty. */
  releaseSlot(slot: number): void {
    this.#slots.delete(this.nameAt(slot));
    this.#nodes[slot] = undefined;
    this.#free.push(slot);
    this.touch(slot);
  }

  setNode(slot: number, node: Node | undefined): void {
    const previous = this.#nodes[slot];
    this.#nodes[slot] = node;
    if (previous === undefined || node === undefined || zoneOf(previous) !== zoneOf(node)) {
      this.#order = undefined;
    }
    this.podLimit[slot] = amountOf('pods', node?.status.allocatable?.['pods'] ?? '0');
    // A resource is given a column when a node first offers it.
    for (const name in node?.status.allocatable) if (name !== 'pods') this.column(name);
    for (const column of this.columns) fill(column, slot, node);
    this.touch(slot);
    this.nodeGeneration[slot] = this.#version;
  }

  /** Adds (`sign` 1) or takes off (-1) what one Pod asks for. */
  charge(slot: number, requests: Requests, sign: 1 | -1): void {
    const { names, amounts } = requests;
    for (let i = 0; i < names.length; i++) {
      const { requested } = this.column(names[i] as string);
      requested[slot] = (requested[slot] as number) + sign * (amounts[i] as number);
    }
    this.scoredMilliCpu[slot] = (this.scoredMilliCpu[slot] as number) + sign * requests.scoredMilliCpu;
    this.scoredMemoryBytes[slot] =
      (this.scoredMemoryBytes[slot] as number) + sign * requests.scoredMemoryBytes;
    this.podCount[slot] = (this.podCount[slot] as number) + sign;
    this.touch(slot);
  }

  touch(slot: number): void {
    this.#version++;
    this.generation[slot] = this.#version;
  }

  #interleaveZones(): Int32Array {
    const zones = new Map<string, number[]>();
    this.#nodes.forEach((node, slot) => {
      if (node === undefined) return;
      const zone = zoneOf(node);
      const slots = zones.get(zone);
      if (slots === undefined) zones.set(zone, [slot]);
      else slots.push(slot);
    });
    const order: number[] = [];
    const longest = Math.max(0, ...[...zones.values()].map((slots) => slots.length));
    for (let i = 0; i < longest; i++) {
      for (const slots of zones.values()) {
        const slot = slots[i];
        if (slot !== undefined) order.push(slot);
      }
    }
    return Int32Array.from(order);
  }

  #grow(): void {
    const size = this.podLimit.length * 2;
    this.podLimit = grownInts(this.podLimit, size);
    this.podCount = grownInts(this.podCount, size);
    this.scoredMilliCpu = grown(this.scoredMilliCpu, size);
    this.scoredMemoryBytes = grown(this.scoredMemoryBytes, size);
    this.generation = grown(this.generation, size);
    this.nodeGeneration = grown(this.nodeGeneration, size);
    for (const column of this.columns) {
      column.allocatable = grown(column.allocatable, size);
      column.requested = grown(column.requested, size);
    }
  }
}

/** Region and zone as one text; "" where a node has neither. */
function zoneOf(node: Node): string {
  const { labels } = node.metadata;
  const region = labels?.['topology.kubernetes.io/region'] ?? '';
  const zone = labels?.['topology.kubernetes.io/zone'] ?? '';
  return region === '' && zone === '' ? '' : `${region}/${zone}`;
}

function newColumn(name: string, size: number): ResourceColumn {
  return { name, allocatable: new Float64Array(size), requested: new Float64Array(size) };
}

function fill(column: ResourceColumn, slot: number, node: Node | undefined): void {
  const quantity = node?.status.allocatable?.[column.name];
  column.allocatable[slot] = quantity === undefined ? 0 : amountOf(column.name, quantity);
}

function grown(array: Float64Array, size: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(size);
  larger.set(array);
  return larger;
}

function grownInts(array: Int32Array, size: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(size);
  larger.set(array);
  return larger;
}
