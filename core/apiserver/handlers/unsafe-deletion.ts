import { forbidden, invalid } from '../../api/errors.ts';
import { invalidValue } from '../../api/validation/field-errors.ts';
import { FieldPath } from '../../api/validation/field-path.ts';
import type { Call, DeleteOptions, ObjectTarget } from '../../api/verbs.ts';
import type { Authorizer } from './authorize.ts';

const option = 'ignoreStoreReadErrorWithClusterBreakingPotential';
const verb = 'unsafe-delete-ignore-read-errors';
/** Nobody can say what they would mean for what cannot be read. */
const others = ['dryRun', 'propagationPolicy', 'gracePeriodSeconds', 'preconditions'] as const;

/** Whether the client wants to remove what cannot be read. Throws Invalid where the options contradict that. */
export function isUnsafeDeletion(options: DeleteOptions): boolean {
  if (options[option] !== true) return false;
  const path = FieldPath.root.child(option);
  const errors = others
    .filter((name) => options[name] !== undefined)
    .map((name) => invalidValue(path, true, `cannot be set together with .${name}`));
  if (errors.length > 0) throw refusal(errors);
  return true;
}

/** Collections are read before they are deleted, so nothing in them is without a reading. */
export function refuseUnsafeCollection(options: DeleteOptions): void {
  if (options[option] !== true) return;
  const message = 'is not allowed with DELETECOLLECTION, try again after removing the option';
  throw refusal([invalidValue(FieldPath.root.child(option), true, message)]);
}

function refusal(errors: Parameters<typeof invalid>[2]) {
  return invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', errors);
}

/**
 * Who may delete may not yet delete blindly: that is a verb of its own
 * (apiserver/pkg/endpoints/handlers/delete.go, authorizeUnsafeDelete). Throws Forbidden.
 */
export async function checkUnsafeDeletion(
  authorizer: Authorizer,
  { user }: Call,
  { group, version, resource, subresource, namespace, name }: ObjectTarget,
): Promise<void> {
  const target = { group, plural: resource };
  if (subresource !== undefined)
    throw forbidden(
      target,
      name,
      `${option} delete option is not allowed on a subresource or non-resource request`,
    );
  if (user === undefined) return;
  const asked = { user, verb, group, version, resource, subresource, namespace, name };
  const { allowed, reason } = await authorizer.authorize(asked);
  if (!allowed)
    throw forbidden(target, name, `not permitted to do ${JSON.stringify(verb)}, reason: ${reason}`);
}
