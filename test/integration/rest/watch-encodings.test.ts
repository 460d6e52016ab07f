import { createInterface } from 'node:readline';
import type { IncomingMessage } from 'node:http';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { configmaps } from '../../../core/api/generated/resources.ts';
import type { RestApi } from '../../environment/rest.ts';
import { createRestApi } from '../../environment/rest.ts';

const path = '/api/v1/namespaces/default/configmaps';
const watcherCount = 40;

let rest: RestApi;
beforeAll(async () => {
  rest = await createRestApi();
});
afterEach(() => {
  vi.restoreAllMocks();
});
afterAll(() => rest[Symbol.asyncDispose]());

/** Resolves once all of these read: their next lines, each. */
async function openWatchers(query = '', accept?: string): Promise<() => Promise<string[]>> {
  const { resourceVersion } = await rest.api.client.list(configmaps, { namespace: 'default' });
  const open = () =>
    rest.open('GET', `${path}?watch=1&resourceVersion=${resourceVersion}${query}`, { accept });
  const messages = await Promise.all(Array.from({ length: watcherCount }, open));
  opened.push(...messages);
  const lines = messages.map((message) => createInterface({ input: message })[Symbol.asyncIterator]());
  return () => Promise.all(lines.map(async (iterator) => String((await iterator.next()).value)));
}

const opened: IncomingMessage[] = [];
afterEach(() => {
  for (const message of opened.splice(0)) message.destroy();
});

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

  await rest.api.client.patch(configmaps, { namespace: 'default', name }, 'merge', { data: { a: '2' } });
  await rest.api.client.delete(configmaps, { namespace: 'default', name });
  const types = [await next(), await next()].map(
    ([line = '']) => (JSON.parse(line) as { type: string }).type,
  );
  expect(types).toEqual(['MODIFIED', 'DELETED']);
  expect(encodings()).toBe(3);
});

test('what each of them wants otherwise is encoded for each', async () => {
  const next = await openWatchers('', 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1');
  const encodings = countEncodings('partial');
  await rest.api.client.create(configmaps, { metadata: { name: 'partial', namespace: 'default' } });
  expect(new Set(await next()).size).toBe(1);
  // The counter counts: this form is not shared.
  expect(encodings()).toBe(watcherCount);
});
