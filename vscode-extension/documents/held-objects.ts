import type { KubernetesObject } from '../../core/api/object.ts';
import { textToEdit } from './object-text.ts';

/** Revisions of an object that were handed out and may come back edited. */
const mostRevisions = 20;
/** Objects that are remembered beyond those that are open: the editor asks for some without opening them. */
const mostClosed = 100;

/** What editors were given of an object. */
export class HeldObject {
  #bytes: Buffer = Buffer.alloc(0);
  #mtime = 0;
  readonly #revisions = new Map<string, KubernetesObject>();

  get bytes(): Buffer {
    return this.#bytes;
  }

  /** Counts contents, never the time: the editor compares it to see whether it has the newest. */
  get mtime(): number {
    return this.#mtime;
  }

  /** The object as it was given, by the resourceVersion that its text carries. */
  handedOut(revision: string): KubernetesObject | undefined {
    return this.#revisions.get(revision);
  }

  /** Remembers what an editor is about to be given; false where that is what it has. */
  hold(object: KubernetesObject): boolean {
    this.#remember(object.metadata.resourceVersion ?? '', object);
    const bytes = Buffer.from(textToEdit(object));
    if (bytes.equals(this.#bytes)) return false;
    this.#become(bytes);
    return true;
  }

  /**
   * Remembers what was saved, and what came of it: whoever goes on typing before the editor has taken that over still
   * has the revision that the saved text carried.
   */
  saved(bytes: Buffer, carried: string, object: KubernetesObject): void {
    this.#remember(carried, object);
    this.#become(bytes);
  }

  #become(bytes: Buffer): void {
    this.#bytes = bytes;
    this.#mtime++;
  }

  #remember(revision: string, object: KubernetesObject): void {
    this.#revisions.set(revision, object);
    for (const oldest of this.#revisions.keys()) {
      if (this.#revisions.size <= mostRevisions) break;
      this.#revisions.delete(oldest);
    }
  }
}

/** What editors were given of objects, by their addresses; of those that are not open, the last ones. */
export class HeldObjects {
  readonly #isOpen: (key: string) => boolean;
  readonly #held = new Map<string, HeldObject>();

  constructor(isOpen: (key: string) => boolean) {
    this.#isOpen = isOpen;
  }

  get(key: string): HeldObject | undefined {
    return this.#held.get(key);
  }

  /** The one that is known, or a new one. */
  of(key: string): HeldObject {
    const held = this.#held.get(key) ?? new HeldObject();
    this.#held.delete(key);
    this.#held.set(key, held);
    if (this.#held.size > mostClosed) this.#forgetClosed(key);
    return held;
  }

  /** False where it was not known. */
  forget(key: string): boolean {
    return this.#held.delete(key);
  }

  #forgetClosed(kept: string): void {
    for (const oldest of this.#held.keys()) {
      if (this.#held.size <= mostClosed) return;
      if (oldest !== kept && !this.#isOpen(oldest)) this.#held.delete(oldest);
    }
  }
}
