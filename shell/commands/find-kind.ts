import type { ResourceIndex, ServedResource } from '../../core/client/resource-index.ts';
import { UsageError } from './command.ts';

/** Throws kubectl's error when there is no such kind. */
export function findKind(index: ResourceIndex, name: string): ServedResource {
  const found = index.lookUp(name);
  if (found === undefined) throw new UsageError(`the server doesn't have a resource type "${name}"`);
  return found;
}
