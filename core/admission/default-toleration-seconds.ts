import type { Pod, Toleration } from '../api/generated/core-v1.ts';
import type { Mutable } from '../api/object.ts';
import type { AdmissionPlugin, AdmissionRequest } from './chain.ts';

const seconds = 300;
const taints = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

/** Pods stay five minutes on a node that fails before they are evicted, unless they say otherwise. */
export const defaultTolerationSeconds: AdmissionPlugin = {
  name: 'DefaultTolerationSeconds',

  handles: ({ operation, declaration, subresource }: AdmissionRequest): boolean =>
    declaration.plural === 'pods' &&
    declaration.group === '' &&
    subresource === '' &&
    (operation === 'CREATE' || operation === 'UPDATE'),

  mutate({ object }: AdmissionRequest): void {
    const { spec } = object as unknown as Mutable<Pod>;
    const present = spec.tolerations ?? [];
    const missing = taints.filter((taint) => !present.some((toleration) => tolerates(toleration, taint)));
    if (missing.length === 0) return;
    spec.tolerations = [
      ...present,
      ...missing.map((key): Mutable<Toleration> => ({
        key,
        operator: 'Exists',
        effect: 'NoExecute',
        tolerationSeconds: seconds,
      })),
    ];
  },
};

/** Whether the user has said anything about the taint. */
function tolerates({ key, effect }: Toleration, taint: string): boolean {
  return (key === undefined || key === taint) && (effect === undefined || effect === 'NoExecute');
}
