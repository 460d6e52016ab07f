import { alignColumns } from '../../core/printers/columns-text.ts';

/** One measured number beside the floor it is compared with, measured in the same run. */
export interface Measurement {
  readonly name: string;
  readonly value: string;
  /** What the value stands beside; "-" where the limit is absolute. */
  readonly floor: string;
  readonly ratio: string;
  readonly limit: string;
  /** Undefined where there is no limit. */
  readonly holds: boolean | undefined;
}

export function quantile(samples: readonly number[], fraction: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))] ?? Number.NaN;
}

export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}

/** A time compared with another time: passes when it is at most `limit` times as long. */
export function ratioOf(name: string, valueMs: number, floorMs: number, limit?: number): Measurement {
  const ratio = valueMs / floorMs;
  return {
    name,
    value: milliseconds(valueMs),
    floor: milliseconds(floorMs),
    ratio: ratio < 0.1 ? `1/${(1 / ratio).toFixed(0)}` : ratio.toFixed(2),
    limit: limit === undefined ? '-' : limit < 1 ? `≤ 1/${Math.round(1 / limit)}` : `≤ ${limit} ×`,
    holds: limit === undefined ? undefined : ratio <= limit,
  };
}

/** A number with a limit of its own, and where there is one the same of the floor. */
export function atMost(
  name: string,
  value: number,
  limit: number,
  unit: string,
  floor?: number,
): Measurement {
  return { ...beside(name, value, unit, floor), limit: `≤ ${limit} ${unit}`, holds: value <= limit };
}

/** As `atMost`, where more is better. */
export function atLeast(
  name: string,
  value: number,
  limit: number,
  unit: string,
  floor?: number,
): Measurement {
  return { ...beside(name, value, unit, floor), limit: `≥ ${limit} ${unit}`, holds: value >= limit };
}

/** Milliseconds, beside the floor's. */
export function durationOf(name: string, value: number, floor: number): Measurement {
  return { ...beside(name, value, 'ms', floor), limit: '-', holds: undefined };
}

/** Microseconds of a core, beside the floor's. */
export function costOf(name: string, value: number, floor: number): Measurement {
  return { ...beside(name, value, 'µs', floor), limit: '-', holds: undefined };
}

function beside(name: string, value: number, unit: string, floor: number | undefined) {
  return {
    name,
    value: amount(value, unit),
    floor: floor === undefined ? '-' : amount(floor, unit),
    ratio: floor === undefined ? '-' : (value / floor).toFixed(2),
  };
}

function amount(value: number, unit: string): string {
  return unit === 'ms' ? milliseconds(value) : `${value.toFixed(value < 10 ? 2 : 0)} ${unit}`;
}

function milliseconds(value: number): string {
  return value < 10 ? `${value.toFixed(2)} ms` : `${value.toFixed(0)} ms`;
}

export function tableOf(measurements: readonly Measurement[]): string {
  const rows = measurements.map(({ name, value, floor, ratio, limit, holds }) => [
    name,
    value,
    floor,
    ratio,
    limit,
    holds === undefined ? '' : holds ? 'ok' : 'MISSED',
  ]);
  return alignColumns([['WHAT', 'MEASURED', 'FLOOR', 'RATIO', 'LIMIT', ''], ...rows])
    .map((line) => line.trimEnd())
    .join('\n');
}

/** The milliseconds that this process computed, whatever else the machine did meanwhile. */
export async function cpuTimed(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}
