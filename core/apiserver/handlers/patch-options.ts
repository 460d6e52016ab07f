import { invalid } from '../../api/errors.ts';
import { forbiddenField } from '../../api/validation/field-errors.ts';
import { FieldPath } from '../../api/validation/field-path.ts';
import type { PatchOptions, PatchType } from '../../api/verbs.ts';

/** Throws Invalid where the options mean nothing for the type (metav1/validation: ValidatePatchOptions). */
export function checkPatchOptions(type: PatchType, { force }: PatchOptions): void {
  if (type === 'apply' || force === undefined) return;
  const error = forbiddenField(FieldPath.root.child('force'), 'may not be specified for non-apply patch');
  throw invalid({ group: 'meta.k8s.io', kind: 'PatchOptions' }, '', [error]);
}
