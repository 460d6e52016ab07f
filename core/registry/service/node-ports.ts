import { invalid } from '../../api/errors.ts';
import type { Service } from '../../api/generated/core-v1.ts';
import { services } from '../../api/generated/resources.ts';
import type { Mutable } from '../../api/object.ts';
import { serviceKind } from '../../api/kinds/services.ts';
import { invalidValue } from '../../api/validation/field-errors.ts';
import { FieldPath } from '../../api/validation/field-path.ts';
import type { Clock } from '../../machinery/clock.ts';
import { randomBelow } from '../../machinery/random.ts';
import type { Random } from '../../machinery/random.ts';
import type { Registry } from '../registry.ts';
import type { Reservation, ReserveOptions } from '../reservation.ts';
import { nodePortIndex, nodePortKey } from './strategy.ts';

const lowest = 30_000;
const highest = 32_767;
const span = highest - lowest + 1;
/** Longer than the store is waited for. */
const longestWriteMs = 30_000;

/**
 * Gives out the ports under which nodes offer Services. What is in use is read from an index of the Services; what
 * writes under way have taken is remembered here, so one server must do the writing (several race; the loser of
 * such a race keeps a port that is taken).
 */
export class NodePorts {
  readonly #registry: Registry;
  readonly #random: Random;
  readonly #clock: Clock;
  readonly #underWay = new Map<string, string>();
  #turn: Promise<void> = Promise.resolve();

  constructor(registry: Registry, random: Random, clock: Clock) {
    this.#registry = registry;
    this.#random = random;
    this.#clock = clock;
  }

  async reserve(service: Mutable<Service>, { dryRun, signal }: ReserveOptions): Promise<Reservation> {
    const { spec, metadata } = service;
    const owner = `${metadata.namespace}/${metadata.name}`;
    if (!needsNodePorts(service)) {
      if (spec.type === 'ClusterIP') for (const port of spec.ports ?? []) delete port.nodePort;
      return { commit: () => {}, leave: () => {}, rollback: () => Promise.resolve() };
    }
    const taken = await this.#inTurn(async () => {
      // Whatever was taken before this turn is either still under way or in the index.
      const underWay = new Map(this.#underWay);
      const store = this.#registry.storeFor(services);
      await store.waitUntil({ kind: 'latest' }, signal);
      const ownKey = store.keyOf(metadata.namespace, metadata.name ?? '');
      const keys = assign(service, this.#random, (key) => {
        if ((underWay.get(key) ?? owner) !== owner) return false;
        return store.cache.under({ name: nodePortIndex, value: key }).every((item) => item.key === ownKey);
      });
      if (!dryRun) for (const key of keys) this.#underWay.set(key, owner);
      return keys;
    });
    const forget = () => {
      for (const key of taken) this.#underWay.delete(key);
    };
    const leave = () => {
      this.#clock.after(longestWriteMs, forget);
    };
    return { commit: forget, leave, rollback: async () => forget() };
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work);
    this.#turn = mine.then(
      () => undefined,
      () => undefined,
    );
    return mine;
  }
}

/** Writes a port of the range into each that has none, and checks the others. Returns the keys of them all. */
function assign(
  service: Mutable<Service>,
  random: Random,
  isFree: (key: string) => boolean,
): readonly string[] {
  // Neither one of its own nor one of somebody else is asked for twice, however many ports the Service has.
  const tried = new Set<string>();
  const take = (key: string) => {
    if (tried.has(key)) return false;
    tried.add(key);
    return isFree(key);
  };
  return (service.spec.ports ?? []).map((port, index) => {
    const { protocol = 'TCP', nodePort = 0 } = port;
    const path = FieldPath.spec.child('ports').index(index).child('nodePort');
    const refuse = (why: string) =>
      invalid(serviceKind, service.metadata.name ?? '', [invalidValue(path, nodePort, why)]);
    if (nodePort !== 0) {
      if (nodePort < lowest || nodePort > highest)
        throw refuse(
          `provided port is not in the valid range. The range of valid ports is ${lowest}-${highest}`,
        );
      const key = nodePortKey(protocol, nodePort);
      if (!take(key)) throw refuse('provided port is already allocated');
      return key;
    }
    const start = randomBelow(random, span);
    for (let step = 0; step < span; step++) {
      const drawn = lowest + ((start + step) % span);
      const key = nodePortKey(protocol, drawn);
      if (!take(key)) continue;
      port.nodePort = drawn;
      return key;
    }
    throw refuse('failed to allocate a nodePort: range is full');
  });
}

function needsNodePorts({ spec }: Mutable<Service>): boolean {
  return (
    spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false)
  );
}
