import { inApplyOrder } from './apply-order.ts';
import {
  applyPlanned,
  type Applied,
  type FieldConflict,
  type PlannedObject,
  type PlanPlace,
} from './apply-plan.ts';

/**
 * Applies objects one after the other: those that others need first. One that is refused holds up no other; once the
 * signal of the place has aborted, the rest is left. `onNext` hears of each one when it is its turn.
 */
export async function applyAll(
  chosen: readonly PlannedObject[],
  place: PlanPlace,
  taken: ReadonlySet<FieldConflict>,
  onNext: (next: PlannedObject) => void = () => {},
): Promise<readonly Applied[]> {
  const results: Applied[] = [];
  for (const planned of inApplyOrder(chosen)) {
    if (place.signal.aborted) {
      results.push({ planned, outcome: 'left' });
      continue;
    }
    onNext(planned);
    results.push(await applyPlanned(planned, place, taken));
  }
  return results;
}
