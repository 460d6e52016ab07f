import { leases } from '../generated/resources.ts';
import { declareKind } from './declare.ts';

export const leaseKind = declareKind(leases, {
  selectableFields: { 'spec.holderIdentity': ({ spec }) => spec.holderIdentity ?? '' },
});
