import { withCondition, withoutCondition } from '../api/custom/conditions.ts';
import { structuralViolations } from '../api/custom/version-rules.ts';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionStatus,
} from '../api/generated/apiextensions-v1.ts';
import { FieldPath } from '../api/validation/field-path.ts';

const type = 'NonStructuralSchema';

/**
 * Says where a definition is not structural. No new one is taken like that, but one may have been stored before
 * (apiextensions-apiserver/pkg/controller/nonstructuralschema). The status itself when there is nothing to say.
 */
export function structuralStatus(
  { spec }: CustomResourceDefinition,
  status: CustomResourceDefinitionStatus,
  now: string,
): CustomResourceDefinitionStatus {
  const before = status.conditions ?? [];
  const violations = structuralViolations(spec, FieldPath.spec);
  const conditions =
    violations.length === 0
      ? withoutCondition(before, type)
      : withCondition(
          before,
          { type, status: 'True', reason: 'Violations', message: together(violations) },
          now,
        );
  return conditions === before ? status : { ...status, conditions };
}

/** As Go prints several errors in one. */
function together(errors: ReturnType<typeof structuralViolations>): string {
  const texts = [...new Set(errors.map(({ field, message }) => `${field}: ${message}`))];
  return texts.length === 1 ? (texts[0] ?? '') : `[${texts.join(', ')}]`;
}
