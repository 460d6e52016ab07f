import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { configmaps } from '../../../core/api/generated/resources.ts';
import type { RestApi } from '../../environment/rest.ts';
import { createRestApi } from '../../environment/rest.ts';

const path = '/api/v1/namespaces/default/configmaps';

let rest: RestApi;
beforeAll(async () => {
  rest = await createRestApi();
  const create = (name: string, bytes: number) =>
    rest.api.client.create(configmaps, {
      metadata: { name, namespace: 'default', labels: { size: String(bytes) } },
      data: { text: `${name} `.repeat(bytes / (name.length + 1)) },
    });
  await create('large', 200_000);
  for (let index = 100; index < 140; index++) await create(`m${index}`, 20_000);
});
afterAll(() => rest[Symbol.asyncDispose]());

const gzip = { 'accept-encoding': 'deflate, gzip' };

test.for([
  ['an object', `${path}/large`, 'application/json'],
  ['an object in YAML', `${path}/large`, 'application/yaml'],
  ['a list of many pieces', path, 'application/json'],
  ['a list of many pieces in YAML', path, 'application/yaml'],
  ['a list of one piece', `${path}?limit=9&labelSelector=size%3D20000`, 'application/json'],
  ['a Table of objects', `${path}?includeObject=Object`, 'application/json;as=Table;v=v1;g=meta.k8s.io'],
] as const)('%s over 128 KB is compressed for who understands it', async ([, from, accept]) => {
  const plain = await rest.send('GET', from, { accept });
  expect(plain.headers['content-encoding']).toBeUndefined();
  const { code, headers, bytes } = await rest.send('GET', from, { accept, headers: gzip });
  expect(code).toBe(200);
  expect(headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'Accept-Encoding' });
  expect(bytes.length).toBeLessThan(plain.bytes.length / 10);
  expect(gunzipSync(bytes).toString()).toBe(plain.text);
});

test.for([
  ['what is small', 'GET', `${path}/m100`, 'gzip'],
  ['a small list', 'GET', `${path}?limit=2&labelSelector=size%3D20000`, 'gzip'],
  ['what a client refuses', 'GET', `${path}/large`, 'gzip;q=0, identity'],
  ['what a client does not name', 'GET', `${path}/large`, 'br'],
  ['the head of an answer', 'HEAD', `${path}/large`, 'gzip'],
] as const)('%s is not compressed', async ([, method, from, accepted]) => {
  const { code, headers } = await rest.send(method, from, { headers: { 'accept-encoding': accepted } });
  expect(code).toBe(200);
  expect(headers['content-encoding']).toBeUndefined();
});

test('a client that goes in the middle of a compressed list leaves nothing behind', async () => {
  for (let round = 0; round < 3; round++) {
    const message = await rest.open('GET', path, { headers: gzip });
    expect(message.headers['content-encoding']).toBe('gzip');
    message.destroy();
  }
  expect((await rest.send('GET', path, { headers: gzip })).code).toBe(200);
});

test('a watch is not compressed', async () => {
  const message = await rest.open('GET', `${path}?watch=1`, { headers: gzip });
  expect(message.headers['content-encoding']).toBeUndefined();
  message.destroy();
});
