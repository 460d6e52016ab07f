import { CelError } from './errors.ts';

const nanosPerSecond = 1_000_000_000n;
const maxDurationNanos = 2n ** 63n - 1n;
/** 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z in seconds since the epoch. */
const [minSeconds, maxSeconds] = [-62_135_596_800n, 253_402_300_799n];

const unitNanos: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: nanosPerSecond,
  m: 60n * nanosPerSecond,
  h: 3600n * nanosPerSecond,
};

/** A google.protobuf.Duration, in whole nanoseconds. */
export class Duration {
  readonly nanos: bigint;

  /** @throws CelError beyond about 292 years, as a Go duration */
  constructor(nanos: bigint) {
    if (nanos > maxDurationNanos || nanos < -maxDurationNanos - 1n) throw new CelError('duration overflow');
    this.nanos = nanos;
  }

  /** Reads what Go's time.ParseDuration reads, such as "1h30m" or "-1.5s"; undefined for anything else. */
  static parse(text: string): Duration | undefined {
    const [, sign, rest = ''] = /^([+-]?)(.*)$/s.exec(text) ?? [];
    if (rest === '0') return new Duration(0n);
    if (rest.length > 128 || !/^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(rest))
      return undefined;
    let nanos = 0n;
    for (const [, whole = '', fraction = '', unit = ''] of rest.matchAll(
      /(\d*)\.?(\d*)(ns|us|µs|μs|ms|[smh])/g,
    ))
      nanos +=
        (BigInt(`${whole}${fraction}` || '0') * (unitNanos[unit] as bigint)) / 10n ** BigInt(fraction.length);
    if (nanos > maxDurationNanos) return undefined;
    return new Duration(sign === '-' ? -nanos : nanos);
  }

  /** Seconds, as protobuf's JSON has them: "90s", "0.5s". */
  toString(): string {
    const absolute = this.nanos < 0n ? -this.nanos : this.nanos;
    const fraction = (absolute % nanosPerSecond).toString().padStart(9, '0').replace(/0+$/, '');
    const seconds = `${absolute / nanosPerSecond}${fraction === '' ? '' : `.${fraction}`}`;
    return `${this.nanos < 0n ? '-' : ''}${seconds}s`;
  }
}

/** A google.protobuf.Timestamp, in nanoseconds since the epoch. */
export class Timestamp {
  readonly nanos: bigint;

  /** @throws CelError outside the years 1 to 9999 */
  constructor(nanos: bigint) {
    const seconds = nanos / nanosPerSecond;
    if (seconds < minSeconds || seconds > maxSeconds) throw new CelError('timestamp overflow');
    this.nanos = nanos;
  }

  static ofSeconds(seconds: bigint): Timestamp {
    return new Timestamp(seconds * nanosPerSecond);
  }

  /** Reads RFC 3339; undefined for anything else. */
  static parse(text: string): Timestamp | undefined {
    const match = /^(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?([Zz]|[+-]\d\d:\d\d)$/.exec(text);
    if (match === null) return undefined;
    const [, whole = '', fraction = '', zone = ''] = match;
    const ms = Date.parse(`${whole.toUpperCase()}${zone.toUpperCase()}`);
    if (Number.isNaN(ms)) return undefined;
    return new Timestamp(BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, '0')));
  }

  get seconds(): bigint {
    return this.nanos >= 0n
      ? this.nanos / nanosPerSecond
      : -((-this.nanos + nanosPerSecond - 1n) / nanosPerSecond);
  }

  toString(): string {
    const within = this.nanos - this.seconds * nanosPerSecond;
    const fraction = within.toString().padStart(9, '0').replace(/0+$/, '');
    const whole = new Date(Number(this.seconds) * 1000).toISOString().slice(0, 19);
    return `${whole}${fraction === '' ? '' : `.${fraction}`}Z`;
  }

  /** @param zone a fixed offset such as "+02:00", or a name such as "Europe/Berlin"; UTC without one */
  calendar(zone: string | undefined): Calendar {
    const ms = Number(this.seconds) * 1000;
    const local = new Date(ms + (zone === undefined ? 0 : offsetMs(zone, ms)));
    const within = this.nanos - this.seconds * nanosPerSecond;
    return { local, milliseconds: within / 1_000_000n };
  }
}

export interface Calendar {
  /** Whose UTC fields are the local ones. */
  readonly local: Date;
  readonly milliseconds: bigint;
}

function offsetMs(zone: string, ms: number): number {
  const fixed = /^([+-]?)(\d\d):(\d\d)$/.exec(zone);
  if (fixed !== null)
    return (fixed[1] === '-' ? -1 : 1) * (Number(fixed[2]) * 60 + Number(fixed[3])) * 60_000;
  const parts = zoneFormat(zone).formatToParts(ms);
  const name = parts.find(({ type }) => type === 'timeZoneName')?.value ?? 'GMT';
  const [, sign, hours = '0', minutes = '0', seconds = '0'] =
    /^GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(name) ?? [];
  return (sign === '-' ? -1 : 1) * ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
}

const maxZones = 64;
const zones = new Map<string, Intl.DateTimeFormat>();

function zoneFormat(zone: string): Intl.DateTimeFormat {
  const known = zones.get(zone);
  if (known !== undefined) return known;
  try {
    const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
    if (zones.size >= maxZones) zones.clear();
    zones.set(zone, format);
    return format;
  } catch (cause) {
    throw new CelError(`unknown time zone ${zone}`, { cause });
  }
}
