import { clusterRefusals } from './cluster.ts';
import { coreRefusals } from './core.ts';
import { extensionRefusals } from './extension.ts';
import { networkingRefusals } from './networking.ts';
import { storageRefusals } from './storage.ts';
import { workloadsRefusals } from './workloads.ts';
import type { KindRefusals } from './refusal.ts';

/** By "group/plural": what the server refuses of each kind that is stored (upstream: pkg/apis/…/validation). */
export const kindRefusals: Readonly<Record<string, KindRefusals>> = {
  ...coreRefusals,
  ...workloadsRefusals,
  ...extensionRefusals,
  ...networkingRefusals,
  ...storageRefusals,
  ...clusterRefusals,
};
