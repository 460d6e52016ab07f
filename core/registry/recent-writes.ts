import type { KubernetesObject } from '../api/object.ts';
import type { KeyValue, Revision } from '../storage/storage.ts';
import type { StoredObject } from './stored-object.ts';

const leastWorthSweeping = 1_000;

/** What this process wrote and its watch cache may not know yet. `stored` is undefined after a deletion. */
interface RecentWrite {
  readonly revision: Revision;
  readonly stored: StoredObject | undefined;
}

/** A write on its way: the watch may tell of it before the store answers. */
interface SentWrite {
  /** What it replaces is of this revision: what the watch tells of that or before is another write, if an equal one. */
  readonly after: Revision;
  readonly value: Buffer;
  readonly object: KubernetesObject;
  /** What the watch told of it. */
  told: StoredObject | undefined;
}

/**
 * Lets a writer read its own writes at once, without waiting for the watch that brings them, and lets the watch and
 * the writer share one stored object, whichever of them comes first.
 */
export class RecentWrites {
  readonly #written = new Map<string, RecentWrite>();
  readonly #sent = new Map<string, SentWrite>();
  #enough = leastWorthSweeping;
  /** The newest revision this process has committed here. */
  #revision: Revision = 0;

  get revision(): Revision {
    return this.#revision;
  }

  sending(key: string, after: Revision, value: Buffer, object: KubernetesObject): void {
    this.#sent.set(key, { after, value, object, told: undefined });
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

  /** The stored object that the watch tells of, where this process has just written it; `make` where it is the first. */
  told(
    { key, value, modRevision }: KeyValue,
    make: (object: KubernetesObject) => StoredObject,
  ): StoredObject | undefined {
    const write = this.#written.get(key);
    if (write?.revision === modRevision) return write.stored;
    const sent = this.#sent.get(key);
    if (sent?.told?.revision === modRevision) return sent.told;
    if (sent === undefined || modRevision <= sent.after || !sent.value.equals(value)) return undefined;
    sent.told = make(sent.object);
    return sent.told;
  }

  /** What the watch has told of a write that the store has answered just now. */
  toldOf(key: string, revision: Revision): StoredObject | undefined {
    const told = this.#sent.get(key)?.told;
    return told?.revision === revision ? told : undefined;
  }

  /** Forgets what the cache knows by now, once there is enough to make looking worth while. */
  sweep(cacheRevision: Revision): void {
    if (this.#written.size < this.#enough) return;
    for (const [key, { revision }] of this.#written) if (revision <= cacheRevision) this.#written.delete(key);
    // While the watch lags nothing can go, and looking each time would be quadratic.
    this.#enough = Math.max(leastWorthSweeping, 2 * this.#written.size);
  }
}
