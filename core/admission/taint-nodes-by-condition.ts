import type { Node } from '../api/generated/core-v1.ts';
import { nodes } from '../api/generated/resources.ts';
import type { Mutable } from '../api/object.ts';
import type { AdmissionPlugin, AdmissionRequest } from './chain.ts';
import { isCreationOf } from './creation.ts';

const key = 'node.kubernetes.io/not-ready';
const effect = 'NoSchedule';

/**
 * A new node takes no Pods until it was seen to be ready: the controller that taints by condition may be slower than
 * the scheduler (plugin/pkg/admission/nodetaint).
 */
export const taintNodesByCondition: AdmissionPlugin = {
  name: 'TaintNodesByCondition',

  handles: (request: AdmissionRequest): boolean => isCreationOf(request, nodes),

  mutate({ object }: AdmissionRequest): void {
    const { spec } = object as unknown as Mutable<Node>;
    const { taints = [] } = spec;
    if (taints.some((taint) => taint.key === key && taint.effect === effect)) return;
    spec.taints = [...taints, { key, effect }];
  },
};
