import { X509Certificate } from 'node:crypto';
import type { ClusterContext } from '../../core/client/kubeconfig.ts';
import { l10n } from '../language/l10n.ts';

/** Why a context can lead nowhere at `nowMs`, however often it is tried: its client certificate is over. */
export function whyExpired({ name, tls }: ClusterContext, nowMs: number): string | undefined {
  if (tls?.cert === undefined) return undefined;
  const endMs = Date.parse(new X509Certificate(tls.cert).validTo);
  return nowMs < endMs
    ? undefined
    : l10n.t(
        'the client certificate of "{0}" expired at {1}; it takes a newer kubeconfig',
        name,
        new Date(endMs).toISOString(),
      );
}
