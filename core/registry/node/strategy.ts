import type { Node } from '../../api/generated/core-v1.ts';
import { strategyFor } from '../strategy.ts';

/** Nodes register with their status: unlike elsewhere, a create may set it (pkg/registry/core/node/strategy.go). */
export const nodeStrategy = strategyFor<Node>({
  createsStatus: true,
});
