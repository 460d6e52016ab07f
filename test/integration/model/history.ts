import type { Deployment } from '../../../core/api/generated/apps-v1.ts';
import type { Change, KeyValueStore } from '../../../core/storage/storage.ts';

export const prefix = '/registry/apps/deployments/';

/** What a watch may ask for. The last Deployment of a game, "z", is in all of them. */
export const selections: readonly {
  readonly query: Readonly<Record<string, string>>;
  matches(object: Deployment): boolean;
}[] = [
  { query: {}, matches: () => true },
  {
    query: { labelSelector: 'colour=red' },
    matches: ({ metadata }) => metadata.labels?.['colour'] === 'red',
  },
  {
    query: { labelSelector: 'colour notin (blue, green)' },
    matches: ({ metadata }) => !['blue', 'green'].includes(metadata.labels?.['colour'] ?? ''),
  },
  {
    query: { labelSelector: 'size!=2', fieldSelector: 'metadata.name!=b' },
    matches: ({ metadata }) => metadata.labels?.['size'] !== '2' && metadata.name !== 'b',
  },
];

/** One event, as it must be told. */
export interface Told {
  readonly type: string;
  readonly revision: number;
  /** Without its revision. */
  readonly object: object;
}

export interface Kept {
  readonly revision: number;
  readonly object: Deployment;
}

/** What a store committed of Deployments, in order, from when there were none. */
export class History {
  readonly #changes: readonly Change[];

  constructor(changes: readonly Change[]) {
    this.#changes = changes;
  }

  /** The changes after a revision, up to that of the last. */
  static async read(store: KeyValueStore, after: number, until: number): Promise<History> {
    const changes: Change[] = [];
    const stop = new AbortController();
    for await (const batch of store.watch(prefix, { after, withPrevious: true, signal: stop.signal })) {
      changes.push(...batch.changes);
      if (batch.revision >= until) stop.abort();
    }
    return new History(changes);
  }

  get revisions(): number[] {
    return this.#changes.map(revisionOf);
  }

  /** What there is at a revision, in the order of a list. */
  at(revision: number, matches: (object: Deployment) => boolean): Kept[] {
    const state = new Map<string, Kept>();
    for (const change of this.#changes) {
      if (revisionOf(change) > revision) break;
      if (change.kind === 'delete') state.delete(change.key);
      else state.set(change.entry.key, { revision: revisionOf(change), object: parsed(change.entry.value) });
    }
    const inOrder = [...state].toSorted(([a], [b]) => (a < b ? -1 : 1));
    return inOrder.map(([, kept]) => kept).filter(({ object }) => matches(object));
  }

  /** What follows a revision, as who watches a selection must be told it. */
  after(revision: number, matches: (object: Deployment) => boolean): Told[] {
    return this.#changes.flatMap((change): Told[] => {
      if (revisionOf(change) <= revision) return [];
      const before = change.previous === undefined ? undefined : parsed(change.previous.value);
      const after = change.kind === 'put' ? parsed(change.entry.value) : undefined;
      const was = before !== undefined && matches(before);
      const told = (type: string, object: Deployment) => [
        { type, revision: revisionOf(change), object: withoutRevision(object) },
      ];
      if (after !== undefined && matches(after)) return told(was ? 'MODIFIED' : 'ADDED', after);
      // Gone, or out of sight: the watcher is told what it last saw.
      return was ? told('DELETED', before) : [];
    });
  }
}

const revisionOf = (change: Change) => (change.kind === 'put' ? change.entry.modRevision : change.revision);

export function withoutRevision(object: Deployment): object {
  const { resourceVersion: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

function parsed(value: Buffer): Deployment {
  return JSON.parse(value.toString('utf8')) as Deployment;
}
