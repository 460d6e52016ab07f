import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { hashed } from '../openapi.ts';
import { sendDocument } from './documents.ts';
import type { Exchange } from './exchange.ts';

/** A request with these headers; resolves to the body that was sent, undefined where there is none. */
async function sent(document: ReturnType<typeof hashed>, headers: object): Promise<Buffer | undefined> {
  let body: Buffer | undefined;
  const exchange = {
    request: { headers },
    response: { setHeader: () => {}, writeHead: () => {}, end: () => {} },
    send(_code: number, _contentType: string, bytes: Buffer) {
      body = bytes;
    },
  };
  await sendDocument(exchange as unknown as Exchange, document);
  return body;
}

test('a document is compressed once, however often and how many at a time ask for it', async () => {
  const text = JSON.stringify({ paths: Array.from({ length: 500 }, (_, index) => `/apis/${index}`) });
  const compressed = await Promise.all(
    [1, 2].map(() => sent(hashed(Buffer.from(text)), { 'accept-encoding': 'gzip' })),
  );
  expect(gunzipSync(compressed[0] ?? '').toString()).toBe(text);
  expect(compressed[1]).toBe(compressed[0]);
  expect(await sent(hashed(Buffer.from(text)), { 'accept-encoding': 'br, gzip' })).toBe(compressed[0]);
});

test('what cannot be read compressed, or is too small for it, goes as it is; what is known not at all', async () => {
  const large = hashed(Buffer.alloc(5_000, 'a'));
  expect(await sent(large, {})).toBe(large.bytes);
  expect(await sent(large, { 'accept-encoding': 'gzip;q=0, identity' })).toBe(large.bytes);
  const small = hashed(Buffer.from('{}'));
  expect(await sent(small, { 'accept-encoding': 'gzip' })).toBe(small.bytes);
  expect(await sent(large, { 'if-none-match': `"${large.hash}"` })).toBeUndefined();
});
