import type { Event } from '../../api/generated/core-v1.ts';
import { ageSince } from '../age.ts';
import { alignTabs } from './elastic-tabs.ts';

/** kubectl cuts annotation values off here. */
const longestAnnotation = 140;
const hiddenAnnotations = new Set(['kubectl.kubernetes.io/last-applied-configuration']);

/** Collects the lines of a description; "\t" separates a label from its value, levels indent by two blanks. */
export class Description {
  readonly #lines: string[] = [];

  /** Line breaks in the text start lines of their own at the same level. */
  line(level: number, text: string): this {
    for (const part of text.split('\n')) this.#lines.push('  '.repeat(level) + part);
    return this;
  }

  field(level: number, name: string, value: string | number | undefined): this {
    return this.line(level, `${name}:\t${value ?? ''}`);
  }

  /** Writes the field only when there is a value. */
  optional(level: number, name: string, value: string | number | undefined | null): this {
    return value === undefined || value === null || value === '' ? this : this.field(level, name, value);
  }

  /** One value a line, under each other; "<none>" without any. */
  multiline(name: string, values: readonly string[]): this {
    if (values.length === 0) return this.line(0, `${name}:\t<none>`);
    for (const [index, value] of values.entries()) this.line(0, `${index === 0 ? `${name}:` : ''}\t${value}`);
    return this;
  }

  labels(name: string, map: Readonly<Record<string, string>> | undefined): this {
    return this.multiline(
      name,
      sortedEntries(map).map(([key, value]) => `${key}=${value}`),
    );
  }

  annotations(map: Readonly<Record<string, string>> | undefined): this {
    const shown = sortedEntries(map).filter(([key]) => !hiddenAnnotations.has(key));
    return this.multiline(
      'Annotations',
      shown.flatMap(([key, raw]) => {
        const value = raw.replace(/\n$/, '');
        const fits = key.length + value.length + 2 <= longestAnnotation && !value.includes('\n');
        if (fits) return [`${key}: ${value}`];
        return [`${key}:`, ...value.split('\n').map((part) => `  ${shorten(part, longestAnnotation - 2)}`)];
      }),
    );
  }

  /** What happened to the object, oldest first. */
  events(events: readonly Event[], nowMs: number): this {
    if (events.length === 0) return this.line(0, 'Events:\t<none>');
    this.line(0, 'Events:');
    this.line(1, 'Type\tReason\tAge\tFrom\tMessage');
    this.line(1, '----\t------\t----\t----\t-------');
    for (const event of events.toSorted((a, b) => lastSeenMs(a) - lastSeenMs(b))) {
      const from = event.source?.component || event.reportingComponent || '';
      const cells = [event.type, event.reason, eventAge(event, nowMs), from, event.message?.trim()];
      this.line(1, cells.map((cell) => (cell ?? '').replaceAll('\n', ' ')).join('\t'));
    }
    return this;
  }

  toLines(): string[] {
    return alignTabs(this.#lines);
  }
}

export function sortedEntries<T>(map: Readonly<Record<string, T>> | undefined): (readonly [string, T])[] {
  return Object.entries(map ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
}

function shorten(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}...` : text;
}

function lastSeenMs(event: Event): number {
  const time =
    event.series?.lastObservedTime || event.lastTimestamp || event.eventTime || event.firstTimestamp;
  return time ? Date.parse(time) : 0;
}

/** "2m", or "10s (x5 over 2m)" for what happened again and again. */
function eventAge(event: Event, nowMs: number): string {
  const last =
    event.series?.lastObservedTime || event.lastTimestamp || event.eventTime || event.firstTimestamp;
  const first = event.firstTimestamp || event.eventTime;
  const count = event.series?.count ?? event.count ?? 1;
  return count > 1
    ? `${ageSince(last, nowMs)} (x${count} over ${ageSince(first, nowMs)})`
    : ageSince(last, nowMs);
}

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** RFC 1123 with the reader's own zone, such as "Sat, 26 Oct 2024 01:32:53 +0800". */
export function localTime(time: string | undefined): string {
  if (!time) return '';
  const date = new Date(time);
  const two = (value: number) => String(value).padStart(2, '0');
  const offset = -date.getTimezoneOffset();
  const zone = `${offset < 0 ? '-' : '+'}${two(Math.trunc(Math.abs(offset) / 60))}${two(Math.abs(offset) % 60)}`;
  const day = `${weekdays[date.getDay()]}, ${two(date.getDate())} ${months[date.getMonth()]} ${date.getFullYear()}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())} ${zone}`;
}
