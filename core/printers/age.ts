import type { KubernetesObject } from '../api/object.ts';
import { humanDuration } from '../machinery/duration.ts';
import { column } from './table.ts';
import type { ColumnOf } from './table.ts';

const unknownAge = '<unknown>';

/** How long ago an RFC 3339 time was, such as "3m7s"; "<unknown>" without one. */
export function ageSince(time: string | undefined | null, nowMs: number): string {
  if (!time) return unknownAge;
  const thenMs = Date.parse(time);
  return Number.isNaN(thenMs) ? '<invalid>' : humanDuration(nowMs - thenMs);
}

export function ageColumn<T extends KubernetesObject>(): ColumnOf<T> {
  return column('Age', (object, nowMs) => ageSince(object.metadata.creationTimestamp, nowMs), {
    description: 'How long ago the object was created.',
  });
}

/** Upstream prints some kinds with the time itself instead of an age. */
export function createdAtColumn<T extends KubernetesObject>(): ColumnOf<T> {
  return column('Created At', (object) => object.metadata.creationTimestamp, {
    type: 'date',
    description: 'When the object was created.',
  });
}
