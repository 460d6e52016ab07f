import type { Encoded, WatchEvent } from '../api/verbs.ts';
import { RecentMap } from '../machinery/recent-map.ts';

export type ChangeType = Exclude<WatchEvent['type'], 'BOOKMARK'>;

/**
 * Of each type of event: a second of a thousand changes of 4 KB, many times what lies between the first watcher that is
 * told and the last. Whoever comes later, such as one that resumes, has it encoded again: the history of a kind counts
 * no encodings.
 */
const roomBytes = 4 * 1024 * 1024;
/** Of an entry beside the encoding. The object is held by others, as a rule. */
const entryBytes = 200;

/**
 * Events in one form, each made once for all the watchers that are told within moments. Known by their objects, so
 * that those who ask for what there is at the same time share as well.
 */
export class RecentEncodings {
  readonly #encode: (type: ChangeType, object: Encoded) => Buffer;
  readonly #kept: Readonly<Record<ChangeType, RecentMap<Encoded, Buffer>>> = {
    ADDED: new RecentMap(roomBytes),
    MODIFIED: new RecentMap(roomBytes),
    DELETED: new RecentMap(roomBytes),
  };

  constructor(encode: (type: ChangeType, object: Encoded) => Buffer) {
    this.#encode = encode;
  }

  of(type: ChangeType, object: Encoded): Buffer {
    const kept = this.#kept[type];
    const known = kept.get(object);
    if (known !== undefined) return known;
    const encoded = this.#encode(type, object);
    kept.set(object, encoded, encoded.length + entryBytes);
    return encoded;
  }
}
