import type { Reader, Watcher } from '../client/client.ts';

/** What plug-ins may read, and how: the types of the client, without a way to write. */
export interface Lookup extends Reader, Watcher {}

export type { CallOptions, InNamespace, ObjectEvent, ObjectList } from '../client/client.ts';
