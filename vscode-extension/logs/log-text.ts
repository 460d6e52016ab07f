import { sanitizeLine } from '../../core/printers/sanitize.ts';
import type { LogLine } from './log-follower.ts';

/** Colours that are readable on light and dark backgrounds alike. */
const palette = [36, 33, 35, 32, 34, 31, 96, 93, 95, 92, 94, 91] as const;
const reset = '\x1b[0m';
/** Of those who have a colour; beyond that the first to have spoken give theirs back. */
const mostSpeakers = 500;

/**
 * A colour for everybody who speaks: the same name tends to have the same one in every terminal, and as long as there
 * are enough of them nobody shares.
 */
export class SpeakerColors {
  readonly #given = new Map<string, number>();

  /** As the number of an SGR sequence (ECMA-48). */
  of(name: string): number {
    const before = this.#given.get(name);
    if (before !== undefined) return before;
    const [oldest] = this.#given.keys();
    if (this.#given.size >= mostSpeakers && oldest !== undefined) this.#given.delete(oldest);
    let hash = 0;
    for (const character of name) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
    const from = hash % palette.length;
    const wanted = [...palette.slice(from), ...palette.slice(0, from)];
    const speakers = (color: number) => [...this.#given.values()].filter((each) => each === color).length;
    const fewest = Math.min(...wanted.map(speakers));
    const color = wanted.find((each) => speakers(each) === fewest) ?? palette[0];
    this.#given.set(name, color);
    return color;
  }
}

export interface LogLook {
  /** Whose lines they are begins each of them. */
  readonly prefix: boolean;
  readonly timestamps: boolean;
  readonly colors: SpeakerColors;
}

/** A line for a terminal: who says it in their own colour, then what they say, in the colours they chose. */
export function logText({ pod, container, time, text }: LogLine, look: LogLook): string {
  const who = look.prefix
    ? `\x1b[${look.colors.of(`${pod}/${container}`)}m${sanitizeLine(`${pod} ${container}`)}${reset} `
    : '';
  const when = look.timestamps ? `\x1b[2m${sanitizeLine(time)}${reset} ` : '';
  return `${who}${when}${withColors(text)}`;
}

/** Something about the logs, set off from what is in them. */
export function noteText(pod: string, text: string): string {
  return `\x1b[2m── ${sanitizeLine(`${pod} ${text}`)}${reset}`;
}

/** Harmless text that keeps what only colours it (SGR), and ends without colour. */
export function withColors(text: string): string {
  if (!text.includes('\x1b')) return sanitizeLine(text);
  const parts = text.split(/(\x1b\[[0-9;]*m)/);
  return parts.map((part, index) => (index % 2 === 1 ? part : sanitizeLine(part))).join('') + reset;
}

/** The text alone, for files and for filters. */
export function plainText({ text }: LogLine): string {
  return sanitizeLine(text);
}

/** A regular expression as the user wrote it, or the text itself where it is none; `!` at the start turns it around. */
export function lineFilter(text: string): ((line: string) => boolean) | undefined {
  if (text === '' || text === '!') return undefined;
  const inverse = text.startsWith('!');
  const pattern = inverse ? text.slice(1) : text;
  const matches = matcher(pattern);
  return (line) => matches(line) !== inverse;
}

function matcher(pattern: string): (line: string) => boolean {
  try {
    const expression = new RegExp(pattern, 'i');
    return (line) => expression.test(line);
  } catch {
    const plain = pattern.toLowerCase();
    return (line) => line.toLowerCase().includes(plain);
  }
}
