import { once } from 'node:events';
import { connect } from 'node:http2';
import type { ClientHttp2Session } from 'node:http2';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { configmaps } from '../../../core/api/generated/resources.ts';
import type { RestApi } from '../../environment/rest.ts';
import { createRestApi } from '../../environment/rest.ts';

const path = '/api/v1/namespaces/default/configmaps';
/** More than the watch cache wakes in one turn: the last are woken when the first have written. */
const watcherCount = 300;

let rest: RestApi;
let session: ClientHttp2Session;
beforeAll(async () => {
  rest = await createRestApi();
});
beforeEach(() => {
  const { serverCa, admin } = rest.pki;
  session = connect(`https://${rest.address}`, { ca: serverCa.cert, cert: admin.cert, key: admin.key });
});
afterEach(() => {
  vi.restoreAllMocks();
  session.destroy();
  // So many are not woken again at once.
  rest.api.clock.advance(1_000);
});
afterAll(() => rest[Symbol.asyncDispose]());

/** Resolves once all of these read: their next lines, each. */
async function openWatchers(query = '', accept = 'application/json'): Promise<() => Promise<string[]>> {
  return openWatchersAfter(await revision(), watcherCount, query, accept);
}

async function revision(): Promise<string> {
  return (await rest.api.client.list(configmaps, { namespace: 'default' })).resourceVersion;
}

async function openWatchersAfter(
  resourceVersion: string,
  count: number,
  query = '',
  accept = 'application/json',
): Promise<() => Promise<string[]>> {
  const open = async () => {
    const stream = session.request({
      ':path': `${path}?watch=1&resourceVersion=${resourceVersion}${query}`,
      accept,
    });
    await once(stream, 'response');
    return stream;
  };
  const streams = await Promise.all(Array.from({ length: count }, open));
  const lines = streams.map((stream) => createInterface({ input: stream })[Symbol.asyncIterator]());
  return () => Promise.all(lines.map(async (iterator) => String((await iterator.next()).value)));
}

/** How often an event about this name has been put together from its parts. */
function countEncodings(name: string): () => number {
  const concat = vi.spyOn(Buffer, 'concat');
  return () =>
    concat.mock.results.filter(({ type, value }, index) => {
      const parts = concat.mock.calls[index]?.[0].length ?? 0;
      return type === 'return' && parts === 3 && isEventOf(value, name);
    }).length;
}

function isEventOf(bytes: Buffer, name: string): boolean {
  const text = bytes.toString('latin1');
  return text.startsWith('{"type":"') && text.includes(`"name":"${name}"`);
}

test.for([
  ['everybody', ''],
  ['those who select it', '&labelSelector=app%3Dit'],
])('an event is encoded once for %s', async ([, query]) => {
  const next = await openWatchers(query);
  const name = query === '' ? 'plain' : 'selected';
  const encodings = countEncodings(name);
  const made = { metadata: { name, namespace: 'default', labels: { app: 'it' } }, data: { a: '1' } };
  await rest.api.client.create(configmaps, made);
  const added = await next();
  expect(new Set(added).size).toBe(1);
  expect(JSON.parse(added[0] ?? '')).toMatchObject({ type: 'ADDED', object: { metadata: { name } } });
  expect(encodings()).toBe(1);

  rest.api.clock.advance(1_000);
  await rest.api.client.patch(configmaps, { namespace: 'default', name }, 'merge', { data: { a: '2' } });
  // While those of the first groups write.
  await rest.api.client.delete(configmaps, { namespace: 'default', name });
  const modified = await next();
  rest.api.clock.advance(1_000);
  const deleted = await next();
  for (const lines of [modified, deleted]) expect(new Set(lines).size).toBe(1);
  const types = [modified, deleted].map(([line = '']) => (JSON.parse(line) as { type: string }).type);
  expect(types).toEqual(['MODIFIED', 'DELETED']);
  expect(encodings()).toBe(3);
});

test('an encoding is kept for moments, not for as long as a watch can resume from before it', async () => {
  const before = await revision();
  const encodings = countEncodings('kept');
  await rest.api.client.create(configmaps, { metadata: { name: 'kept', namespace: 'default' } });
  await rest.api.client.delete(configmaps, { namespace: 'default', name: 'kept' });
  const next = await openWatchersAfter(before, 2);
  expect(new Set(await next()).size).toBe(1);
  expect(new Set(await next()).size).toBe(1);
  expect(encodings()).toBe(2);

  // Others take their place, of each type.
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) {
    const data = { a: 'x'.repeat(900_000) };
    await rest.api.client.create(configmaps, { metadata: { name, namespace: 'default' }, data });
    await rest.api.client.delete(configmaps, { namespace: 'default', name });
    for (const type of ['ADDED', 'DELETED']) {
      const lines = await next();
      expect(lines.every((line) => line.startsWith(`{"type":"${type}"`))).toBe(true);
    }
  }
  const resumed = await openWatchersAfter(before, 1);
  expect((await resumed())[0]).toContain('"name":"kept"');
  expect((await resumed())[0]).toContain('"name":"kept"');
  expect(encodings()).toBe(4);
});

test('what each of them wants otherwise is encoded for each', async () => {
  const next = await openWatchers('', 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1');
  const encodings = countEncodings('partial');
  await rest.api.client.create(configmaps, { metadata: { name: 'partial', namespace: 'default' } });
  expect(new Set(await next()).size).toBe(1);
  // The counter counts: this form is not shared.
  expect(encodings()).toBe(watcherCount);
});
