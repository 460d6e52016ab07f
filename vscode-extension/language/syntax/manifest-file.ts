import { parseDocument, type ParsedDocument } from './parse-document.ts';
import { splitDocuments } from './split.ts';

/** A document and where it stands in its file. */
export interface PlacedDocument {
  /** Offset in the file of the document's first character. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** Parsed when first asked for. The same object as before the last change where the text is the same. */
  readonly parsed: ParsedDocument;
}

/** Parses the documents of a file as it changes: those whose text is as it was are not parsed again. */
export class ManifestFile {
  #text = '';
  #documents: readonly PlacedDocument[] = [];
  #parsed = new Map<string, ParsedDocument>();

  get documents(): readonly PlacedDocument[] {
    return this.#documents;
  }

  update(text: string): readonly PlacedDocument[] {
    if (text === this.#text && this.#documents.length > 0) return this.#documents;
    const before = this.#parsed;
    const kept = new Map<string, ParsedDocument>();
    this.#text = text;
    this.#parsed = kept;
    this.#documents = splitDocuments(text).map((slice): PlacedDocument => {
      const known = before.get(slice.text);
      if (known !== undefined) kept.set(slice.text, known);
      return {
        start: slice.start,
        end: slice.start + slice.text.length,
        text: slice.text,
        get parsed() {
          const done = kept.get(slice.text);
          if (done !== undefined) return done;
          const parsed = parseDocument(slice.text);
          kept.set(slice.text, parsed);
          return parsed;
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
