export type ColorChoice = 'auto' | 'always' | 'never';

export interface ColorInputs {
  readonly isTerminal: boolean;
  /** `--color`; `auto` when not given. */
  readonly choice: ColorChoice;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Colour only where it will be seen and is wanted: --color wins, then NO_COLOR (no-color.org), TERM=dumb, the TTY. */
export function wantsColors({ isTerminal, choice, env }: ColorInputs): boolean {
  if (choice !== 'auto') return choice === 'always';
  if ((env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb') return false;
  return isTerminal;
}

export type Style =
  | 'bold'
  | 'dim'
  | 'reverse'
  | 'underline'
  | 'red'
  | 'green'
  | 'yellow'
  | 'blue'
  | 'magenta'
  | 'cyan'
  | 'gray';

/** SGR parameters (ECMA-48 8.3.117; 90 is aixterm's bright black). */
const parameters: Readonly<Record<Style, string>> = {
  bold: '1',
  dim: '2',
  underline: '4',
  reverse: '7',
  red: '31',
  green: '32',
  yellow: '33',
  blue: '34',
  magenta: '35',
  cyan: '36',
  gray: '90',
};

/** The SGR parameter list for some styles, `''` for none. */
function sgr(...styles: readonly Style[]): string {
  return styles.map((style) => parameters[style]).join(';');
}

/** Wraps `text`, which must be sanitised, in the styles; plain when colours are off. */
export function paint(colors: boolean, text: string, ...styles: readonly Style[]): string {
  return colors && styles.length > 0 && text !== '' ? `\x1b[${sgr(...styles)}m${text}\x1b[0m` : text;
}
