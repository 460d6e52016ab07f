import { invalid, isAlreadyExists, isNotFound } from '../../api/errors.ts';
import type { FieldError } from '../../api/errors.ts';
import type { Service } from '../../api/generated/core-v1.ts';
import type { IPAddress, ServiceCIDR } from '../../api/generated/networking-v1.ts';
import { ipaddresses, servicecidrs, services } from '../../api/generated/resources.ts';
import type { KubernetesObject, Mutable } from '../../api/object.ts';
import { serviceKind } from '../../api/kinds/services.ts';
import { invalidValue } from '../../api/validation/field-errors.ts';
import { FieldPath } from '../../api/validation/field-path.ts';
import { canonicalIp, cidrContains, ipFamilyOf, numberToIp, parseCidr } from '../../machinery/ip.ts';
import type { Cidr, IpFamily } from '../../machinery/ip.ts';
import type { Clock } from '../../machinery/clock.ts';
import { randomBelow } from '../../machinery/random.ts';
import type { Random } from '../../machinery/random.ts';
import type { Registry } from '../registry.ts';
import type { Reservation, Reserver, ReserveOptions } from '../reservation.ts';
import { NodePorts } from './node-ports.ts';

const clusterIps = FieldPath.spec.child('clusterIPs');
/** Random draws before the range is searched from its start. */
const maxDraws = 32;
const nothing: Reservation = { commit: () => {}, leave: () => {}, rollback: () => Promise.resolve() };

/** The label that tells whose an address is (KEP-1880). */
const managedByLabel = 'ipaddress.kubernetes.io/managed-by';
const managedByValue = 'ipallocator.k8s.io';
const familyLabel = 'ipaddress.kubernetes.io/ip-family';

/**
 * Gives Services their addresses and node ports (pkg/registry/core/service/storage/alloc.go). An address is taken by
 * creating its IPAddress, whose name only one can have, so several servers never give out the same (KEP-1880).
 */
export class ServiceAddresses implements Reserver {
  readonly #registry: Registry;
  readonly #random: Random;
  readonly #ports: NodePorts;

  constructor(registry: Registry, random: Random, clock: Clock) {
    this.#registry = registry;
    this.#random = random;
    this.#ports = new NodePorts(registry, random, clock);
  }

  async reserve(
    object: Mutable<KubernetesObject>,
    old: KubernetesObject | undefined,
    options: ReserveOptions,
  ): Promise<Reservation> {
    const service = object as Mutable<Service>;
    const before = old as Service | undefined;
    if (service.spec.type === 'ExternalName') {
      dropAddresses(service);
      return nothing;
    }
    const cidrs = await this.#cidrs(options.signal);
    setFamilies(service, before, cidrs);
    const addresses = await this.#takeAddresses(service, before, cidrs, options);
    try {
      const ports = await this.#ports.reserve(service, options);
      return {
        commit: () => ports.commit(),
        // A controller finds the addresses that belong to none.
        leave: () => ports.leave(),
        rollback: async () => {
          await Promise.all([ports.rollback(), this.#release(addresses)]);
        },
      };
    } catch (error) {
      await this.#release(addresses);
      throw error;
    }
  }

  async #takeAddresses(
    service: Mutable<Service>,
    old: Service | undefined,
    cidrs: readonly Cidr[],
    { dryRun, signal }: ReserveOptions,
  ): Promise<readonly string[]> {
    const { spec } = service;
    if (spec.clusterIP === 'None') {
      spec.clusterIPs = ['None'];
      return [];
    }
    const given = spec.clusterIPs ?? [];
    const kept = new Set(old?.spec.clusterIPs);
    const taken: string[] = [];
    const addresses: string[] = [];
    try {
      for (const [index, family] of (spec.ipFamilies ?? []).entries()) {
        const wanted = given[index];
        if (wanted !== undefined && kept.has(wanted)) {
          addresses.push(wanted);
          continue;
        }
        const range = cidrs.find((cidr) => cidr.family === family);
        if (range === undefined)
          throw refusal(service, invalidValue(clusterIps, given, `there is no range of ${family} addresses`));
        const address =
          wanted === undefined
            ? await this.#draw(service, range, dryRun, signal)
            : await this.#takeGiven(service, wanted, cidrs, dryRun, signal);
        taken.push(address);
        addresses.push(address);
      }
    } catch (error) {
      if (!dryRun) await this.#release(taken);
      throw error;
    }
    spec.clusterIPs = addresses;
    if (addresses[0] !== undefined) spec.clusterIP = addresses[0];
    return dryRun ? [] : taken;
  }

  async #takeGiven(
    service: Mutable<Service>,
    wanted: string,
    cidrs: readonly Cidr[],
    dryRun: boolean,
    signal: AbortSignal | undefined,
  ): Promise<string> {
    const address = canonicalIp(wanted);
    const refuse = (why: string) =>
      refusal(
        service,
        invalidValue(clusterIps, service.spec.clusterIPs, `failed to allocate IP ${wanted}: ${why}`),
      );
    if (!cidrs.some((cidr) => cidrContains(cidr, address)))
      throw refuse('the provided IP is not in the valid range');
    if (!(await this.#take(service, address, dryRun, signal)))
      throw refuse('provided IP is already allocated');
    return address;
  }

  /** The upper part of the range first: people choose from the lower (KEP-3070). */
  async #draw(
    service: Mutable<Service>,
    range: Cidr,
    dryRun: boolean,
    signal: AbortSignal | undefined,
  ): Promise<string> {
    // Neither the network's own address nor, for IPv4, the broadcast one.
    const last = range.size - (range.family === 'IPv4' ? 2n : 1n);
    const reserved = minimum(maximum(range.size / 16n, 16n), 256n);
    const low = reserved < last ? reserved : 0n;
    const span = Number(minimum(last - low, 0x7fff_ffffn));
    for (let draw = 0; draw < maxDraws; draw++) {
      const offset = low + 1n + BigInt(randomBelow(this.#random, span));
      const address = numberToIp(range.first + offset, range.family);
      if (await this.#take(service, address, dryRun, signal)) return address;
    }
    const used = await this.#used(signal);
    for (let offset = 1n; offset <= last; offset++) {
      const address = numberToIp(range.first + offset, range.family);
      if (!used.has(address) && (await this.#take(service, address, dryRun, signal))) return address;
    }
    throw refusal(service, invalidValue(clusterIps, [], 'failed to allocate a serviceIP: range is full'));
  }

  /** False when somebody else has it. */
  async #take(
    { metadata }: Mutable<Service>,
    address: string,
    dryRun: boolean,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const store = this.#storeOf(ipaddresses);
    const object: Mutable<IPAddress> = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IPAddress',
      metadata: {
        name: address,
        labels: { [managedByLabel]: managedByValue, [familyLabel]: ipFamilyOf(address) ?? '' },
      },
      spec: {
        parentRef: {
          group: '',
          resource: 'services',
          name: metadata.name ?? '',
          namespace: metadata.namespace ?? '',
        },
      },
    };
    try {
      await store.create(object, { dryRun, signal });
      return true;
    } catch (error) {
      if (isAlreadyExists(error)) return false;
      throw error;
    }
  }

  async #release(addresses: readonly string[]): Promise<void> {
    const store = this.#storeOf(ipaddresses);
    for (const address of addresses) {
      await store.delete(undefined, address).catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
    }
  }

  async #used(signal: AbortSignal | undefined): Promise<ReadonlySet<string>> {
    const { items } = await this.#storeOf(ipaddresses).list(undefined, {}, signal);
    return new Set(items.map(({ object }) => object.metadata.name ?? ''));
  }

  /** The ranges in force, the cluster's own first. */
  async #cidrs(signal: AbortSignal | undefined): Promise<readonly Cidr[]> {
    const { items } = await this.#storeOf(servicecidrs).list(undefined, {}, signal);
    return items
      .map(({ object }) => object as ServiceCIDR)
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .toSorted((a, b) => rank(a) - rank(b))
      .flatMap(({ spec }) => spec.cidrs ?? [])
      .map((text) => parseCidr(text))
      .filter((cidr) => cidr !== undefined);
  }

  #storeOf(resource: { readonly group: string; readonly plural: string }) {
    return this.#registry.storeFor(resource);
  }
}

/** The range every cluster has. */
export const defaultServiceCidr = 'kubernetes';

function rank({ metadata }: ServiceCIDR): number {
  return metadata.name === defaultServiceCidr ? 0 : 1;
}

function dropAddresses({ spec }: Mutable<Service>): void {
  delete spec.clusterIP;
  delete spec.clusterIPs;
  delete spec.ipFamilies;
  delete spec.ipFamilyPolicy;
}

/** Which families a Service has, from what was asked for and what the cluster has (initIPFamilyFields). */
function setFamilies(service: Mutable<Service>, old: Service | undefined, cidrs: readonly Cidr[]): void {
  const { spec } = service;
  const available = [...new Set(cidrs.map(({ family }) => family))];
  const fromAddresses = (spec.clusterIPs ?? [])
    .map((address) => ipFamilyOf(address))
    .filter((family) => family !== undefined);
  const asked = (spec.ipFamilies ?? fromAddresses) as IpFamily[];
  const selectorless = Object.keys(spec.selector ?? {}).length === 0;
  if (spec.ipFamilyPolicy === undefined) {
    const dual = asked.length === 2 || fromAddresses.length === 2;
    // A headless Service without a selector may be given addresses of any family.
    const open = spec.clusterIP === 'None' && selectorless && asked.length === 0;
    spec.ipFamilyPolicy = dual || (open && available.length === 2) ? 'RequireDualStack' : 'SingleStack';
  }
  const first =
    asked[0] ??
    fromAddresses[0] ??
    (old?.spec.ipFamilies?.[0] as IpFamily | undefined) ??
    available[0] ??
    'IPv4';
  const families = new Set<IpFamily>([first, ...asked]);
  if (spec.ipFamilyPolicy !== 'SingleStack') for (const family of available) families.add(family);
  const wanted = spec.ipFamilyPolicy === 'SingleStack' ? [first] : [...families];
  const missing = wanted.find((family) => !available.includes(family));
  if (missing !== undefined)
    throw refusal(
      service,
      invalidValue(
        FieldPath.spec.child('ipFamilies').index(wanted.indexOf(missing)),
        missing,
        'not configured on this cluster',
      ),
    );
  if (spec.ipFamilyPolicy === 'RequireDualStack' && wanted.length < 2)
    throw refusal(
      service,
      invalidValue(
        FieldPath.spec.child('ipFamilyPolicy'),
        'RequireDualStack',
        'this cluster is not configured for dual-stack services',
      ),
    );
  spec.ipFamilies = wanted;
}

function refusal({ metadata }: Mutable<Service>, error: FieldError): Error {
  return invalid(serviceKind, metadata.name ?? '', [error]);
}

function minimum(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function maximum(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

export const servicesKey = `${services.group}/${services.plural}`;
