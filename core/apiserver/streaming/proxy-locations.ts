import { badRequest, StatusError } from '../../api/errors.ts';
import type { ResourceLabel } from '../../api/errors.ts';
import type { Pod, Service } from '../../api/generated/core-v1.ts';
import type { EndpointSlice } from '../../api/generated/discovery-v1.ts';
import { endpointslices, nodes, pods, services } from '../../api/generated/resources.ts';
import type { SessionOpenInit } from '../../api/generated/wheelhouse.ts';
import type { CollectionTarget, Verbs } from '../../api/verbs.ts';
import { randomFraction } from '../../machinery/random.ts';
import type { Random } from '../../machinery/random.ts';
import { nodeOf, requireRunning } from './container-choice.ts';

/** What a request is handed on to. */
export interface ProxyDestination {
  readonly resource: 'pods' | 'services' | 'nodes';
  readonly namespace: string | undefined;
  readonly name: string;
  /** As the client wrote it; "" for none. A Service's may be a name. */
  readonly port: string;
}

/** The session that leads there. */
export interface ProxyLocation {
  readonly node: string;
  readonly open: SessionOpenInit;
  /** Begins messages. */
  readonly doing: string;
}

type Reader = Pick<Verbs, 'get' | 'list'>;

/** Where a kubelet answers (upstream: ports.KubeletPort). */
const kubeletPort = '10250';

/** Finds the Pod or node behind a destination. Messages are upstream's (registry/core/{pod,service,node}). */
export async function locate(
  { verbs, random }: { readonly verbs: Reader; readonly random: Random },
  destination: ProxyDestination,
  signal: AbortSignal | undefined,
): Promise<ProxyLocation> {
  switch (destination.resource) {
    case 'pods':
      return podLocation(verbs, destination, signal);
    case 'services':
      return serviceLocation(verbs, random, destination, signal);
    case 'nodes':
      return nodeLocation(verbs, destination, signal);
  }
}

async function podLocation(
  verbs: Reader,
  { namespace, name, port }: ProxyDestination,
  signal: AbortSignal | undefined,
): Promise<ProxyLocation> {
  const pod = await getPod(verbs, namespace, name, signal);
  requireRunning(pod);
  const [first] = pod.spec.containers.flatMap(({ ports = [] }) => ports);
  return toPod(pod, port === '' ? (first?.containerPort ?? 80) : portNumber('pod', name, port));
}

/** One of the Pods behind a Service, any of them: no two requests have to reach the same. */
async function serviceLocation(
  verbs: Reader,
  random: Random,
  { namespace, name, port }: ProxyDestination,
  signal: AbortSignal | undefined,
): Promise<ProxyLocation> {
  const call = { signal };
  const service = (await verbs.get(call, { ...target(services, namespace), name })).object as Service;
  const portName = servicePortName(service, port);
  const ofService = { labelSelector: `kubernetes.io/service-name=${name}` };
  const slices = await verbs.list(call, target(endpointslices, namespace), ofService);
  const candidates = slices.items.flatMap(({ object }) =>
    podsBehind(object as EndpointSlice, portName, namespace),
  );
  const chosen = candidates[Math.floor(randomFraction(random) * candidates.length)];
  if (chosen === undefined)
    throw new StatusError('ServiceUnavailable', `no endpoints available for service "${name}"`);
  return toPod(await getPod(verbs, namespace, chosen.pod, signal), chosen.port);
}

/** The port's name, which endpoints go by; a number is one of the Service's own ports. */
function servicePortName(service: Service, port: string): string {
  if (!/^\d+$/.test(port)) return port;
  const found = service.spec.ports?.find((each) => each.port === Number(port));
  if (found !== undefined) return found.name ?? '';
  throw new StatusError(
    'ServiceUnavailable',
    `no service port ${port} found for service "${service.metadata.name}"`,
  );
}

/** Ready endpoints that are Pods: any other address would let its writer aim this server at whatever it can reach. */
function podsBehind(
  { endpoints = [], ports = [] }: EndpointSlice,
  portName: string,
  namespace: string | undefined,
): { readonly pod: string; readonly port: number }[] {
  const port = ports.find(({ name = '' }) => name === portName)?.port;
  if (port === undefined) return [];
  return endpoints.flatMap(({ conditions, targetRef }) =>
    conditions?.ready !== false &&
    targetRef?.kind === 'Pod' &&
    targetRef.namespace === namespace &&
    targetRef.name !== undefined
      ? [{ pod: targetRef.name, port }]
      : [],
  );
}

async function nodeLocation(
  verbs: Reader,
  { name, port }: ProxyDestination,
  signal: AbortSignal | undefined,
): Promise<ProxyLocation> {
  await verbs.get({ signal }, { ...target(nodes, undefined), name });
  if (port !== '' && port !== kubeletPort)
    throw badRequest(`port ${port} of node "${name}" cannot be reached: only ${kubeletPort} is proxied`);
  return {
    node: name,
    open: { kind: { case: 'kubelet', value: true } },
    doing: `reach the kubelet of node "${name}"`,
  };
}

function toPod(pod: Pod, port: number): ProxyLocation {
  const { uid = '', name = '', namespace = '' } = pod.metadata;
  return {
    node: nodeOf(pod),
    open: { podUid: uid, pod: name, namespace, kind: { case: 'portForward', value: port } },
    doing: `reach port ${port} of pod "${name}"`,
  };
}

async function getPod(
  verbs: Reader,
  namespace: string | undefined,
  name: string,
  signal: AbortSignal | undefined,
): Promise<Pod> {
  const call = { signal };
  return (await verbs.get(call, { ...target(pods, namespace), name })).object as Pod;
}

function target(
  { group, version, plural }: ResourceLabel & { readonly version: string },
  namespace: string | undefined,
): CollectionTarget {
  return { group, version, resource: plural, ...(namespace === undefined ? {} : { namespace }) };
}

function portNumber(what: string, name: string, port: string): number {
  const number = Number(port);
  if (Number.isInteger(number) && number >= 1 && number <= 65_535) return number;
  throw badRequest(`invalid ${what} request ${JSON.stringify(`${name}:${port}`)}: no such port`);
}
