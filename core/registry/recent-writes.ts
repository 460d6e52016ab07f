import type { KubernetesObject } from '../api/object.ts';
import type { KeyValue, Revision } from '../storage/storage.ts';
import type { StoredObject } from './stored-object.ts';

/** What this process wrote and its watch cache may not know yet. `stored` is undefined after a deletion. */
interface RecentWrite {
  readonly revision: Revision;
  readonly stored: StoredObject | undefined;
}

/**
 * Lets a writer read its own writes at once, without waiting for the watch that brings them, and lets the watch
 * reuse the object that was written instead of parsing it from the bytes.
 */
export class RecentWrites {
  readonly #written = new Map<string, RecentWrite>();
  /** Writes on their way: the watch may tell of them before the store answers. */
  readonly #sent = new Map<string, { readonly value: Buffer; readonly object: KubernetesObject }>();
  /** The newest revision this process has committed here. */
  #revision: Revision = 0;

  get revision(): Revision {
    return this.#revision;
  }

  sending(key: string, value: Buffer, object: KubernetesObject): void {
    this.#sent.set(key, { value, object });
  }

  /** The outcome of what was sent is known. */
  answered(key: string): void {
    this.#sent.delete(key);
  }

  committed(key: string, revision: Revision, stored: StoredObject | undefined): void {
    if (revision > this.#revision) this.#revision = revision;
    const known = this.#written.get(key);
    if (known === undefined || known.revision < revision) this.#written.set(key, { revision, stored });
  }

  /** What was written to the key, unless the cache is past it. */
  find(key: string, cacheRevision: Revision): RecentWrite | undefined {
    const write = this.#written.get(key);
    if (write === undefined) return undefined;
    if (write.revision > cacheRevision) return write;
    this.#written.delete(key);
    return undefined;
  }

  /** The object that a stored value encodes, where this process has just written it. */
  objectFor({ key, value, modRevision }: KeyValue): KubernetesObject | undefined {
    const write = this.#written.get(key);
    if (write !== undefined && write.revision === modRevision) return write.stored?.object;
    const sent = this.#sent.get(key);
    return sent !== undefined && sent.value.equals(value) ? sent.object : undefined;
  }

  /** Forgets what the cache knows by now. */
  sweep(cacheRevision: Revision): void {
    for (const [key, { revision }] of this.#written) if (revision <= cacheRevision) this.#written.delete(key);
  }

  get size(): number {
    return this.#written.size;
  }
}
