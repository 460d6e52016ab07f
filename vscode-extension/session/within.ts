import type { OpenCluster } from './cluster-session.ts';

/** One click waits this long for what it asks of a cluster. */
const clickTimeoutMs = 30_000;

/** For calls that end with the connection, and that nobody waits for longer than this. */
export function within({ signal }: Pick<OpenCluster, 'signal'>, limitMs = clickTimeoutMs): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
}
