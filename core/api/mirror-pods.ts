import type { Pod } from './generated/core-v1.ts';

/** On the API's picture of a Pod that a kubelet has from elsewhere (upstream: core/annotation_key_constants.go). */
export const mirrorAnnotation = 'kubernetes.io/config.mirror';

export function isMirror({ metadata }: Pick<Pod, 'metadata'>): boolean {
  return metadata.annotations?.[mirrorAnnotation] !== undefined;
}
