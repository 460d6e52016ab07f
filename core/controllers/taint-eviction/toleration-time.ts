import type { Taint, Toleration } from '../../api/generated/core-v1.ts';
import { tolerates } from '../../api/taints.ts';

/** How long a Pod may stay on a node with these taints: 0 is not at all, Infinity for ever. */
export function toleratedMs(taints: readonly Taint[], tolerations: readonly Toleration[] = []): number {
  const evicting = taints.filter(({ effect }) => effect === 'NoExecute');
  let allowedMs = Infinity;
  for (const taint of evicting) {
    const matching = tolerations.filter((toleration) => tolerates([toleration], taint));
    if (matching.length === 0) return 0;
    for (const { tolerationSeconds } of matching) {
      if (tolerationSeconds !== undefined)
        allowedMs = Math.min(allowedMs, Math.max(0, tolerationSeconds) * 1000);
    }
  }
  return allowedMs;
}
