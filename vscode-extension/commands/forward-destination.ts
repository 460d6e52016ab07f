import type { Service } from '../../core/api/generated/core-v1.ts';
import { pods } from '../../core/api/generated/resources.ts';
import type { KubernetesObject } from '../../core/api/object.ts';
import type { Client } from '../../core/client/client.ts';
import { forwardedPort } from '../../core/client/operations/port-forward.ts';
import { readiestFirst } from '../../core/client/operations/readiest-first.ts';
import { selectorFromLabels } from '../../core/machinery/label-selector.ts';
import { l10n } from '../language/l10n.ts';
import type { Destination } from './port-forwarder.ts';

/** The port that was chosen: one of those that the object names, or any of its Pod. */
export interface ChosenPort {
  readonly port: number;
  readonly inPod: boolean;
}

/**
 * Where a port of a Pod or a Service leads, with a Service to one of its Pods, a ready one where there is one. Throws
 * where there is none, and where that Pod has no port of the name that the Service gives.
 */
export async function destinationOf(
  client: Client,
  kind: string,
  object: KubernetesObject,
  { port, inPod }: ChosenPort,
  signal: AbortSignal,
): Promise<Destination> {
  const { namespace, name = '' } = object.metadata;
  if (kind !== 'Service') return { pod: { namespace, name }, port };
  const service = object as Service;
  const { selector = {} } = service.spec;
  // No labels at all would be those of every Pod.
  if (Object.keys(selector).length === 0)
    throw new Error(l10n.t('it selects no Pods: somebody else says where it leads'));
  const labelSelector = selectorFromLabels(selector).toString();
  const { items } = await client.list(pods, { namespace, labelSelector, signal });
  const [pod] = readiestFirst(items);
  if (pod === undefined) throw new Error(l10n.t('no Pod stands behind it'));
  return {
    pod: { namespace: pod.metadata.namespace, name: pod.metadata.name ?? '' },
    port: inPod ? port : forwardedPort(String(port), pod, service).remote,
  };
}
