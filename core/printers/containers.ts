import type { PodSpec } from '../api/generated/core-v1.ts';
import type { LabelSelector } from '../api/generated/meta-v1.ts';
import { selectorFromObject } from '../machinery/label-selector.ts';
import { wideColumn } from './table.ts';
import type { ColumnOf } from './table.ts';

/** The wide columns of every kind that runs a Pod template. */
export function templateColumns<T>(
  template: (object: T) => PodSpec | undefined,
  selector?: (object: T) => LabelSelector | undefined,
): ColumnOf<T>[] {
  const containers = (object: T) => template(object)?.containers ?? [];
  const columns = [
    wideColumn<T>('Containers', (object) =>
      containers(object)
        .map(({ name }) => name)
        .join(','),
    ),
    wideColumn<T>('Images', (object) =>
      containers(object)
        .map(({ image }) => image ?? '')
        .join(','),
    ),
  ];
  if (selector !== undefined)
    columns.push(wideColumn('Selector', (object) => selectorText(selector(object))));
  return columns;
}

/** A selector object as people write it on the command line; "<none>" when it selects nothing or everything. */
export function selectorText(selector: LabelSelector | undefined): string {
  if (selector === undefined) return '<none>';
  return selectorFromObject(selector).toString() || '<none>';
}

/** Labels or a plain selector map as "a=b,c=d", sorted; "<none>" when empty. */
export function mapText(map: Readonly<Record<string, string>> | undefined): string {
  const pairs = Object.entries(map ?? {}).map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? '<none>' : pairs.sort().join(',');
}
