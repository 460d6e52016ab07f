import { l10n } from '../language/l10n.ts';
import type { Applied, PlacedObject, PlannedObject } from './apply-plan.ts';
import type { Deleted } from './delete-objects.ts';

/** "deployment/web". */
export function objectText({ manifest, name, resource }: PlacedObject): string {
  const kind = resource?.singular || (manifest.object.kind ?? 'object').toLowerCase();
  return `${kind}/${name.name}`;
}

/** `deployment/web in namespace "shop"`: files may have an object of one name for several namespaces. */
export function placedText(object: PlacedObject): string {
  const { namespace } = object.name;
  const text = objectText(object);
  return namespace === undefined ? text : l10n.t('{0} in namespace "{1}"', text, namespace);
}

/** `deployment/web in namespace "shop" created`. */
export function resultText({
  planned,
  outcome,
}: {
  readonly planned: PlacedObject;
  readonly outcome: Outcome;
}): string {
  return `${placedText(planned)} ${outcomeText(outcome)}`;
}

/** "2 created, 1 unchanged". */
export function countsText(outcomes: readonly Outcome[]): string {
  return [...new Set(outcomes)]
    .map((outcome) => `${outcomes.filter((each) => each === outcome).length} ${outcomeText(outcome)}`)
    .join(', ');
}

type Outcome = (PlannedObject | Applied | Deleted)['outcome'];

function outcomeText(outcome: Outcome): string {
  const { t } = l10n;
  const texts: Readonly<Record<Outcome, string>> = {
    create: t('to create'),
    change: t('to change'),
    unchanged: t('unchanged'),
    conflict: t('in conflict'),
    refused: t('refused'),
    created: t('created'),
    configured: t('configured'),
    deleted: t('deleted'),
    absent: t('not there'),
    left: t('not tried'),
    failed: t('failed'),
  };
  return texts[outcome];
}
