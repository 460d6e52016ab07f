import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  durationProblem,
  formatDuration,
  humanDuration,
  parseDurationMs,
  shortHumanDuration,
} from './duration.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const year = 365 * day;

describe('Go durations', () => {
  test.each([
    ['0', 0],
    ['0s', 0],
    ['5s', 5000],
    ['1h15m30.918s', 4_530_918],
    ['-1.5h', -5_400_000],
    ['+5s', 5000],
    ['1.s', 1000],
    ['.5s', 500],
    ['10ms', 10],
    ['1µs', 0.001],
    ['1us', 0.001],
    ['2ns', 2e-6],
    ['3m3m', 360_000],
  ])('%s is %d ms', (text, ms) => expect(parseDurationMs(text)).toBeCloseTo(ms, 6));

  test.each(['', '5', 's', '.s', '-', '5 s', '1h ', '1d', '1e3s', '3000000h', '1h-5m'])(
    '%j is refused',
    (text) =>
      expect(() => parseDurationMs(text)).toThrow(`Cannot read ${JSON.stringify(text)} as a duration`),
  );

  test.each([
    ['10', 'time: missing unit in duration "10"'],
    ['-1h5', 'time: missing unit in duration "-1h5"'],
    ['10x', 'time: unknown unit "x" in duration "10x"'],
    ['1d', 'time: unknown unit "d" in duration "1d"'],
    ['soon', 'time: invalid duration "soon"'],
    ['3000000h', 'time: invalid duration "3000000h"'],
  ])('of %j is said what Go says', (text, problem) => expect(durationProblem(text)).toBe(problem));

  test('are read in no more than one way, however long they are', () => {
    const digits = '1'.repeat(1_000_000);
    expect(() => parseDurationMs(digits)).toThrow(RangeError);
    expect(durationProblem(digits)).toContain('missing unit');
  });

  test.each([
    [0, '0s'],
    [5000, '5s'],
    [90_000, '1m30s'],
    [3_600_000, '1h0m0s'],
    [4_530_918, '1h15m30.918s'],
    [1.5, '1.5ms'],
    [0.0015, '1.5µs'],
    [0.000002, '2ns'],
    [-1500, '-1.5s'],
  ])('%d ms is written %s', (ms, text) => expect(formatDuration(ms)).toBe(text));

  test('what is written reads back the same', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e12, max: 1e12 }), (ms) => {
        expect(parseDurationMs(formatDuration(ms))).toBeCloseTo(ms, 3);
      }),
    );
  });
});

describe('ages', () => {
  test.each([
    [-2 * second, '<invalid>'],
    [-second, '0s'],
    [0, '0s'],
    [second - 1, '0s'],
    [119 * second, '119s'],
    [2 * minute, '2m'],
    [3 * minute + 7 * second, '3m7s'],
    [10 * minute - 1, '9m59s'],
    [10 * minute, '10m'],
    [65 * minute, '65m'],
    [3 * hour - 1, '179m'],
    [3 * hour, '3h'],
    [7 * hour + 59 * minute, '7h59m'],
    [24 * hour, '24h'],
    [2 * day - 1, '47h'],
    [2 * day, '2d'],
    [5 * day + 21 * hour, '5d21h'],
    [8 * day, '8d'],
    [2 * year - 1, '729d'],
    [2 * year, '2y'],
    [2 * year + 1 * day, '2y1d'],
    [8 * year, '8y'],
  ])('%d ms are %s', (ms, text) => expect(humanDuration(ms)).toBe(text));

  test.each([
    [59 * second, '59s'],
    [3 * minute + 7 * second, '3m'],
    [23 * hour, '23h'],
    [5 * day + 21 * hour, '5d'],
    [3 * year, '3y'],
  ])('%d ms are %s in short', (ms, text) => expect(shortHumanDuration(ms)).toBe(text));
});
