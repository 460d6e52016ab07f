import { isSameResource } from '../api/resource.ts';
import type { GroupResource } from '../api/resource.ts';
import type { AdmissionRequest } from './chain.ts';

/** Whether an object of the resource is created, and not something at it. */
export function isCreationOf(
  { operation, declaration, subresource }: AdmissionRequest,
  resource: GroupResource,
): boolean {
  return operation === 'CREATE' && subresource === '' && isSameResource(declaration, resource);
}
