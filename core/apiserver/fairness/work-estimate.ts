import type { RequestAttributes } from '../requests/attributes.ts';

/** Objects that one seat is worth of, and the most seats that a request takes (flowcontrol/request/config.go). */
const objectsPerSeat = 100;
const mostSeats = 10;
/** Of a level's seats, so that one wide list does not wait for all others. */
const mostOfLevel = 0.15;

/** How many objects of a kind there are; undefined where that is not known. */
export type CountObjects = (group: string, version: string, resource: string) => number | undefined;

/**
 * How many seats a request takes: lists are as wide as what they read, everything else takes one
 * (list_work_estimator.go).
 */
export function seatsFor(
  { verb, resource, selection }: RequestAttributes,
  count: CountObjects,
  levelSeats: number,
): number {
  if ((verb !== 'list' && verb !== 'watch') || resource === undefined || resource.name !== undefined)
    return 1;
  // A watch that goes on from where it was reads nothing that is stored.
  if (verb === 'watch' && selection !== undefined && (selection.resourceVersion ?? '0') !== '0') return 1;
  const stored = count(resource.group, resource.version, resource.resource) ?? 0;
  const limit = selection?.limit ?? 0;
  const read = limit > 0 && selection?.filtered !== true ? Math.min(limit, stored) : stored;
  const most = Math.max(1, Math.min(mostSeats, Math.ceil(levelSeats * mostOfLevel)));
  return Math.max(1, Math.min(most, Math.ceil(read / objectsPerSeat)));
}
