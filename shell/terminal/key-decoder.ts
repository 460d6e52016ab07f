import type { InputEvent, Key } from './keys.ts';

/** An event with the exact bytes it came from, so that unread input can still go to a borrower of raw bytes. */
export interface DecodedInput {
  readonly event: InputEvent;
  readonly raw: string;
}

const escape = '\x1b';
const pasteBegin = '\x1b[200~';
const pasteEnd = '\x1b[201~';

/** A paste larger than this is handed on in pieces, so that a hostile stream without an end mark cannot fill memory. */
const pastePieceCharacters = 1 << 20;
/** No real sequence is longer; what goes on longer is dropped up to its end. */
const sequenceCharacters = 64;

/**
 * Turns what a terminal sends into events. Pure but for its pending input: UTF-8 may be split anywhere, sequences may
 * be split anywhere, and a lone Escape is told from the start of a sequence by `flush()` after a pause.
 *
 * Sequences: ECMA-48 control sequences, xterm's ctlseqs (modified keys `CSI 1;5D`, SS3 keys, bracketed paste, SGR
 * mouse), rxvt's `CSI 5^`, the Linux console's `CSI [A`, and CSI u as far as terminals send it unasked.
 */
export class KeyDecoder {
  readonly #utf8 = new TextDecoder('utf-8');
  #pending = '';
  #pasting = false;

  /** True while a sequence is open that only more input or `flush()` can end. */
  get waiting(): boolean {
    return this.#pending !== '' && !this.#pasting;
  }

  push(bytes: Uint8Array): DecodedInput[] {
    return this.pushText(this.#utf8.decode(bytes, { stream: true }));
  }

  pushText(text: string): DecodedInput[] {
    this.#pending += text;
    return this.#drain(false);
  }

  /** Takes what is pending at its word: a lone Escape is the Escape key. An open paste stays open. */
  flush(): DecodedInput[] {
    return this.#drain(true);
  }

  /** Forgets and returns undecoded input, for whoever takes raw bytes from here on. */
  takeRaw(): string {
    const raw = this.#pasting ? pasteBegin + this.#pending : this.#pending;
    this.#pending = '';
    this.#pasting = false;
    return raw;
  }

  #drain(final: boolean): DecodedInput[] {
    const events: DecodedInput[] = [];
    while (this.#pending !== '') {
      if (this.#pasting) {
        if (!this.#takePaste(events)) break;
        continue;
      }
      const length = final
        ? Math.max(1, sequenceLength(this.#pending) ?? this.#pending.length)
        : sequenceLength(this.#pending);
      if (length === undefined) break;
      const raw = this.#pending.slice(0, length);
      this.#pending = this.#pending.slice(length);
      if (raw === pasteBegin) {
        this.#pasting = true;
        continue;
      }
      const event = decode(raw);
      if (event !== undefined) events.push({ event, raw });
    }
    return events;
  }

  #takePaste(events: DecodedInput[]): boolean {
    const end = this.#pending.indexOf(pasteEnd);
    if (end >= 0) {
      const text = this.#pending.slice(0, end);
      this.#pending = this.#pending.slice(end + pasteEnd.length);
      this.#pasting = false;
      events.push(pasted(text));
      return true;
    }
    if (this.#pending.length > pastePieceCharacters) {
      // The end mark may be split over the cut: keep back what could be its beginning.
      const cut = this.#pending.length - pasteEnd.length;
      events.push(pasted(this.#pending.slice(0, cut)));
      this.#pending = this.#pending.slice(cut);
    }
    return false;
  }
}

function pasted(text: string): DecodedInput {
  return { event: { kind: 'paste', text }, raw: pasteBegin + text + pasteEnd };
}

/** Length of the first complete unit of `text`, or undefined when it has only begun. */
function sequenceLength(text: string): number | undefined {
  if (text[0] !== escape) return textLength(text);
  const second = text[1];
  if (second === undefined) return undefined;
  if (second === '[') return controlSequenceLength(text);
  if (second === 'O') return text.length < 3 ? undefined : 3;
  if (second === ']' || second === 'P' || second === '_' || second === '^') return stringLength(text);
  if (second === escape) {
    // Alt with a key that is itself a sequence; two Escapes and nothing more are one Escape, then another.
    const inner = sequenceLength(text.slice(1));
    if (inner === undefined) return text.length > sequenceCharacters ? 1 : undefined;
    return inner === 1 ? 1 : 1 + inner;
  }
  return 1 + textLength(text.slice(1));
}

/** CSI: parameters 0x30–0x3f, intermediates 0x20–0x2f, one final byte 0x40–0x7e (ECMA-48, 5.4). */
function controlSequenceLength(text: string): number | undefined {
  // The Linux console's F1–F5 are `CSI [` and one letter.
  if (text[2] === '[') return text.length < 4 ? undefined : 4;
  for (let index = 2; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code >= 0x40 && code <= 0x7e) {
      // X10 mouse reports carry three more bytes.
      if (index === 2 && code === 0x4d) return text.length < 6 ? undefined : 6;
      return index + 1;
    }
    // rxvt ends shifted keys with `$`.
    if (code === 0x24 && index > 2) return index + 1;
    if (code < 0x20 || code > 0x3f || index > sequenceCharacters) return index;
  }
  return undefined;
}

/** OSC, DCS, APC and PM run to BEL or ST; they are replies to questions nobody here asked. */
function stringLength(text: string): number | undefined {
  const end = /\x07|\x1b\\/.exec(text.slice(2));
  if (end !== null) return 2 + end.index + end[0].length;
  // Alt-] and friends typed by hand begin like this too; they are told apart by the pause after them.
  return text.length > 4096 ? text.length : undefined;
}

/** One code point; graphemes are the editor's business, since their parts may arrive in separate reads. */
function textLength(text: string): number {
  return (text.codePointAt(0) ?? 0) > 0xffff ? 2 : 1;
}

function decode(raw: string): InputEvent | undefined {
  if (raw[0] !== escape) return decodeText(raw);
  if (raw.length === 1) return key('escape');
  if (raw.startsWith('\x1b['))
    return raw.length === 2 ? withAlt(decodeText('[')) : decodeControlSequence(raw);
  if (raw.startsWith('\x1bO'))
    return raw.length === 2 ? withAlt(decodeText('O')) : decodeApplicationKey(raw[2] ?? '');
  if (/^\x1b[\]P_^]/.test(raw)) return raw.length === 2 ? withAlt(decodeText(raw[1] ?? '')) : undefined;
  return withAlt(decode(raw.slice(1)));
}

function decodeText(text: string): Key {
  const code = text.codePointAt(0) ?? 0;
  if (code === 0x0d || code === 0x0a) return key('enter', code === 0x0a ? { ctrl: true } : {});
  if (code === 0x09) return key('tab');
  if (code === 0x7f) return key('backspace');
  if (code === 0x08) return key('h', { ctrl: true });
  if (code === 0x00) return key('space', { ctrl: true });
  if (code === 0x1f) return key('_', { ctrl: true });
  if (code < 0x1b) return key(String.fromCharCode(code + 0x60), { ctrl: true });
  if (code < 0x20) return key(String.fromCharCode(code + 0x40), { ctrl: true });
  if (code >= 0x80 && code < 0xa0) return key('undefined');
  if (code === 0x20) return { ...key('space'), text: ' ' };
  return { ...key(text), text, shift: text !== text.toLowerCase() };
}

const finalKeys: Readonly<Record<string, string>> = {
  A: 'up',
  B: 'down',
  C: 'right',
  D: 'left',
  E: 'clear',
  F: 'end',
  H: 'home',
  P: 'f1',
  Q: 'f2',
  R: 'f3',
  S: 'f4',
  Z: 'tab',
  a: 'up',
  b: 'down',
  c: 'right',
  d: 'left',
  M: 'enter',
};

const numberedKeys: Readonly<Record<number, string>> = {
  1: 'home',
  2: 'insert',
  3: 'delete',
  4: 'end',
  5: 'pageup',
  6: 'pagedown',
  7: 'home',
  8: 'end',
  11: 'f1',
  12: 'f2',
  13: 'f3',
  14: 'f4',
  15: 'f5',
  17: 'f6',
  18: 'f7',
  19: 'f8',
  20: 'f9',
  21: 'f10',
  23: 'f11',
  24: 'f12',
};

function decodeControlSequence(raw: string): InputEvent | undefined {
  const body = raw.slice(2, -1);
  const final = raw.at(-1) ?? '';
  if (body.startsWith('<') || (final === 'M' && raw.length === 6) || /^[?>=]/.test(body)) return undefined;
  if (final === 'I' || final === 'O') return undefined;
  if (body === '[') return key(`f${final.charCodeAt(0) - 64}`);
  const [first = NaN, second = NaN] = body.split(';').map((part) => Number.parseInt(part, 10));
  if (final === 'R' && first > 0 && second > 0) return { kind: 'cursor', row: first, column: second };
  if (final === 'u') return decodeUnicodeKey(first, second);
  if (final === '~' && first === 27)
    return decodeUnicodeKey(Number.parseInt(body.split(';')[2] ?? '', 10), second);
  if (final === '~' || final === '^' || final === '$' || final === '@') {
    const name = numberedKeys[first];
    if (name === undefined) return undefined;
    return key(name, {
      ...modifiers(second),
      ...(final === '^' ? { ctrl: true } : {}),
      ...(final === '$' ? { shift: true } : {}),
      ...(final === '@' ? { ctrl: true, shift: true } : {}),
    });
  }
  const name = finalKeys[final];
  if (name === undefined || name === 'enter') return undefined;
  if (final === 'Z' || (final >= 'a' && final <= 'd')) return key(name, { shift: true });
  return key(name, modifiers(second));
}

/** SS3: application cursor and keypad keys; rxvt sends lower case with Ctrl. */
function decodeApplicationKey(final: string): Key | undefined {
  const name = finalKeys[final];
  if (name !== undefined) return key(name, final >= 'a' && final <= 'd' ? { ctrl: true } : {});
  // The keypad in application mode: `SS3 j`…`SS3 y` are `*`…`9`.
  const digit = final.charCodeAt(0) - 0x40;
  return digit >= 0x2a && digit <= 0x39 ? decodeText(String.fromCharCode(digit)) : undefined;
}

/** `CSI code;modifier u` (and xterm's modifyOtherKeys form), which some terminals use for keys that have no byte. */
function decodeUnicodeKey(code: number, modifier: number): Key | undefined {
  if (!(code > 0 && code <= 0x10ffff) || (code >= 0xd800 && code <= 0xdfff)) return undefined;
  if (code === 27) return key('escape', modifiers(modifier));
  const plain = decodeText(String.fromCodePoint(code));
  const held = modifiers(modifier);
  const commands = held.ctrl === true || held.alt === true;
  return { ...plain, ...held, text: commands ? '' : plain.text };
}

/** xterm's modifier parameter is 1 plus a bit each for Shift, Alt, Ctrl and Meta. */
function modifiers(parameter: number): Partial<Pick<Key, 'ctrl' | 'alt' | 'shift'>> {
  const bits = Number.isNaN(parameter) ? 0 : parameter - 1;
  return {
    ...(bits & 1 ? { shift: true } : {}),
    ...(bits & 2 || bits & 8 ? { alt: true } : {}),
    ...(bits & 4 ? { ctrl: true } : {}),
  };
}

function withAlt(event: InputEvent | undefined): InputEvent | undefined {
  return event?.kind === 'key' ? { ...event, alt: true, text: '' } : event;
}

function key(name: string, held: Partial<Pick<Key, 'ctrl' | 'alt' | 'shift'>> = {}): Key {
  return { kind: 'key', name, text: '', ctrl: false, alt: false, shift: false, ...held };
}

/** The spelling used by key maps and help: `Ctrl-A`, `Alt-Backspace`, `Shift-Tab`, `PgUp`, `a`, `G`. */
export function keyLabel(pressed: Key): string {
  const name = labels[pressed.name] ?? (pressed.name.length === 1 ? pressed.name : capitalise(pressed.name));
  const held = `${pressed.ctrl ? 'Ctrl-' : ''}${pressed.alt ? 'Alt-' : ''}`;
  const shifted = pressed.shift && (pressed.name.length > 1 || pressed.text === '') ? 'Shift-' : '';
  return held + shifted + (pressed.ctrl && name.length === 1 ? name.toUpperCase() : name);
}

const labels: Readonly<Record<string, string>> = {
  pageup: 'PgUp',
  pagedown: 'PgDn',
  escape: 'Esc',
  up: '↑',
  down: '↓',
  left: '←',
  right: '→',
};

function capitalise(name: string): string {
  return name.slice(0, 1).toUpperCase() + name.slice(1);
}
