import type { Container } from '../../core/api/generated/core-v1.ts';
import { fnv1a32 } from '../../core/machinery/hash.ts';
import { canonicalStringify } from '../../core/machinery/json.ts';

/**
 * Changes when a container must be made anew. Only name and image count, as upstream since 1.31: what else may change
 * in place must not restart a container, nor may a new version of the agent or a new default.
 */
export function containerSpecHash(container: Container): string {
  const { name, image = '' } = container;
  return fnv1a32(canonicalStringify({ name, image })).toString(16);
}
