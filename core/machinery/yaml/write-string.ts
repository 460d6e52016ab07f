import { looksLikeTimestamp, resolvePlainScalar } from './resolve-scalar.ts';

export interface Place {
  /** Columns before the continuation of a folded or literal string. */
  readonly indent: number;
  /** The column at which the string begins. */
  readonly column: number;
  /** Keys stand on one line. */
  readonly key?: boolean;
}

/** Lines are folded at the first space after this column. */
const bestWidth = 80;

// Go escapes what is no printable character of the basic plane, emoji included.
/** The styles a text can be written in (go-yaml v2: yaml_emitter_analyze_scalar). */
interface Styles {
  readonly plain: boolean;
  readonly single: boolean;
  readonly literal: boolean;
}

/** Names, paths and image references, most of what there is: nothing in them can mean anything else. */
const simple = /^[A-Za-z/][A-Za-z0-9/_.-]{5,60}$/;

/** Writes a string in the style go-yaml v2 chooses for it. */
export function writeString(text: string, place: Place): string {
  // The words that mean something else have at most five letters.
  if (simple.test(text)) return text;
  const styles = stylesOf(text);
  if (text.includes('\n') && place.key !== true && styles.literal) return writeLiteral(text, place.indent);
  if (!text.includes('\n') && canStandPlain(text)) {
    if (styles.plain) return fold(text, place, '');
    if (styles.single) return writeSingleQuoted(text, place);
  }
  return writeDoubleQuoted(text, place);
}

/** Whether the bare text would be read back as this string. Base-60 numbers are quoted for parsers that know them. */
function canStandPlain(text: string): boolean {
  if (text === '<<') return true;
  if (resolvePlainScalar(text) !== text || looksLikeTimestamp(text)) return false;
  return !/^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/.test(text);
}

function stylesOf(text: string): Styles {
  if (text === '') return { plain: false, single: false, literal: false };
  const special = /[^\n\u0020-\u007e\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]/u.test(text);
  const indicators =
    /^(---|\.\.\.)/.test(text) ||
    /^[#,[\]{}&*!|>'"%@`]/.test(text) ||
    /^[-?:]([ \t\n]|$)/.test(text) ||
    /:([ \t\n]|$)/.test(text) ||
    /[ \t\n]#/.test(text);
  const spaceBeforeBreak = / \n/.test(text) || special;
  const edges = /^[ \n]|[ \n]$/.test(text);
  return {
    plain: !indicators && !spaceBeforeBreak && !edges && !text.includes('\n'),
    single: !spaceBeforeBreak && !/\n /.test(text),
    literal: !spaceBeforeBreak && !text.endsWith(' '),
  };
}

function writeLiteral(text: string, indent: number): string {
  const body = text.replace(/\n+$/, '');
  const trailing = text.length - body.length;
  // An indentation indicator is needed where the first line does not show the indentation itself.
  const hint = /^[ \n]/.test(text) ? '2' : '';
  const chomping = trailing === 0 ? '-' : trailing > 1 || body === '' ? '+' : '';
  const lines = (trailing === 0 ? text : text.slice(0, -1)).split('\n');
  return `|${hint}${chomping}\n${lines.map((line) => (line === '' ? '' : ' '.repeat(indent) + line)).join('\n')}`;
}

function writeSingleQuoted(text: string, place: Place): string {
  return `'${fold(text.replaceAll("'", "''"), { ...place, column: place.column + 1 }, "'")}'`;
}

/** Breaks lines at single spaces past the best width, never at the ends of a quoted text. */
function fold(text: string, { indent, column, key }: Place, quote: string): string {
  if (key === true || column + text.length <= bestWidth) return text;
  let folded = '';
  let at = column;
  let afterSpace = false;
  const chars = Array.from(text);
  chars.forEach((char, index) => {
    const inside = quote === '' || (index > 0 && index < chars.length - 1);
    if (char === ' ' && !afterSpace && at > bestWidth && inside && chars[index + 1] !== ' ') {
      folded += `\n${' '.repeat(indent)}`;
      at = indent;
    } else {
      folded += char;
      at++;
    }
    afterSpace = char === ' ';
  });
  return folded;
}

const escapes = new Map([
  ['\0', '\\0'],
  ['\u0007', '\\a'],
  ['\b', '\\b'],
  ['\t', '\\t'],
  ['\n', '\\n'],
  ['\v', '\\v'],
  ['\f', '\\f'],
  ['\r', '\\r'],
  ['\u001b', '\\e'],
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\u0085', '\\N'],
  ['\u2028', '\\L'],
  ['\u2029', '\\P'],
]);

const printable = /[\u0020-\u007e\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]/u;

function writeDoubleQuoted(text: string, { indent, column, key }: Place): string {
  const chars = Array.from(text);
  let written = '"';
  let at = column + 1;
  let afterSpace = false;
  chars.forEach((char, index) => {
    const inside = index > 0 && index < chars.length - 1;
    if (char === ' ' && key !== true && !afterSpace && at > bestWidth && inside) {
      const guard = chars[index + 1] === ' ' ? '\\' : '';
      written += `\n${' '.repeat(indent)}${guard}`;
      at = indent + guard.length;
      afterSpace = true;
      return;
    }
    const shown = escape(char);
    written += shown;
    at += shown === char ? 1 : shown.length;
    afterSpace = char === ' ';
  });
  return `${written}"`;
}

function escape(char: string): string {
  const known = escapes.get(char);
  if (known !== undefined) return known;
  if (printable.test(char)) return char;
  const code = char.codePointAt(0) as number;
  if (code <= 0xff) return `\\x${hex(code, 2)}`;
  return code <= 0xffff ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
}

function hex(code: number, digits: number): string {
  return code.toString(16).toUpperCase().padStart(digits, '0');
}
