import { graphemeBoundaries } from '../terminal/width.ts';

/** A line (or several) being edited. Immutable: every command answers with the next state, so undo is a list. */
export interface EditState {
  readonly text: string;
  /** UTF-16 offset, always on a grapheme boundary. */
  readonly cursor: number;
}

export const emptyEdit: EditState = { text: '', cursor: 0 };

export function edit(text: string, cursor = text.length): EditState {
  return { text, cursor };
}

export function insert(state: EditState, text: string): EditState {
  const next = state.text.slice(0, state.cursor) + text + state.text.slice(state.cursor);
  const cursor = state.cursor + text.length;
  // A typed mark may have joined the grapheme that follows: the cursor stays outside of it.
  return { text: next, cursor: boundaryAtOrAfter(next, cursor) };
}

export function replaceRange(state: EditState, from: number, to: number, text: string): EditState {
  return insert({ text: state.text.slice(0, from) + state.text.slice(to), cursor: from }, text);
}

export function left(state: EditState): EditState {
  return { ...state, cursor: previousBoundary(state.text, state.cursor) };
}

export function right(state: EditState): EditState {
  return { ...state, cursor: nextBoundary(state.text, state.cursor) };
}

export function lineStart({ text, cursor }: EditState): number {
  return text.lastIndexOf('\n', cursor - 1) + 1;
}

export function lineEnd({ text, cursor }: EditState): number {
  const end = text.indexOf('\n', cursor);
  return end < 0 ? text.length : end;
}

export function home(state: EditState): EditState {
  return { ...state, cursor: state.cursor === 0 ? 0 : lineStart(state) };
}

export function end(state: EditState): EditState {
  return { ...state, cursor: lineEnd(state) };
}

/** A word is a run of letters and digits, as in Emacs' M-f and M-b; the kill of Ctrl-W goes by spaces instead. */
export function wordLeft(state: EditState): EditState {
  const before = state.text.slice(0, state.cursor);
  const found = /[\p{L}\p{N}\p{M}]+[^\p{L}\p{N}]*$/u.exec(before);
  return { ...state, cursor: found?.index ?? 0 };
}

export function wordRight(state: EditState): EditState {
  const after = state.text.slice(state.cursor);
  const found = /^[^\p{L}\p{N}]*[\p{L}\p{N}\p{M}]+/u.exec(after);
  return { ...state, cursor: found === null ? state.text.length : state.cursor + found[0].length };
}

/** Where Ctrl-W stops: the start of the blank-separated word before the cursor. */
export function blankWordStart({ text, cursor }: EditState): number {
  return /\S*\s*$/.exec(text.slice(0, cursor))?.index ?? 0;
}

export function deleteLeft(state: EditState): EditState {
  return replaceRange(state, previousBoundary(state.text, state.cursor), state.cursor, '');
}

export function deleteRight(state: EditState): EditState {
  return replaceRange(state, state.cursor, nextBoundary(state.text, state.cursor), '');
}

/** Swaps the graphemes around the cursor (the two before it at the end of a line) and moves on. */
export function transpose(state: EditState): EditState {
  const at = state.cursor === lineEnd(state) ? previousBoundary(state.text, state.cursor) : state.cursor;
  const before = previousBoundary(state.text, at);
  const after = nextBoundary(state.text, at);
  if (at <= lineStart({ ...state, cursor: at }) || after === at) return state;
  const swapped = state.text.slice(at, after) + state.text.slice(before, at);
  return replaceRange({ ...state, cursor: before }, before, after, swapped);
}

/** Changes the case of the word at the cursor: Alt-U, Alt-L and Alt-C. */
export function changeCase(state: EditState, change: 'upper' | 'lower' | 'capital'): EditState {
  const { cursor } = wordRight(state);
  const word = state.text.slice(state.cursor, cursor);
  const lower = word.toLowerCase();
  const changed =
    change === 'upper'
      ? word.toUpperCase()
      : change === 'lower'
        ? lower
        : lower.replace(/[\p{L}\p{N}]/u, (c) => c.toUpperCase());
  return replaceRange(state, state.cursor, cursor, changed);
}

/** The same column one line up or down, or undefined where there is no such line. */
export function lineAway(state: EditState, direction: -1 | 1): EditState | undefined {
  const start = lineStart(state);
  const column = state.cursor - start;
  if (direction === -1) {
    if (start === 0) return undefined;
    const above = lineStart({ text: state.text, cursor: start - 1 });
    return snap(state.text, Math.min(above + column, start - 1));
  }
  const stop = lineEnd(state);
  if (stop === state.text.length) return undefined;
  return snap(state.text, Math.min(stop + 1 + column, lineEnd({ text: state.text, cursor: stop + 1 })));
}

function snap(text: string, cursor: number): EditState {
  return { text, cursor: boundaryAtOrAfter(text, cursor) };
}

// Boundaries are looked for in a window around the cursor: a pasted megabyte must not be segmented for each key.
const windowCharacters = 128;

function previousBoundary(text: string, cursor: number): number {
  const from = Math.max(0, cursor - windowCharacters);
  const boundaries = graphemeBoundaries(text.slice(from, cursor));
  return cursor === 0 ? 0 : from + (boundaries.at(-2) ?? 0);
}

function nextBoundary(text: string, cursor: number): number {
  const boundaries = graphemeBoundaries(text.slice(cursor, cursor + windowCharacters));
  return cursor + (boundaries[1] ?? 0);
}

function boundaryAtOrAfter(text: string, cursor: number): number {
  const from = Math.max(0, cursor - windowCharacters);
  const boundaries = graphemeBoundaries(text.slice(from, cursor + windowCharacters));
  return from + (boundaries.find((boundary) => from + boundary >= cursor) ?? cursor - from);
}
