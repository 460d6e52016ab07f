import type { FieldError } from '../../../core/api/errors.ts';
import { nearestName } from '../../../core/machinery/nearest-name.ts';
import { renameKey } from '../fixes/edits.ts';
import { l10n } from '../l10n.ts';
import { leavingField } from '../schema/former-versions.ts';
import type { KindInfo } from '../schema/schema-model.ts';
import { schemaAt } from '../schema/schema-at.ts';
import { walkMembers } from '../schema/walk.ts';
import { isRendered, type CheckContext } from './document-context.ts';
import { kindProblems } from './kind-problems.ts';
import type { ManifestObject } from './manifest-objects.ts';
import type { Problem } from './problem.ts';
import { isNear, refusalProblem, stepsOf } from './rule-problems.ts';
import { maxViolations, schemaProblem, violationsOf, type PlacedViolation } from './schema-problems.ts';
import { serverRules, withoutWrong } from './server-rules.ts';

/** All that can be said of an object by itself: its kind, its schema, and the server's rules. */
export function checkObject(object: ManifestObject, context: CheckContext): Problem[] {
  const { document, model } = context;
  const kind = model.get(object.apiVersion, object.kind);
  const problems = kindProblems(object, context);
  if (kind === undefined) return problems;
  const violations = violationsOf(object, kind);
  if (document.template) {
    // What is missing may be rendered, and rules speak of whole objects.
    const certain = violations.filter(({ reason }) => reason !== 'required');
    problems.push(...certain.map((violation) => schemaProblem(violation, object, kind, context)));
  } else {
    problems.push(...refusals(object, kind, violations, context));
  }
  problems.push(...deprecations(object, kind));
  return problems.filter(({ range }) => !isRendered(document, range));
}

function refusals(
  object: ManifestObject,
  kind: KindInfo,
  violations: readonly PlacedViolation[],
  context: CheckContext,
): Problem[] {
  const wrong = violations.filter(({ reason }) => reason === 'type' || reason === 'format');
  const value = withoutWrong(
    kind.schema,
    object.value,
    wrong.map(({ steps }) => steps),
  );
  const errors =
    violations.length < maxViolations
      ? serverRules(kind, value, { namespace: context.namespace, isWhole: wrong.length === 0 })
      : [];
  const required = violations.filter(({ reason }) => reason === 'required');
  const certain = violations.filter(({ reason }) => reason !== 'required');
  const refused = errors.filter((error) => !isExplained(error, certain, kind));
  const refusedPaths = refused.map(stepsOf);
  return [
    ...certain.map((violation) => schemaProblem(violation, object, kind, context)),
    ...refused.map((error) => refusalProblem(error, object, kind, context)),
    // The server fills in much of what the schema calls required; where rules are known, they have the last word.
    ...required
      .filter(({ steps }) => kind.rules?.validate === undefined && !isNear(steps, refusedPaths))
      .filter(({ steps }) => !isMisspelt(steps, certain, kind))
      .map((violation) => schemaProblem(violation, object, kind, context)),
  ];
}

/** Whether a refusal only follows from what the schema has found already. */
function isExplained(error: FieldError, violations: readonly PlacedViolation[], kind: KindInfo): boolean {
  const steps = stepsOf(error);
  const wrong = violations.filter(({ reason }) => reason !== 'unknown').map((violation) => violation.steps);
  return (
    isNear(steps, wrong) || (error.reason === 'FieldValueRequired' && isMisspelt(steps, violations, kind))
  );
}

/** Whether a missing member is there under a name that was meant to be its own. */
function isMisspelt(
  steps: PlacedViolation['steps'],
  violations: readonly PlacedViolation[],
  kind: KindInfo,
): boolean {
  return violations.some((violation) => {
    if (violation.reason !== 'unknown') return false;
    const parent = violation.steps.slice(0, -1);
    const missing = steps[parent.length];
    if (missing === undefined || !isNear(parent, [steps]) || parent.length >= steps.length) return false;
    const owner = schemaAt(kind.schema, parent)?.schema;
    if (owner?.kind !== 'object') return false;
    return nearestName(String(violation.steps.at(-1)), owner.fields.keys()) === missing;
  });
}

function deprecations({ node }: ManifestObject, { schema }: KindInfo): Problem[] {
  const problems: Problem[] = [];
  walkMembers(node, schema, ({ entry, field, map, owner }) => {
    const leaving = owner.name === undefined ? undefined : leavingField(owner.name, field.name);
    if (leaving === undefined) return;
    const { instead } = leaving;
    const free = instead !== undefined && !map.entries.some(({ key }) => key === instead);
    problems.push({
      range: entry.keyRange,
      severity: 'hint',
      code: 'deprecated',
      message:
        instead === undefined
          ? l10n.t('{0} is on its way out', field.name)
          : l10n.t('{0} is on its way out: use {1}', field.name, instead),
      fixes: free
        ? [{ title: l10n.t('Replace with "{0}"', instead), edits: [renameKey(entry, instead)] }]
        : [],
    });
  });
  return problems;
}
