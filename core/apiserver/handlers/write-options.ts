import type { Operation } from '../../admission/chain.ts';
import type { DeleteOptions, WriteOptions } from '../../api/verbs.ts';
import type { JsonObject } from '../../machinery/json.ts';

/** What clients ask for beside the object, of whichever verb. */
export type GivenOptions = Pick<WriteOptions, 'fieldManager' | 'fieldValidation'> &
  Pick<
    DeleteOptions,
    | 'gracePeriodSeconds'
    | 'propagationPolicy'
    | 'preconditions'
    | 'ignoreStoreReadErrorWithClusterBreakingPotential'
  >;

/** The options as upstream's object of the operation has them, for whoever outside is asked about the write. */
export function writeOptions(
  operation: Operation,
  given: GivenOptions,
  dryRun: boolean,
): JsonObject | undefined {
  const kind = { CREATE: 'CreateOptions', UPDATE: 'UpdateOptions', DELETE: 'DeleteOptions', CONNECT: '' }[
    operation
  ];
  if (kind === '') return undefined;
  const { fieldManager, fieldValidation, gracePeriodSeconds, propagationPolicy, preconditions } = given;
  const all =
    operation === 'DELETE'
      ? { gracePeriodSeconds, propagationPolicy, preconditions }
      : { fieldManager, fieldValidation };
  const set = Object.entries(all).filter(([, value]) => value !== undefined && value !== '');
  return {
    kind,
    apiVersion: 'meta.k8s.io/v1',
    ...Object.fromEntries(set),
    ...(dryRun ? { dryRun: ['All'] } : {}),
  };
}
