import type { Condition, Outcome, Write } from '../storage.ts';
import { placeOf } from './revisions.ts';

/** A write with a condition on its own key: nothing else decides about it, and it decides about nothing else. */
export interface SingleKeyWrite {
  readonly condition: Condition;
  readonly write: Write;
}

export interface GroupCommitOptions {
  /** Commits one, however many tries it takes. Given `lost`, it was sent before: it may have been applied. */
  readonly commitOne: (
    single: SingleKeyWrite,
    signal: AbortSignal | undefined,
    lost: Error | undefined,
  ) => Promise<Outcome>;
  /** One try of some writes of different keys in one transaction, each with its own condition and outcome. */
  readonly commitAll: (group: readonly SingleKeyWrite[]) => Promise<readonly Outcome[]>;
  /** What to tell `commitOne` about a group that failed: the error where its writes may have been applied. */
  readonly lostBy: (error: unknown) => Error | undefined;
}

interface Waiting {
  readonly single: SingleKeyWrite;
  readonly signal: AbortSignal | undefined;
  readonly bytes: number;
  readonly resolve: (outcome: Outcome | Promise<Outcome>) => void;
}

/** Under etcd's limit of 128 operations a transaction with room to spare. */
const mostTogether = 60;
const mostBytesTogether = 1_000_000;

/**
 * Sends a single-key write at once while none is on its way, and those that came meanwhile together: one call, one
 * entry in etcd's log and one of its revisions for all of them. Nothing waits in order to be grouped; but two on their way
 * at once would each be synced to etcd's disk, and cost a tenth more here at a thousand writes a second.
 */
export class GroupCommit {
  readonly #options: GroupCommitOptions;
  #waiting: Waiting[] = [];
  #busy = false;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
  }

  commit(single: SingleKeyWrite, signal: AbortSignal | undefined): Promise<Outcome> {
    // Nobody would tell it any more.
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
    return new Promise((resolve, reject) => {
      const onAbort = () => reject(signal?.reason as Error);
      signal?.addEventListener('abort', onAbort, { once: true });
      const { write } = single;
      const bytes = write.key.length + (write.kind === 'put' ? write.value.length : 0);
      this.#waiting.push({
        single,
        signal,
        bytes,
        resolve: (outcome) => {
          signal?.removeEventListener('abort', onAbort);
          resolve(outcome);
        },
      });
      this.#send();
    });
  }

  #send(): void {
    while (!this.#busy && this.#waiting.length > 0) {
      const group = this.#nextGroup();
      if (group.length === 0) continue;
      this.#busy = true;
      void this.#commitGroup(group).then((lost) => {
        this.#busy = false;
        if (lost !== undefined) for (const each of group) this.#commitAlone(each, lost.by);
        this.#send();
      });
    }
  }

  /** The oldest that fit into one transaction: each has a place of its own in it, or keeps waiting. */
  #nextGroup(): readonly Waiting[] {
    const group: Waiting[] = [];
    const left: Waiting[] = [];
    const places = new Set<number>();
    let bytes = 0;
    for (const [index, each] of this.#waiting.entries()) {
      // Its caller was told already.
      if (each.signal?.aborted === true) continue;
      if (group.length >= mostTogether || (group.length > 0 && bytes + each.bytes > mostBytesTogether)) {
        this.#waiting = [...left, ...this.#waiting.slice(index)];
        return group;
      }
      const place = placeOf(each.single.write.key);
      if (places.has(place)) {
        left.push(each);
      } else {
        group.push(each);
        bytes += each.bytes;
      }
      places.add(place);
    }
    this.#waiting = left;
    return group;
  }

  /** Never rejects: every caller gets what became of its own write. Resolves to why where that is still to be found out. */
  async #commitGroup(group: readonly Waiting[]): Promise<{ readonly by: Error | undefined } | undefined> {
    const { commitAll, lostBy } = this.#options;
    try {
      const outcomes = await commitAll(group.map(({ single }) => single));
      for (const [index, { resolve }] of group.entries()) resolve(outcomes[index] as Outcome);
      return undefined;
    } catch (error) {
      return { by: lostBy(error) };
    }
  }

  #commitAlone({ single, signal, resolve }: Waiting, lost: Error | undefined): void {
    resolve(this.#options.commitOne(single, signal, lost));
  }
}

/** Undefined where a transaction is about more than one key. */
export function singleKey(
  conditions: readonly Condition[],
  writes: readonly Write[],
): SingleKeyWrite | undefined {
  const [condition] = conditions;
  const [write] = writes;
  if (conditions.length !== 1 || writes.length !== 1) return undefined;
  if (condition === undefined || write === undefined || condition.key !== write.key) return undefined;
  return { condition, write };
}
