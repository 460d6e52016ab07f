import type { Revision } from '../../core/client/operations/revisions.ts';
import { writeYaml } from '../../core/machinery/yaml.ts';
import { ageSince } from '../../core/printers/age.ts';
import { sanitizeLine } from '../../core/printers/sanitize.ts';
import { l10n } from '../language/l10n.ts';

/** A revision as a row of a list. */
export interface RevisionRow {
  readonly label: string;
  readonly description: string;
  readonly detail: string;
}

/** What people know a revision by: its number and age, what it runs, and why somebody made it. */
export function revisionRow(revision: Revision, nowMs: number): RevisionRow {
  const { number, current, createdAt, replicas, changeCause } = revision;
  const name = l10n.t('Revision {0}', number);
  const facts = [
    ...(current ? [l10n.t('runs now')] : []),
    l10n.t('{0} ago', ageSince(createdAt, nowMs)),
    ...(replicas === undefined ? [] : [replicas === 1 ? l10n.t('1 Pod') : l10n.t('{0} Pods', replicas)]),
  ];
  const why = changeCause === undefined ? [] : [sanitizeLine(changeCause)];
  return {
    label: current ? `$(pass-filled) ${name}` : `$(history) ${name}`,
    description: facts.join(' · '),
    detail: [...why, imagesOf(revision)].filter((text) => text !== '').join(' · '),
  };
}

function imagesOf({ template }: Revision): string {
  const { initContainers = [], containers = [] } = template.spec ?? {};
  return [...new Set([...containers, ...initContainers].map(({ image = '' }) => sanitizeLine(image)))].join(
    ', ',
  );
}

/** A template to be compared with another, where it stands in its object. */
export function templateText(template: Revision['template']): string {
  return writeYaml({ spec: { template } });
}
