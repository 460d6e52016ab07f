import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { configmaps } from '../../../core/api/generated/resources.ts';
import { systemClock } from '../../../core/machinery/clock.ts';
import { EtcdStore } from '../../../core/storage/etcd/store.ts';
import type { TestEtcd } from '../../environment/etcd.ts';
import { hasEtcd, startEtcd } from '../../environment/etcd.ts';
import type { RestApi } from '../../environment/rest.ts';
import { createRestApi } from '../../environment/rest.ts';

if (!hasEtcd) console.warn('skipped: pages of lists on etcd: there is no etcd on the PATH');

/** Whether this core alone writes decides where old pages come from: what it keeps, or the store. */
describe.skipIf(!hasEtcd).each([
  ['written by this core alone', true],
  ['that others write as well', false],
])('a list of an etcd %s', (_, soleWriter) => {
  let etcd: TestEtcd;
  let rest: RestApi;
  let lastNamespace = 0;
  let namespace = '';
  beforeAll(async () => {
    etcd = await startEtcd();
    const store = new EtcdStore({ endpoints: [etcd.endpoint], clock: systemClock });
    rest = await createRestApi({ store, soleWriter });
  });
  afterAll(async () => {
    await rest[Symbol.asyncDispose]();
    await etcd.dispose();
  });

  /** A namespace of its own with these maps, each with data of its creation. */
  async function given(...names: string[]): Promise<void> {
    namespace = `pages-${++lastNamespace}`;
    const body = JSON.stringify({ metadata: { name: namespace } });
    expect((await rest.send('POST', '/api/v1/namespaces', { body })).code).toBe(201);
    await create(...names);
  }

  async function create(...names: string[]): Promise<void> {
    for (const name of names)
      await rest.api.client.create(configmaps, { metadata: { name, namespace }, data: { state: 'new' } });
  }

  async function changeEverything(): Promise<void> {
    await create('bb');
    await rest.api.client.delete(configmaps, { namespace, name: 'd' });
    const patch = { data: { state: 'changed' } };
    await rest.api.client.patch(configmaps, { namespace, name: 'e' }, 'merge', patch);
  }

  async function list(query: Readonly<Record<string, string>>) {
    const parameters = new URLSearchParams(query).toString();
    const answer = await rest.send('GET', `/api/v1/namespaces/${namespace}/configmaps?${parameters}`);
    const body = JSON.parse(answer.text) as {
      readonly reason?: string;
      readonly metadata: {
        readonly resourceVersion?: string;
        readonly continue?: string;
        readonly remainingItemCount?: number;
      };
      readonly items?: readonly {
        readonly metadata: { readonly name: string; readonly resourceVersion: string };
        readonly data: { readonly state: string };
      }[];
    };
    return {
      code: answer.code,
      reason: body.reason,
      items: (body.items ?? []).map(({ metadata, data }) => `${metadata.name} ${data.state}`),
      revision: body.metadata.resourceVersion ?? '',
      next: body.metadata.continue ?? '',
      remaining: body.metadata.remainingItemCount,
      newest: Math.max(0, ...(body.items ?? []).map(({ metadata }) => Number(metadata.resourceVersion))),
    };
  }

  test('comes in pages of one revision, whatever is written between them', async () => {
    await given('a', 'b', 'c', 'd', 'e');
    const first = await list({ limit: '2' });
    expect([first.items, first.remaining]).toEqual([['a new', 'b new'], 3]);
    await changeEverything();
    const second = await list({ limit: '2', continue: first.next });
    expect([second.items, second.remaining]).toEqual([['c new', 'd new'], 1]);
    await create('f');
    const third = await list({ limit: '2', continue: second.next });
    expect([third.items, third.remaining, third.next]).toEqual([['e new'], undefined, '']);
    for (const page of [second, third]) {
      expect(page.revision).toBe(first.revision);
      expect(page.newest).toBeLessThanOrEqual(Number(first.revision));
    }
    expect((await list({})).items).toEqual(['a new', 'b new', 'bb new', 'c new', 'e changed', 'f new']);
  });

  test('that a selector makes smaller does not count what is left', async () => {
    await given('a', 'b', 'c');
    const first = await list({ limit: '1', fieldSelector: 'metadata.name!=a' });
    expect([first.items, first.remaining]).toEqual([['b new'], undefined]);
    await create('bb');
    const second = await list({ limit: '5', fieldSelector: 'metadata.name!=a', continue: first.next });
    expect([second.items, second.next]).toEqual([['c new'], '']);
  });

  test('whose revision was compacted between its pages is told with a token to go on as things are now', async () => {
    await given('a', 'b', 'c', 'd', 'e');
    const first = await list({ limit: '2' });
    await changeEverything();
    await forgetAll();
    const expired = await list({ limit: '2', continue: first.next });
    expect([expired.code, expired.reason, expired.items]).toEqual([410, 'Expired', []]);
    expect(expired.next).not.toBe('');
    const second = await list({ limit: '1', continue: expired.next });
    expect([second.items, second.remaining]).toEqual([['bb new'], 2]);
    expect(Number(second.revision)).toBeGreaterThan(Number(first.revision));
    const third = await list({ continue: second.next });
    expect([third.items, third.revision, third.next]).toEqual([['c new', 'e changed'], second.revision, '']);
  });

  test('is exactly of a revision, in pages too, until that is compacted', async () => {
    await given('a', 'b', 'c', 'd', 'e');
    const { revision: resourceVersion } = await list({});
    await changeEverything();
    const exactly = { resourceVersion, resourceVersionMatch: 'Exact' };
    const whole = await list(exactly);
    expect(whole.items).toEqual(['a new', 'b new', 'c new', 'd new', 'e new']);
    expect(whole.revision).toBe(resourceVersion);
    const first = await list({ ...exactly, limit: '3' });
    expect([first.items, first.remaining]).toEqual([['a new', 'b new', 'c new'], 2]);
    await create('cc');
    const second = await list({ limit: '3', continue: first.next });
    expect([second.items, second.revision]).toEqual([['d new', 'e new'], resourceVersion]);
    await forgetAll();
    const expired = await list(exactly);
    expect([expired.code, expired.reason]).toEqual([410, 'Expired']);
    const ahead = await list({ resourceVersion: '999999999', resourceVersionMatch: 'Exact' });
    expect([ahead.code, ahead.reason]).toEqual([504, 'Timeout']);
  });

  test('is nothing older than a revision, but may be newer', async () => {
    await given('a', 'd', 'e');
    const { revision: resourceVersion } = await list({});
    await changeEverything();
    // What one list has shown the next one shows as well.
    const newest = await list({});
    const newer = await list({ resourceVersion, resourceVersionMatch: 'NotOlderThan' });
    expect(Number(newer.revision)).toBeGreaterThanOrEqual(Number(newest.revision));
    expect(newer.items).toEqual(['a new', 'bb new', 'e changed']);
    const first = await list({ resourceVersion, resourceVersionMatch: 'NotOlderThan', limit: '2' });
    const second = await list({ limit: '2', continue: first.next });
    expect([...first.items, ...second.items]).toEqual(newer.items);
    expect(second.revision).toBe(first.revision);
    const ahead = await list({ resourceVersion: '999999999', resourceVersionMatch: 'NotOlderThan' });
    expect([ahead.code, ahead.reason]).toEqual([504, 'Timeout']);
  });

  /** The store forgets its past, and so does core, which keeps old lists for some minutes. */
  async function forgetAll(): Promise<void> {
    rest.api.clock.advance(10 * 60_000);
    const { store } = rest.api;
    await store.compact(await store.revision({}), {});
  }
});
