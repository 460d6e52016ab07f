import type { Change, Revision, WatchBatch } from './storage.ts';

/**
 * The latest changes of a store, kept for its watches: each reads at its own pace from its own position and needs no
 * queue. One that falls behind the floor has to read the store's own history.
 */
export class RecentChanges {
  readonly #maxBatches: number;
  readonly #maxBytes: number;
  /** Oldest first, each of whole revisions. */
  #batches: WatchBatch[] = [];
  #bytes = 0;
  #floor: Revision;
  #position: Revision;

  constructor(position: Revision, maxBatches = 4_096, maxBytes = 8 * 1024 * 1024) {
    this.#floor = position;
    this.#position = position;
    this.#maxBatches = maxBatches;
    this.#maxBytes = maxBytes;
  }

  /** Every change after this revision is here. */
  get floor(): Revision {
    return this.#floor;
  }

  /** The revision of the newest batch. */
  get position(): Revision {
    return this.#position;
  }

  push(batch: WatchBatch): void {
    this.#batches.push(batch);
    this.#bytes += bytesOf(batch);
    this.#position = batch.revision;
    while (this.#batches.length > this.#maxBatches || this.#bytes > this.#maxBytes) this.#dropOldest();
  }

  forgetBefore(revision: Revision): void {
    while (this.#batches.length > 0 && this.#batches[0]!.revision <= revision) this.#dropOldest();
    this.#floor = Math.max(this.#floor, Math.min(revision, this.#position));
  }

  /** Everything under `prefix` after `position`, which must not be below the floor. */
  after(position: Revision, prefix: string): WatchBatch {
    let low = 0;
    let high = this.#batches.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#batches[middle]!.revision <= position) low = middle + 1;
      else high = middle;
    }
    const changes: Change[] = [];
    for (let index = low; index < this.#batches.length; index++) {
      for (const change of this.#batches[index]!.changes) {
        if (keyOf(change).startsWith(prefix) && revisionOf(change) > position) changes.push(change);
      }
    }
    return { revision: this.#position, changes };
  }

  #dropOldest(): void {
    const batch = this.#batches.shift()!;
    this.#bytes -= bytesOf(batch);
    this.#floor = batch.revision;
  }
}

export function keyOf(change: Change): string {
  return change.kind === 'put' ? change.entry.key : change.key;
}

export function revisionOf(change: Change): Revision {
  return change.kind === 'put' ? change.entry.modRevision : change.revision;
}

function bytesOf(batch: WatchBatch): number {
  let bytes = 0;
  for (const change of batch.changes) bytes += 200 + (change.kind === 'put' ? change.entry.value.length : 0);
  return bytes;
}
