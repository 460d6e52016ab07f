import { describe, expect, test } from 'vitest';
import { StatusError } from '../../core/api/errors.ts';
import { configmaps, pods } from '../../core/api/generated/resources.ts';
import type { ObjectEvent } from '../../core/client/client.ts';
import type { KubernetesObject } from '../../core/api/object.ts';
import type { WatchOptions } from '../../core/api/verbs.ts';
import type { TestApi } from '../environment/api.ts';
import { createTestApi } from '../environment/api.ts';

const namespace = 'default';

async function createMaps({ client }: TestApi, ...names: string[]): Promise<void> {
  for (const name of names)
    await client.create(configmaps, { metadata: { name, namespace, labels: { first: name.charAt(0) } } });
}

function namesOf(items: readonly KubernetesObject[]): (string | undefined)[] {
  return items.map(({ metadata }) => metadata.name);
}

describe('a list', () => {
  test('comes in pages of one revision', async () => {
    await using api = await createTestApi();
    await createMaps(api, 'a', 'b', 'c', 'd', 'e');
    const first = await api.client.list(configmaps, { namespace, limit: 2 });
    expect(namesOf(first.items)).toEqual(['a', 'b']);
    expect(first.remainingItemCount).toBe(3);
    await createMaps(api, 'bb');
    await api.client.delete(configmaps, { namespace, name: 'd' });
    const second = await api.client.list(configmaps, { namespace, limit: 2, continue: first.continue ?? '' });
    expect([namesOf(second.items), second.resourceVersion]).toEqual([['c', 'd'], first.resourceVersion]);
    const third = await api.client.list(configmaps, { namespace, limit: 2, continue: second.continue ?? '' });
    expect([namesOf(third.items), third.continue]).toEqual([['e'], undefined]);
  });

  test('does not count what is left behind a selector', async () => {
    await using api = await createTestApi();
    await createMaps(api, 'a1', 'a2', 'b1', 'a3');
    const page = await api.client.list(configmaps, { namespace, limit: 1, labelSelector: 'first=a' });
    expect(page.remainingItemCount).toBeUndefined();
    const rest = await api.client.list(configmaps, {
      namespace,
      labelSelector: 'first=a',
      continue: page.continue ?? '',
    });
    expect(namesOf(rest.items)).toEqual(['a2', 'a3']);
  });

  test('whose token was compacted says how to go on', async () => {
    await using api = await createTestApi();
    await createMaps(api, 'a', 'b', 'c');
    const first = await api.client.list(configmaps, { namespace, limit: 1 });
    await createMaps(api, 'd');
    api.clock.advance(10 * 60_000);
    await api.store.compact(Number(first.resourceVersion) + 1, {});
    const expired = await api.client
      .list(configmaps, { namespace, limit: 1, continue: first.continue ?? '' })
      .catch((error: unknown) => error);
    if (!(expired instanceof StatusError)) throw new Error('The list went on');
    expect([expired.code, expired.reason]).toEqual([410, 'Expired']);
    const goOn = expired.status.metadata?.continue ?? '';
    const rest = await api.client.list(configmaps, { namespace, continue: goOn });
    expect(namesOf(rest.items)).toEqual(['b', 'c', 'd']);
  });

  test('follows upstream in what resourceVersion and its match mean', async () => {
    await using api = await createTestApi();
    await createMaps(api, 'a');
    const { resourceVersion } = await api.client.list(configmaps, { namespace });
    await createMaps(api, 'b');
    const list = (options: object) => api.client.list(configmaps, { namespace, ...options });
    expect(namesOf((await list({ resourceVersion, resourceVersionMatch: 'Exact' })).items)).toEqual(['a']);
    expect(namesOf((await list({ resourceVersion, limit: 10 })).items)).toEqual(['a']);
    expect(namesOf((await list({ resourceVersion, resourceVersionMatch: 'NotOlderThan' })).items)).toEqual([
      'a',
      'b',
    ]);
    expect(namesOf((await list({ resourceVersion: '0' })).items)).toContain('a');
    await expect(list({ resourceVersionMatch: 'Exact' })).rejects.toThrow(
      'resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided',
    );
    await expect(list({ resourceVersion: '0', resourceVersionMatch: 'Exact' })).rejects.toThrow(
      'resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
    );
    const future = await list({ resourceVersion: '999999' }).catch((error: unknown) => error);
    expect((future as StatusError).code).toBe(504);
    expect((future as StatusError).status.details?.causes?.[0]?.reason).toBe('ResourceVersionTooLarge');
    await expect(list({ continue: 'nonsense' })).rejects.toThrow('continue key is not valid');
  });

  test('selects by labels and by the fields its kind allows', async () => {
    await using api = await createTestApi();
    await createMaps(api, 'a', 'b');
    const names = async (options: object) =>
      namesOf((await api.client.list(configmaps, { namespace, ...options })).items);
    expect(await names({ labelSelector: 'first in (a,c)' })).toEqual(['a']);
    expect(await names({ fieldSelector: 'metadata.name=b' })).toEqual(['b']);
    expect(await names({ fieldSelector: 'metadata.name!=b,metadata.namespace=default' })).toEqual(['a']);
    await expect(names({ fieldSelector: 'data.colour=red' })).rejects.toThrow(
      /^"data.colour" is not a known field selector: only "metadata.name", "metadata.namespace"$/,
    );
    await expect(api.client.list(pods, { fieldSelector: 'spec.colour=red' })).rejects.toThrow(
      /^field label not supported: spec.colour$/,
    );
    await expect(names({ labelSelector: 'a==(' })).rejects.toMatchObject({ code: 400 });
  });
});

/** The next events of a watch, bookmarks included, in one line each. */
class Watched {
  readonly #stop = new AbortController();
  readonly #batches: AsyncIterator<readonly ObjectEvent<KubernetesObject>[]>;
  readonly #ready: string[] = [];

  constructor({ client }: TestApi, options: WatchOptions) {
    const watch = client.watch(configmaps, { namespace, ...options, signal: this.#stop.signal });
    this.#batches = (watch as AsyncIterable<readonly ObjectEvent<KubernetesObject>[]>)[
      Symbol.asyncIterator
    ]();
  }

  async take(count: number): Promise<string[]> {
    while (this.#ready.length < count) {
      const next = await this.#batches.next();
      if (next.done === true) throw new Error('The watch ended');
      this.#ready.push(...next.value.map(lineOf));
    }
    return this.#ready.splice(0, count);
  }

  end(): void {
    this.#stop.abort();
  }
}

function lineOf(event: ObjectEvent<KubernetesObject>): string {
  if (event.type === 'BOOKMARK') return event.initialEventsEnd ? 'BOOKMARK end' : 'BOOKMARK';
  return `${event.type} ${event.object.metadata.name}`;
}

describe('a watch', () => {
  test('begins with what there is, then follows', async () => {
    await using api = await createTestApi();
    await createMaps(api, 'a', 'b');
    const watched = new Watched(api, {});
    expect(await watched.take(2)).toEqual(['ADDED a', 'ADDED b']);
    await api.client.patch(configmaps, { namespace, name: 'a' }, 'merge', { data: { x: 'y' } });
    await api.client.delete(configmaps, { namespace, name: 'b' });
    expect(await watched.take(2)).toEqual(['MODIFIED a', 'DELETED b']);
    watched.end();
  });

  test('from a revision delivers everything after it', async () => {
    await using api = await createTestApi();
    await createMaps(api, 'a');
    const { resourceVersion } = await api.client.list(configmaps, { namespace });
    await createMaps(api, 'b');
    await api.client.delete(configmaps, { namespace, name: 'a' });
    const watched = new Watched(api, { resourceVersion });
    expect(await watched.take(2)).toEqual(['ADDED b', 'DELETED a']);
    watched.end();
  });

  test('tells the last state with the revision of the deletion', async () => {
    await using api = await createTestApi();
    await createMaps(api, 'a');
    const created = await api.client.get(configmaps, { namespace, name: 'a' });
    await api.client.delete(configmaps, { namespace, name: 'a' });
    const { resourceVersion = '' } = created.metadata;
    const stop = new AbortController();
    for await (const [event] of api.client.watch(configmaps, {
      namespace,
      resourceVersion,
      signal: stop.signal,
    })) {
      if (event?.type !== 'DELETED') throw new Error(`Not deleted: ${event?.type}`);
      expect(Number(event.object.metadata.resourceVersion)).toBe(Number(resourceVersion) + 1);
      expect(event.object.metadata.uid).toBe(created.metadata.uid);
      stop.abort();
    }
  });

  test('shows what begins and stops to match a selector as added and deleted', async () => {
    await using api = await createTestApi();
    await createMaps(api, 'a');
    const watched = new Watched(api, { labelSelector: 'colour=red' });
    const paint = (colour: string | null) =>
      api.client.patch(configmaps, { namespace, name: 'a' }, 'merge', { metadata: { labels: { colour } } });
    await paint('red');
    expect(await watched.take(1)).toEqual(['ADDED a']);
    await paint('blue');
    expect(await watched.take(1)).toEqual(['DELETED a']);
    watched.end();
  });

  test('marks the end of the initial state for a WatchList, and its place once a minute', async () => {
    await using api = await createTestApi();
    await createMaps(api, 'a');
    const watched = new Watched(api, { sendInitialEvents: true, allowBookmarks: true });
    expect(await watched.take(2)).toEqual(['ADDED a', 'BOOKMARK end']);
    const next = watched.take(1);
    await api.clock.advanceAsync(60_000);
    expect(await next).toEqual(['BOOKMARK']);
    watched.end();
  });

  test('ends when its time is over', async () => {
    await using api = await createTestApi();
    const stop = new AbortController();
    const ended = (async () => {
      for await (const _ of api.client.watch(configmaps, { timeoutSeconds: 10, signal: stop.signal }))
        continue;
    })();
    await api.clock.advanceAsync(10_000);
    await ended;
  });

  test('of the Pods of one node uses the index', async () => {
    await using api = await createTestApi();
    for (const name of ['a', 'b'])
      await api.client.create(pods, {
        metadata: { name, namespace },
        spec: { nodeName: `node-${name}`, containers: [{ name: 'main', image: 'x:1' }] },
      });
    const found = await api.client.list(pods, { fieldSelector: 'spec.nodeName=node-b' });
    expect(namesOf(found.items)).toEqual(['b']);
  });
});
