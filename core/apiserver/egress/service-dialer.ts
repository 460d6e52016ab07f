import { hostPort } from '../../machinery/ip.ts';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { StatusError } from '../../api/errors.ts';
import type { StatusReason } from '../../api/errors.ts';
import { pods } from '../../api/generated/resources.ts';
import type { SessionOpenInit } from '../../api/generated/wheelhouse.ts';
import type { UserInfo } from '../../api/verbs.ts';
import type { Lookup } from '../../admission/lookup.ts';
import type { DialService, ServicePort } from '../../admission/webhooks/endpoint.ts';
import { randomBelow } from '../../machinery/random.ts';
import type { Random } from '../../machinery/random.ts';
import { SessionDuplex } from '../streaming/session-duplex.ts';
import type { SessionHub } from '../streaming/session-hub.ts';
import { backendsOf } from './backends.ts';
import type { AddressBackend, Backend, PodBackend } from './backends.ts';

export interface ServiceDialerOptions {
  readonly lookup: Lookup;
  readonly random: Random;
  /** Agents of nodes, by whom Pods are reached. Without, Pods are dialled at their addresses. */
  readonly agents?: Pick<SessionHub, 'open'> | undefined;
}

/** Of a Service with many endpoints, so many are tried before it is said to be out of reach. */
const mostAttempts = 3;

/**
 * Connections to users' servers behind Services: webhooks and API servers. Core is not on the Pods' network, so a Pod
 * is reached through the agent of its node, as upstream's server does through its network proxy (KEP-1281);
 * what is no Pod is reached directly. Nobody is asked whether that may be: the server itself wants it, and webhooks
 * on connections would otherwise be asked about the way to themselves.
 */
export function serviceDialer(options: ServiceDialerOptions): DialService {
  return async (service, signal, user) => {
    const { lookup, random, agents } = options;
    const backends = await backendsOf(lookup, service, signal);
    const failures: string[] = [];
    let first: unknown;
    for (const backend of chosen(backends, random)) {
      try {
        return backend.kind === 'address' || agents === undefined
          ? await dialAddress(backend, signal)
          : await dialPod(lookup, agents, backend, { signal, user });
      } catch (error) {
        signal.throwIfAborted();
        first ??= error;
        failures.push((error as Error).message);
      }
    }
    throw new StatusError(reasonOf(first), `${failures.join('; ')} (${nameOf(service)})`, {
      cause: first,
    });
  };
}

/** A few of them in an order that chance decides: no two connections have to reach the same. */
function chosen(backends: readonly Backend[], random: Random): readonly Backend[] {
  const left = [...backends];
  const order: Backend[] = [];
  while (left.length > 0 && order.length < mostAttempts)
    order.push(...left.splice(randomBelow(random, left.length), 1));
  return order;
}

async function dialPod(
  lookup: Lookup,
  agents: Pick<SessionHub, 'open'>,
  { namespace, name, uid: meant, port }: PodBackend,
  call: { readonly signal: AbortSignal; readonly user: UserInfo | undefined },
): Promise<Duplex> {
  const pod = await lookup.get(pods, { namespace, name }, { signal: call.signal });
  const { uid = '' } = pod.metadata;
  const node = pod.spec.nodeName ?? '';
  const doing = `reach port ${port} of pod "${name}" on node "${node}"`;
  const why =
    meant !== undefined && meant !== uid
      ? 'another pod has its name now'
      : pod.status?.phase === 'Running'
        ? undefined
        : 'the pod is not running';
  if (why !== undefined) throw new StatusError('ServiceUnavailable', `Cannot ${doing}: ${why}`);
  const open: SessionOpenInit = {
    namespace,
    pod: name,
    podUid: uid,
    kind: { case: 'portForward', value: port },
  };
  try {
    return new SessionDuplex(await agents.open(node, open, doing, call));
  } catch (cause) {
    const { message } = cause as Error;
    // The hub says what was to be done, an agent only what went wrong there.
    const told = message.includes(doing) ? message : `Cannot ${doing}: ${message}`;
    throw new StatusError(call.user === undefined ? 'ServiceUnavailable' : reasonOf(cause), told, { cause });
  }
}

/** What a user has too much of is the user's to know; whatever else it is, the server is out of reach. */
function reasonOf(error: unknown): StatusReason {
  return error instanceof StatusError && error.reason === 'TooManyRequests'
    ? 'TooManyRequests'
    : 'ServiceUnavailable';
}

function dialAddress({ address, port }: AddressBackend | PodBackend, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = connect({ host: address, port, noDelay: true });
    const settle = () => {
      signal.removeEventListener('abort', onAbort);
      socket.off('error', onError);
    };
    const onAbort = () => socket.destroy(signal.reason as Error);
    const onError = (cause: Error & { readonly code?: string }) => {
      settle();
      const refused = cause.code === 'ECONNREFUSED' ? 'connect: connection refused' : cause.message;
      reject(
        signal.aborted ? cause : new Error(`dial tcp ${hostPort(address, port)}: ${refused}`, { cause }),
      );
    };
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('error', onError);
    socket.once('connect', () => {
      settle();
      resolve(socket);
    });
  });
}

function nameOf({ namespace, name }: ServicePort): string {
  return `service ${JSON.stringify(name)} in ${JSON.stringify(namespace)}`;
}
