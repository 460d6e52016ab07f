import { leases } from '../generated/resources.ts';
import { validateLease } from '../validation/cluster.ts';
import { declareKind } from './declare.ts';

export const leaseKind = declareKind(leases, {
  createOnUpdate: true,
  validate: validateLease,
  selectableFields: { 'spec.holderIdentity': ({ spec }) => spec.holderIdentity ?? '' },
});
