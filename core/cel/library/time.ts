import { overload } from '../functions.ts';
import type { Overload } from '../functions.ts';
import type { Calendar, Duration, Timestamp } from '../time.ts';

const parts: Readonly<Record<string, (calendar: Calendar) => bigint>> = {
  getFullYear: ({ local }) => BigInt(local.getUTCFullYear()),
  getMonth: ({ local }) => BigInt(local.getUTCMonth()),
  getDate: ({ local }) => BigInt(local.getUTCDate()),
  getDayOfMonth: ({ local }) => BigInt(local.getUTCDate() - 1),
  getDayOfWeek: ({ local }) => BigInt(local.getUTCDay()),
  getDayOfYear: ({ local }) =>
    BigInt(
      (Date.UTC(local.getUTCFullYear(), local.getUTCMonth(), local.getUTCDate()) -
        Date.UTC(local.getUTCFullYear(), 0, 1)) /
        86_400_000,
    ),
  getHours: ({ local }) => BigInt(local.getUTCHours()),
  getMinutes: ({ local }) => BigInt(local.getUTCMinutes()),
  getSeconds: ({ local }) => BigInt(local.getUTCSeconds()),
  getMilliseconds: ({ milliseconds }) => milliseconds,
};

const few = () => 12;

const units: Readonly<Record<string, bigint>> = {
  getHours: 3_600_000_000_000n,
  getMinutes: 60_000_000_000n,
  getSeconds: 1_000_000_000n,
  getMilliseconds: 1_000_000n,
};

/** Parts of times, in UTC or in a named zone, and durations in whole units. */
export const timeFunctions: readonly Overload[] = [
  ...Object.entries(parts).flatMap(([name, part]) => [
    overload(`timestamp.${name}(): int`, (value: Timestamp) => part(value.calendar(undefined)), few),
    // Zones are looked up in a database.
    overload(
      `timestamp.${name}(string): int`,
      (value: Timestamp, zone: string) => part(value.calendar(zone)),
      () => 150,
    ),
  ]),
  ...Object.entries(units).map(([name, unit]) =>
    overload(
      `duration.${name}(): int`,
      ({ nanos }: Duration) => nanos / unit,
      () => 3,
    ),
  ),
];
