import * as vscode from 'vscode';
import type { KubernetesObject } from '../../core/api/object.ts';
import { dependentsOf } from '../../core/client/operations/dependents.ts';
import { unlessAborted } from '../../core/machinery/signals.ts';
import type { OpenCluster } from '../session/cluster-session.ts';

const countTimeoutMs = 5_000;

/** What a deletion takes along, for the question that comes before it; empty for nothing, or where it cannot be told. */
export async function dependentsText(
  open: OpenCluster,
  objects: readonly KubernetesObject[],
  signal = open.signal,
): Promise<string> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(countTimeoutMs)]);
  try {
    const index = await unlessAborted(open.resources(), limit);
    const dependents = await dependentsOf(open.cluster.client, index, objects, limit);
    const counts = dependents.map(({ resource, count }) => `${count} ${resource.plural}`);
    return counts.length === 0 ? '' : vscode.l10n.t('Goes with it: {0}', counts.join(', '));
  } catch {
    // The question is asked all the same; a cluster that does not answer will not delete either.
    return '';
  }
}
