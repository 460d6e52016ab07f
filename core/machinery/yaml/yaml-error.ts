export interface Position {
  /** Counted from 1. */
  readonly line: number;
  /** Counted from 1, in UTF-16 units. */
  readonly column: number;
}

/** A document that cannot be read: which, where, and what is wrong with it. */
export class YamlError extends Error {
  override readonly name = 'YamlError';
  readonly source: string;
  readonly line: number;
  readonly column: number;

  constructor(source: string, { line, column }: Position, problem: string) {
    super(`Cannot read ${source}: line ${line}, column ${column}: ${problem}`);
    this.source = source;
    this.line = line;
    this.column = column;
  }
}

/** Finds line and column of an offset, in time logarithmic in the number of lines. */
export class LineIndex {
  readonly #starts: number[] = [0];

  constructor(text: string) {
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.#starts.push(at + 1);
  }

  positionAt(offset: number): Position {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (this.#starts[low] as number) + 1 };
  }
}
