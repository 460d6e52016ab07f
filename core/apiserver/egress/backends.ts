import { isNotFound, StatusError } from '../../api/errors.ts';
import type { Service } from '../../api/generated/core-v1.ts';
import type { EndpointSlice } from '../../api/generated/discovery-v1.ts';
import { endpointslices, services } from '../../api/generated/resources.ts';
import type { Lookup } from '../../admission/lookup.ts';
import type { ServicePort } from '../../admission/webhooks/endpoint.ts';

/** What a Service's port leads to. */
export type Backend = PodBackend | AddressBackend;

export interface PodBackend {
  readonly kind: 'pod';
  readonly namespace: string;
  readonly name: string;
  /** Of the Pod that was meant; another one may have its name by now. */
  readonly uid: string | undefined;
  readonly address: string;
  readonly port: number;
}

export interface AddressBackend {
  readonly kind: 'address';
  readonly address: string;
  readonly port: number;
}

/** Why there is nothing to reach. */
export class Unreachable extends StatusError {
  /** Under upstream's reasons (kube-aggregator: controllers/status/remote). */
  readonly why: string;
  /** What an APIService's condition says of it; the message is that of a call (apiserver: util/proxy). */
  readonly condition: string;

  constructor(why: string, condition: string, message: string, options?: ErrorOptions) {
    super('ServiceUnavailable', message, options);
    this.why = why;
    this.condition = condition;
  }
}

/** All that a Service leads to: of the cluster's network, only what the Service itself could reach. */
export async function backendsOf(
  lookup: Lookup,
  { namespace, name, port }: ServicePort,
  signal: AbortSignal,
): Promise<Backend[]> {
  const where = `service/${name} in ${JSON.stringify(namespace)}`;
  const quoted = JSON.stringify(name);
  let service: Service;
  try {
    service = await lookup.get(services, { namespace, name }, { signal });
  } catch (cause) {
    if (!isNotFound(cause)) throw cause;
    throw new Unreachable('ServiceNotFound', `${where} is not present`, `service ${quoted} not found`, {
      cause,
    });
  }
  const { type, externalName = '', ports = [] } = service.spec;
  if (type === 'ExternalName') return [{ kind: 'address', address: externalName, port }];
  const served = ports.find((each) => each.port === port);
  if (served === undefined)
    throw new Unreachable(
      'ServicePortError',
      `${where} is not listening on port ${port}`,
      `no service port ${port} found for service ${quoted}`,
    );
  const labelSelector = `kubernetes.io/service-name=${name}`;
  const { items } = await lookup.list(endpointslices, { namespace, labelSelector, signal });
  const none = `no endpoints available for service ${quoted}`;
  if (items.length === 0)
    throw new Unreachable(
      'EndpointsNotFound',
      `cannot find endpointslices for service/${name} in ${JSON.stringify(namespace)}`,
      none,
    );
  const portName = served.name ?? '';
  const found = items.flatMap((slice) => backendsIn(slice, portName, namespace));
  if (found.length > 0) return found;
  throw new Unreachable(
    'MissingEndpoints',
    `endpoints for service/${name} in ${JSON.stringify(namespace)} have no addresses with port name ${JSON.stringify(portName)}`,
    none,
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
      const [address = ''] = addresses;
      const { kind, name, uid, namespace: at } = targetRef ?? {};
      // Another namespace's Pods are not what this one's Services lead to.
      if (kind === 'Pod' && at === namespace && name !== undefined)
        return [{ kind: 'pod', namespace, name, uid, address, port }];
      return addresses.map((each) => ({ kind: 'address', address: each, port }));
    });
}
