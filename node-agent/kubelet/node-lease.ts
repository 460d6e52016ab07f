import { isAlreadyExists, isConflict, isNotFound } from '../../core/api/errors.ts';
import type { Lease } from '../../core/api/generated/coordination-v1.ts';
import type { Node } from '../../core/api/generated/core-v1.ts';
import { leases } from '../../core/api/generated/resources.ts';
import type { Client } from '../../core/client/client.ts';
import { Backoff } from '../../core/machinery/backoff.ts';
import { sleep, type Clock } from '../../core/machinery/clock.ts';
import type { Logger } from '../../core/machinery/logger.ts';
import { linkSignals } from '../../core/machinery/signals.ts';
import { microTimestamp } from '../../core/machinery/timestamp.ts';

export interface NodeLeaseOptions {
  readonly client: Pick<Client, 'get' | 'create' | 'update'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly node: Node;
}

const namespace = 'kube-node-lease';
const leaseDurationSeconds = 40;
const renewEveryMs = 10_000;
const callDeadlineMs = 10_000;

/** Renews the node's Lease until the signal aborts: without it the node counts as lost after 40 s. */
export async function renewLease(options: NodeLeaseOptions, signal: AbortSignal): Promise<void> {
  const { clock, logger } = options;
  const backoff = new Backoff({ initialMs: 200, maxMs: 7_000 });
  let last: Lease | undefined;
  while (!signal.aborted) {
    let waitMs = renewEveryMs;
    try {
      using deadline = linkSignals(signal, AbortSignal.timeout(callDeadlineMs));
      last = await renewOnce(options, last, deadline.signal);
      backoff.reset();
    } catch (error) {
      if (signal.aborted) return;
      logger.error('Cannot renew the Lease of the node', error);
      last = undefined;
      waitMs = backoff.nextMs();
    }
    await sleep(clock, waitMs, signal).catch(() => undefined);
  }
}

async function renewOnce(
  { client, clock, node }: NodeLeaseOptions,
  last: Lease | undefined,
  signal: AbortSignal,
): Promise<Lease> {
  const name = node.metadata.name ?? '';
  const spec = { holderIdentity: name, leaseDurationSeconds, renewTime: microTimestamp(clock.now()) };
  const base = last ?? (await existing(client, name, signal));
  if (base !== undefined) {
    try {
      return await client.update(leases, { ...base, spec: { ...base.spec, ...spec } }, { signal });
    } catch (error) {
      if (!isConflict(error) && !isNotFound(error)) throw error;
    }
    const live = await existing(client, name, signal);
    if (live !== undefined)
      return await client.update(leases, { ...live, spec: { ...live.spec, ...spec } }, { signal });
  }
  const owner = { apiVersion: 'v1', kind: 'Node', name, uid: node.metadata.uid ?? '' };
  const fresh: Lease = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name, namespace, ownerReferences: [owner] },
    spec,
  };
  try {
    return await client.create(leases, fresh, { signal });
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    const live = await client.get(leases, { namespace, name }, { signal });
    return await client.update(leases, { ...live, spec: { ...live.spec, ...spec } }, { signal });
  }
}

async function existing(
  client: Pick<Client, 'get'>,
  name: string,
  signal: AbortSignal,
): Promise<Lease | undefined> {
  try {
    return await client.get(leases, { namespace, name }, { signal });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
