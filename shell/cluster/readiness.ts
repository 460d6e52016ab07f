import type { Node } from '../../core/api/generated/core-v1.ts';
import { nodes } from '../../core/api/generated/resources.ts';
import { isGone, isUnavailable, StatusError } from '../../core/api/errors.ts';
import { connect } from '../../core/client/grpc/connection.ts';
import type { Connection, TlsOptions } from '../../core/client/grpc/connection.ts';
import { createClient } from '../../core/client/typed-client.ts';

/** A core that is starting refuses connections, which tells nobody when it will stop: so it is asked this often. */
const askEveryMs = 25;

/** What else may be wrong is looked for this often. */
const lookEveryMs = 500;

/**
 * Resolves when core answers. It makes the certificates when it first starts, so they are looked for again. Rejects
 * with what it said last when it does not within `deadlineMs`, and at once with what `obstacle` tells.
 */
export async function waitForCore(
  endpoint: string,
  certificates: () => TlsOptions | undefined,
  deadlineMs: number,
  signal: AbortSignal,
  obstacle: () => Promise<string | undefined>,
): Promise<void> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]);
  let lookedMs = performance.now();
  for (;;) {
    const tls = certificates();
    const connection = connect({ endpoint, tls, deadlineMs: 2_000 });
    try {
      if (tls === undefined) throw new StatusError('ServiceUnavailable', 'core has made no certificates yet');
      await connection.discovery.version({ signal: deadline });
      return;
    } catch (cause) {
      signal.throwIfAborted();
      if (deadline.aborted || !isUnavailable(cause)) {
        throw new Error(`core does not answer on ${endpoint} after ${deadlineMs / 1000} s`, { cause });
      }
    } finally {
      connection.close();
    }
    if (performance.now() - lookedMs > lookEveryMs) {
      const words = await obstacle();
      if (words !== undefined) throw new Error(`Cannot start the control plane: ${words}`);
      lookedMs = performance.now();
    }
    await new Promise((resolve) => setTimeout(resolve, askEveryMs));
  }
}

/** Resolves when the node is Ready and bears its role; `update` receives what it still waits for. */
export async function waitForNode(
  endpoint: string,
  tls: TlsOptions | undefined,
  name: string,
  deadlineMs: number,
  signal: AbortSignal,
  update: (detail: string) => void,
): Promise<void> {
  const connection = connect({ endpoint, tls });
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]);
  let said = 'it has not registered';
  try {
    const ready = await followNode(connection, name, deadline, (text) => {
      said = text;
      update(text);
    });
    if (ready) {
      await markRole(connection, name, deadline);
      return;
    }
    signal.throwIfAborted();
    throw new Error(`node "${name}" is not Ready after ${deadlineMs / 1000} s: ${said}`);
  } finally {
    connection.close();
  }
}

/** No node may say this of itself, because people keep Pods away from nodes by it: the administrator does, as kubeadm. */
async function markRole({ verbs }: Connection, name: string, signal: AbortSignal): Promise<void> {
  const metadata = { labels: { 'node-role.kubernetes.io/control-plane': '' } };
  await createClient(verbs).patch(nodes, { name }, 'merge', { metadata }, { signal });
}

async function followNode(
  connection: Connection,
  name: string,
  signal: AbortSignal,
  say: (text: string) => void,
): Promise<boolean> {
  const client = createClient(connection.verbs);
  const fieldSelector = `metadata.name=${name}`;
  while (!signal.aborted) {
    try {
      const list = await client.list(nodes, { fieldSelector, signal });
      if (list.items.some((node) => isReady(node, say))) return true;
      const events = client.watch(nodes, { fieldSelector, resourceVersion: list.resourceVersion, signal });
      for await (const batch of events) {
        for (const event of batch) if (event.type !== 'BOOKMARK' && isReady(event.object, say)) return true;
      }
    } catch (error) {
      if (signal.aborted) return false;
      if (!isGone(error) && !isUnavailable(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, askEveryMs));
    }
  }
  return false;
}

function isReady(node: Node, say: (text: string) => void): boolean {
  const ready = node.status.conditions?.find(({ type }) => type === 'Ready');
  if (ready?.status === 'True') return true;
  say(ready?.message ?? 'it has registered');
  return false;
}
