import { invalid } from '../../api/errors.ts';
import type { Service } from '../../api/generated/core-v1.ts';
import { services } from '../../api/generated/resources.ts';
import type { Mutable } from '../../api/object.ts';
import { serviceKind } from '../../api/kinds/services.ts';
import { invalidValue } from '../../api/validation/field-errors.ts';
import { FieldPath } from '../../api/validation/field-path.ts';
import { randomBelow } from '../../machinery/random.ts';
import type { Random } from '../../machinery/random.ts';
import type { Registry } from '../registry.ts';
import type { Reservation, ReserveOptions } from '../reservation.ts';

const lowest = 30_000;
const highest = 32_767;
const span = highest - lowest + 1;

/**
 * Gives out the ports under which nodes offer Services. What is in use is read from the Services themselves; what
 * writes under way have taken is remembered here, so one server must do the writing (several race; the loser of
 * such a race keeps a port that is taken).
 */
export class NodePorts {
  readonly #registry: Registry;
  readonly #random: Random;
  readonly #underWay = new Map<string, string>();
  #turn: Promise<void> = Promise.resolve();

  constructor(registry: Registry, random: Random) {
    this.#registry = registry;
    this.#random = random;
  }

  async reserve(service: Mutable<Service>, { dryRun, signal }: ReserveOptions): Promise<Reservation> {
    const { spec, metadata } = service;
    const owner = `${metadata.namespace}/${metadata.name}`;
    if (!needsNodePorts(service)) {
      if (spec.type === 'ClusterIP') for (const port of spec.ports ?? []) delete port.nodePort;
      return { commit: () => {}, rollback: () => Promise.resolve() };
    }
    const taken = await this.#inTurn(async () => {
      // Whatever was taken before this turn is either still under way or in the list.
      const used = new Map(this.#underWay);
      const { items } = await this.#registry.storeFor(services).list(undefined, {}, signal);
      for (const { object } of items) {
        const other = object as Service;
        const name = `${other.metadata.namespace}/${other.metadata.name}`;
        if (name !== owner) for (const key of portsOf(other)) used.set(key, name);
      }
      const keys = this.#assign(service, used, owner);
      if (!dryRun) for (const key of keys) this.#underWay.set(key, owner);
      return keys;
    });
    const forget = () => {
      for (const key of taken) this.#underWay.delete(key);
    };
    return { commit: forget, rollback: async () => forget() };
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work);
    this.#turn = mine.then(
      () => undefined,
      () => undefined,
    );
    return mine;
  }

  #assign(service: Mutable<Service>, used: ReadonlyMap<string, string>, owner: string): readonly string[] {
    const taken: string[] = [];
    const isFree = (protocol: string, port: number) => {
      const key = `${protocol}/${port}`;
      return (used.get(key) ?? owner) === owner && !taken.includes(key);
    };
    (service.spec.ports ?? []).forEach((port, index) => {
      const { protocol = 'TCP', nodePort = 0 } = port;
      const path = FieldPath.spec.child('ports').index(index).child('nodePort');
      const refuse = (why: string) =>
        invalid(serviceKind, service.metadata.name ?? '', [invalidValue(path, nodePort, why)]);
      if (nodePort !== 0) {
        if (nodePort < lowest || nodePort > highest)
          throw refuse(
            `provided port is not in the valid range. The range of valid ports is ${lowest}-${highest}`,
          );
        if (!isFree(protocol, nodePort)) throw refuse('provided port is already allocated');
      } else {
        const start = randomBelow(this.#random, span);
        const offset = Array.from({ length: span }, (_, n) => (start + n) % span).find((n) =>
          isFree(protocol, lowest + n),
        );
        if (offset === undefined) throw refuse('failed to allocate a nodePort: range is full');
        port.nodePort = lowest + offset;
      }
      taken.push(`${protocol}/${port.nodePort}`);
    });
    return taken;
  }
}

function needsNodePorts({ spec }: Mutable<Service>): boolean {
  return (
    spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false)
  );
}

function portsOf({ spec }: Service): readonly string[] {
  return (spec.ports ?? [])
    .filter(({ nodePort = 0 }) => nodePort !== 0)
    .map(({ protocol = 'TCP', nodePort }) => `${protocol}/${nodePort}`);
}
