import { parseDocument, type ParsedDocument } from './parse-document.ts';
import { patchDocument } from './patch-document.ts';
import { splitDocuments } from './split.ts';

/** A document and where it stands in its file. */
export interface PlacedDocument {
  /** Offset in the file of the document's first character. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** Parsed when first asked for. The same object as before the last change where the text is the same. */
  readonly parsed: ParsedDocument;
  /** What another text in its place would be; quick where that differs little from what is known already. */
  parseInstead(text: string): ParsedDocument;
}

/**
 * Parses the documents of a file as it changes: those whose text is as it was are not parsed again, and of the others
 * only what changed, where that can be told apart.
 */
export class ManifestFile {
  #text = '';
  #documents: readonly PlacedDocument[] = [];
  #parsed = new Map<string, ParsedDocument>();
  /** What each document was like when it last was YAML without a mistake. */
  #bases: readonly (ParsedDocument | undefined)[] = [];

  get documents(): readonly PlacedDocument[] {
    return this.#documents;
  }

  update(text: string): readonly PlacedDocument[] {
    if (text === this.#text && this.#documents.length > 0) return this.#documents;
    const before = this.#parsed;
    const bases = this.#documents.map(({ text: old }, index) => {
      const parsed = before.get(old);
      return parsed?.problems.length === 0 ? parsed : this.#bases[index];
    });
    const kept = new Map<string, ParsedDocument>();
    this.#text = text;
    this.#parsed = kept;
    const slices = splitDocuments(text);
    // Where documents came or went, nobody knows which one was which.
    this.#bases = slices.length === bases.length ? bases : [];
    this.#documents = slices.map((slice, index): PlacedDocument => {
      const known = before.get(slice.text);
      if (known !== undefined) kept.set(slice.text, known);
      const base = this.#bases[index];
      return {
        start: slice.start,
        end: slice.start + slice.text.length,
        text: slice.text,
        get parsed() {
          const done = kept.get(slice.text);
          if (done !== undefined) return done;
          const parsed = (base && patchDocument(base, slice.text)) ?? parseDocument(slice.text);
          kept.set(slice.text, parsed);
          return parsed;
        },
        parseInstead(text) {
          const done = kept.get(slice.text);
          const like = done?.problems.length === 0 ? done : base;
          return (like && patchDocument(like, text)) ?? parseDocument(text);
        },
      };
    });
    return this.#documents;
  }

  /** The document that an offset of the file lies in. */
  documentAt(offset: number): PlacedDocument | undefined {
    return this.#documents.findLast(({ start }) => start <= offset);
  }
}
