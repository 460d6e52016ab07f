import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { StatusError } from '../../api/errors.ts';
import type { ServiceReference } from '../../api/generated/apiregistration-v1.ts';
import type { Service } from '../../api/generated/core-v1.ts';
import type { EndpointSlice } from '../../api/generated/discovery-v1.ts';
import { endpointslices, services } from '../../api/generated/resources.ts';
import type { Lookup } from '../../admission/lookup.ts';
import { randomFraction } from '../../machinery/random.ts';
import type { Random } from '../../machinery/random.ts';

/** What a Service's port leads to. */
export type Backend =
  | { readonly kind: 'pod'; readonly namespace: string; readonly name: string; readonly port: number }
  | { readonly kind: 'address'; readonly host: string; readonly port: number };

/** Why there is nothing to reach, under upstream's reasons (controllers/status/remote). */
export class Unreachable extends StatusError {
  readonly why: string;

  constructor(why: string, message: string, options?: ErrorOptions) {
    super('ServiceUnavailable', message, options);
    this.why = why;
  }
}

/** A connection to a Pod, through the agent of its node. */
export type DialPod = (pod: Extract<Backend, { kind: 'pod' }>, signal: AbortSignal) => Promise<Duplex>;

/** All that a Service leads to: of the cluster's network, only what the Service itself could reach. */
export async function backendsOf(
  client: Lookup,
  of: ServiceReference,
  signal: AbortSignal,
): Promise<Backend[]> {
  const { namespace = '', name = '', port = 443 } = of;
  const where = `service/${name} in ${JSON.stringify(namespace)}`;
  let service: Service;
  try {
    service = await client.get(services, { namespace, name }, { signal });
  } catch (cause) {
    signal.throwIfAborted();
    throw new Unreachable('ServiceNotFound', `${where} is not present`, { cause });
  }
  const { type, externalName = '', ports = [] } = service.spec;
  if (type === 'ExternalName') return [{ kind: 'address', host: externalName, port }];
  const served = ports.find((each) => each.port === port);
  if (served === undefined)
    throw new Unreachable('ServicePortError', `${where} is not listening on port ${port}`);
  const labelSelector = `kubernetes.io/service-name=${name}`;
  const { items } = await client.list(endpointslices, { namespace, labelSelector, signal });
  if (items.length === 0)
    throw new Unreachable(
      'EndpointsNotFound',
      `cannot find endpointslices for service/${name} in ${JSON.stringify(namespace)}`,
    );
  const portName = served.name ?? '';
  const found = items.flatMap((slice) => backendsIn(slice, portName, namespace));
  if (found.length > 0) return found;
  throw new Unreachable(
    'MissingEndpoints',
    `endpoints for service/${name} in ${JSON.stringify(namespace)} have no addresses with port name ${JSON.stringify(portName)}`,
  );
}

function backendsIn(
  { endpoints = [], ports = [] }: EndpointSlice,
  portName: string,
  namespace: string,
): Backend[] {
  const port = ports.find(({ name = '' }) => name === portName)?.port;
  if (port === undefined) return [];
  return endpoints
    .filter(({ conditions }) => conditions?.ready !== false)
    .flatMap(({ targetRef, addresses }): Backend[] => {
      if (targetRef?.kind === 'Pod' && targetRef.namespace === namespace && targetRef.name !== undefined)
        return [{ kind: 'pod', namespace, name: targetRef.name, port }];
      return addresses.map((host) => ({ kind: 'address', host, port }));
    });
}

/** Any of them: no two requests have to reach the same. */
export function pick(backends: readonly Backend[], random: Random): Backend | undefined {
  return backends[Math.floor(randomFraction(random) * backends.length)];
}

export function dialAddress(host: string, port: number, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, signal, noDelay: true });
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
    socket.once('error', reject);
  });
}
