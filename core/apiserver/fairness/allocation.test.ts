import { describe, expect, test } from 'vitest';
import { SteppedClock } from '../../machinery/stepped-clock.ts';
import { currentSeats, seatLimits } from './allocation.ts';
import { catchAllLevel, exemptLevel, suggestedLevels } from './built-in.ts';
import { SeatDemand } from './seat-demand.ts';

const wanted = (highest: number, smoothed = highest) => ({
  highest,
  average: smoothed,
  deviation: 0,
  smoothed,
});

describe('the seats of levels', () => {
  test('are by their shares, less what they lend, and up to what they borrow', () => {
    const specs = [exemptLevel, catchAllLevel, ...suggestedLevels].map(({ spec }) => spec);
    const limits = seatLimits(specs, 600);
    // Upstream's numbers for 600 seats, as its metrics tell them.
    expect(limits.map(({ nominal }) => nominal)).toEqual([0, 13, 74, 98, 25, 98, 245, 49]);
    expect(limits.map(({ lower }) => lower)).toEqual([0, 13, 50, 73, 25, 49, 24, 24]);
    expect(limits[7]?.upper).toBe(649);
    const bounded = seatLimits(
      [{ type: 'Limited', limited: { nominalConcurrencyShares: 10, borrowingLimitPercent: 50 } }],
      100,
    );
    expect(bounded).toEqual([{ nominal: 100, lower: 100, upper: 150 }]);
  });

  test('go to whoever wants them from whoever does not', () => {
    const limits = [
      { nominal: 50, lower: 10, upper: 150 },
      { nominal: 50, lower: 10, upper: 150 },
    ];
    const { seats } = currentSeats(limits, [wanted(90), wanted(0)]);
    expect(seats).toEqual([90, 10]);
    expect(currentSeats(limits, [wanted(90), wanted(50)]).seats).toEqual([50, 50]);
    expect(currentSeats(limits, [wanted(0), wanted(0)]).seats).toEqual([50, 50]);
  });

  test('never fall below what a level keeps, nor grow over what it may borrow', () => {
    const limits = [
      { nominal: 50, lower: 40, upper: 150 },
      { nominal: 50, lower: 10, upper: 55 },
    ];
    expect(currentSeats(limits, [wanted(0), wanted(200)]).seats).toEqual([45, 55]);
    expect(currentSeats(limits, [wanted(200), wanted(0)]).seats).toEqual([90, 10]);
  });
});

describe('the demand for seats', () => {
  test('is told by how long it was, and is forgotten slowly', () => {
    const clock = new SteppedClock();
    const demand = new SeatDemand(clock);
    demand.add(10);
    clock.advance(5_000);
    demand.add(-10);
    clock.advance(5_000);
    expect(demand.take()).toMatchObject({ highest: 10, average: 5, deviation: 5, smoothed: 10 });
    clock.advance(10_000);
    const { highest, average, smoothed } = demand.take();
    expect([highest, average]).toEqual([0, 0]);
    expect(smoothed).toBeCloseTo(9.77);
    for (let period = 0; period < 30; period++) {
      clock.advance(10_000);
      demand.take();
    }
    expect(demand.take().smoothed).toBeLessThan(5);
  });
});
