import type { PriorityLevelConfigurationSpec } from '../../api/generated/flowcontrol-v1.ts';
import type { DemandStats } from './seat-demand.ts';

/** The seats of a level: what it has by its shares, what it keeps when it lends, what it may have with borrowing. */
export interface SeatLimits {
  readonly nominal: number;
  readonly lower: number;
  readonly upper: number;
}

/** Divides the server's seats by the levels' shares (apf_controller.go: finishQueueSetReconfigsLocked). */
export function seatLimits(
  specs: readonly PriorityLevelConfigurationSpec[],
  serverSeats: number,
): readonly SeatLimits[] {
  const shares = specs.map(({ limited, exempt }) => (limited ?? exempt)?.nominalConcurrencyShares ?? 0);
  const total = shares.reduce((sum, one) => sum + one, 0);
  return specs.map(({ limited, exempt }, index) => {
    const nominal = total === 0 ? 0 : Math.ceil((serverSeats * (shares[index] ?? 0)) / total);
    const lendable = Math.round((nominal * ((limited ?? exempt)?.lendablePercent ?? 0)) / 100);
    const borrowable = limited?.borrowingLimitPercent;
    return {
      nominal,
      lower: nominal - lendable,
      upper:
        borrowable === undefined ? nominal + serverSeats : nominal + Math.round((nominal * borrowable) / 100),
    };
  });
}

interface Claim {
  readonly lower: number;
  readonly upper: number;
  readonly target: number;
}

/** No claim is so small that a share of it would be nothing. */
const leastTarget = 0.001;

/**
 * What each level has for the next while: in proportion to what it wants, within its bounds, and no more in total
 * than all have by their shares (KEP-1040, "Dispatching"). Seats that a level does not use go to those that want
 * more than theirs.
 */
export function currentSeats(
  limits: readonly SeatLimits[],
  demands: readonly DemandStats[],
): { readonly seats: readonly number[]; readonly fairFraction: number } {
  const claims = limits.map(({ nominal, lower, upper }, index): Claim => {
    const { highest = 0, smoothed = 0 } = demands[index] ?? {};
    const kept = Math.max(lower, Math.min(nominal, highest));
    return { lower: kept, upper, target: Math.max(kept, smoothed, leastTarget) };
  });
  const total = limits.reduce((sum, { nominal }) => sum + nominal, 0);
  const fairFraction = solve(claims, total);
  return { seats: claims.map((claim) => Math.round(given(claim, fairFraction))), fairFraction };
}

function given({ lower, upper, target }: Claim, fraction: number): number {
  return Math.max(lower, Math.min(upper, fraction * target));
}

/** The fraction at which everything given adds up to `total`: what is given only grows with it, so it is closed in. */
function solve(claims: readonly Claim[], total: number): number {
  const sum = (fraction: number) => claims.reduce((all, claim) => all + given(claim, fraction), 0);
  let low = 0;
  let high = 1;
  const highest = Math.max(1, ...claims.map(({ upper, target }) => upper / target));
  while (sum(high) < total && high < highest) high *= 2;
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (sum(middle) < total) low = middle;
    else high = middle;
  }
  return high;
}
