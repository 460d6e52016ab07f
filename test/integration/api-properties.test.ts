import { array, assert, asyncProperty, constantFrom, integer, record, type Arbitrary } from 'fast-check';
import { expect, test } from 'vitest';
import { StatusError } from '../../core/api/errors.ts';
import { configmaps } from '../../core/api/generated/resources.ts';
import type { KubernetesObject } from '../../core/api/object.ts';
import type { Change } from '../../core/storage/storage.ts';
import type { TestApi } from '../environment/api.ts';
import { createTestApi } from '../environment/api.ts';

const namespace = 'default';
const prefix = '/registry/core/configmaps/';

/** What a client does next. Names and colours are few, so that clients get in each other's way. */
interface Step {
  readonly kind: 'create' | 'replace' | 'replace blindly' | 'paint' | 'delete' | 'hold' | 'release';
  readonly name: string;
  readonly colour: string;
}

const step: Arbitrary<Step> = record({
  kind: constantFrom('create', 'replace', 'replace blindly', 'paint', 'delete', 'hold', 'release'),
  name: constantFrom('a', 'b', 'c', 'd'),
  colour: constantFrom('red', 'green', 'blue'),
});

/** Each inner list is one client, working through its steps beside the others. */
const clients = array(array(step, { maxLength: 25 }), { minLength: 1, maxLength: 5 });

async function take({ client }: TestApi, { kind, name, colour }: Step): Promise<void> {
  const where = { namespace, name };
  const metadata = { ...where, labels: { colour } };
  switch (kind) {
    case 'create':
      await client.create(configmaps, { metadata });
      return;
    case 'replace': {
      const present = await client.get(configmaps, where);
      await client.update(configmaps, { ...present, data: { colour } });
      return;
    }
    case 'replace blindly':
      await client.update(configmaps, { metadata, data: { colour, blind: 'yes' } });
      return;
    case 'paint':
      await client.patch(configmaps, where, 'merge', { metadata: { labels: { colour } } });
      return;
    case 'delete':
      await client.delete(configmaps, where);
      return;
    case 'hold':
    case 'release': {
      const finalizers = kind === 'hold' ? ['example.com/hold'] : null;
      await client.patch(configmaps, where, 'merge', { metadata: { finalizers } });
    }
  }
}

/** Races and refusals are part of the game; anything else is a fault of the server. */
const expected = new Set(['NotFound', 'AlreadyExists', 'Conflict', 'Invalid']);

async function work(api: TestApi, steps: readonly Step[]): Promise<void> {
  for (const next of steps) {
    await take(api, next).catch((error: unknown) => {
      if (!(error instanceof StatusError) || !expected.has(error.reason)) throw error;
    });
  }
}

/** What the store committed, in order, one line a change. */
async function history({ store }: TestApi, after: number, until: number): Promise<Change[]> {
  const changes: Change[] = [];
  if (until <= after) return changes;
  const stop = new AbortController();
  for await (const batch of store.watch(prefix, { after, withPrevious: true, signal: stop.signal })) {
    changes.push(...batch.changes);
    if (batch.revision >= until) stop.abort();
  }
  return changes;
}

/** The history as a watcher with this filter must be told it. */
function replay(changes: readonly Change[], matches: (object: KubernetesObject) => boolean): string[] {
  return changes.flatMap((change) => {
    const before = change.previous === undefined ? undefined : parsed(change.previous.value);
    const after = change.kind === 'put' ? parsed(change.entry.value) : undefined;
    const revision = change.kind === 'put' ? change.entry.modRevision : change.revision;
    const was = before !== undefined && matches(before);
    const is = after !== undefined && matches(after);
    if (!was && !is) return [];
    const type = was && is ? 'MODIFIED' : is ? 'ADDED' : 'DELETED';
    return [`${revision} ${type} ${(after ?? before)?.metadata.name}`];
  });
}

function parsed(value: Buffer): KubernetesObject {
  return JSON.parse(value.toString('utf8')) as KubernetesObject;
}

async function watched(
  { client }: TestApi,
  resourceVersion: string,
  labelSelector: string,
  stop: AbortSignal,
): Promise<string[]> {
  const lines: string[] = [];
  const watch = client.watch(configmaps, { namespace, resourceVersion, labelSelector, signal: stop });
  for await (const batch of watch) {
    for (const event of batch) {
      if (event.type === 'BOOKMARK') continue;
      lines.push(`${event.object.metadata.resourceVersion} ${event.type} ${event.object.metadata.name}`);
    }
  }
  return lines;
}

/** A counterexample is a fault, however rare: no second try with another seed. */
test(
  'whatever clients do to each other, a watch tells the store’s history as its selector sees it',
  { retry: 0 },
  async () => {
    await assert(
      asyncProperty(clients, integer(), async (steps, seed) => {
        await using api = await createTestApi({ seed });
        const start = await api.client.list(configmaps, { namespace });
        const from = Number(start.resourceVersion);
        const stop = new AbortController();
        const selectors = ['', 'colour=red', 'colour!=blue'];
        const streams = selectors.map((selector) =>
          watched(api, start.resourceVersion, selector, stop.signal),
        );
        await Promise.all(steps.map((each) => work(api, each)));
        const end = await api.client.list(configmaps, { namespace });
        const changes = await history(api, from, Number(end.resourceVersion));
        // A list is as new as all that was acknowledged, and watchers are told before a list is answered.
        await new Promise((resolve) => setImmediate(resolve));
        stop.abort();
        const told = await Promise.all(streams);
        const filters: ((object: KubernetesObject) => boolean)[] = [
          () => true,
          ({ metadata }) => metadata.labels?.['colour'] === 'red',
          ({ metadata }) => metadata.labels?.['colour'] !== 'blue',
        ];
        for (const [index, matches] of filters.entries())
          expect(told[index]).toEqual(replay(changes, matches));
        // What the history leads to is what a list shows.
        const state = new Map<string, number>();
        for (const change of changes) {
          if (change.kind === 'put')
            state.set(parsed(change.entry.value).metadata.name ?? '', change.entry.modRevision);
          else state.delete(change.key.slice(change.key.lastIndexOf('/') + 1));
        }
        const listed = end.items.map(({ metadata }) => [metadata.name, Number(metadata.resourceVersion)]);
        expect(listed).toEqual([...state].toSorted(([a], [b]) => (a < b ? -1 : 1)));
      }),
      { numRuns: 150 },
    );
  },
);
