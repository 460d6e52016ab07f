import { l10n } from '../l10n.ts';

/** What came of asking a cluster about a file. */
export interface DryRunCounts {
  /** What it has to say. */
  readonly problems: number;
  /** Objects that it was asked about. */
  readonly asked: number;
  /** Objects and documents that it could not be asked about. */
  readonly left: number;
}

/** What to tell who has asked; `most` is how many objects of a file are asked about. */
export function dryRunSummary(
  { problems, asked, left }: DryRunCounts,
  cluster: string,
  most: number,
): string {
  const { t } = l10n;
  if (problems > 0) {
    return left === 0
      ? t('"{0}" has something to say about this file: see Problems.', cluster)
      : t(
          '"{0}" has something to say about this file: see Problems. {1} objects were not asked about: what is broken, a template, of a kind it does not serve, or beyond the first {2}.',
          cluster,
          left,
          most,
        );
  }
  if (left === 0)
    return asked === 0
      ? t('There is no object in this file.')
      : t('"{0}" would take everything in this file.', cluster);
  return t(
    '"{0}" would take {1} objects; {2} were not asked about: what is broken, a template, of a kind it does not serve, or beyond the first {3}.',
    cluster,
    asked,
    left,
    most,
  );
}
