import { fnv1a32 } from '../../machinery/hash.ts';
import type { Revision } from '../storage.ts';

/**
 * Core's revisions, made of etcd's. All changes of an etcd transaction share one revision, and writes of many callers go
 * to etcd in one transaction. Yet whoever watches goes on after the revision of the last change it saw, so that each
 * needs its own: etcd's revision times 4,096 and the place of its key, which anybody can tell from the key alone. The
 * last place is no key's: it stands for the whole transaction. 2^41 transactions fit into a number, a thousand a second
 * for seventy years.
 */
const places = 4_096;
const lastPlace = places - 1;

/** Keys of one place do not go together into one transaction. */
export function placeOf(key: string | Buffer): number {
  return fnv1a32(key) % lastPlace;
}

/** The revision of a key's change in a transaction of etcd's. */
export function revisionAt(etcdRevision: number, key: string | Buffer): Revision {
  return etcdRevision * places + placeOf(key);
}

/** The revision at which every change of a transaction of etcd's is there. */
export function endOf(etcdRevision: number): Revision {
  return etcdRevision * places + lastPlace;
}

export function isEnd(revision: Revision): boolean {
  return revision % places === lastPlace;
}

/** The transaction of etcd's that a revision is of. */
export function etcdRevisionOf(revision: Revision): number {
  return Math.floor(revision / places);
}
