/** A line longer than this comes in pieces, so that text without newlines cannot fill the memory. */
const longestLine = 64 * 1024;

/** Cuts bytes that come in pieces into lines. A line loses its "\n" and a "\r" before it. */
export class LineSplitter {
  #rest: Buffer = Buffer.alloc(0);

  /** The lines that are whole now. */
  push(chunk: Buffer): string[] {
    let rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const lines: string[] = [];
    for (;;) {
      const newline = rest.indexOf(0x0a);
      if (newline < 0 && rest.length < longestLine) break;
      const end = newline < 0 || newline > longestLine ? longestLine : newline;
      lines.push(textOf(rest.subarray(0, end)));
      rest = rest.subarray(end === newline ? end + 1 : end);
    }
    this.#rest = Buffer.from(rest);
    return lines;
  }

  /** What is left without a newline. */
  end(): string[] {
    const rest = this.#rest;
    this.#rest = Buffer.alloc(0);
    return rest.length === 0 ? [] : [textOf(rest)];
  }
}

function textOf(bytes: Buffer): string {
  return bytes.toString('utf8').replace(/\r$/, '');
}
