import { createServer } from 'node:https';
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makePair } from '../../core/machinery/pki/make-certificate.ts';
import { systemClock } from '../../core/machinery/clock.ts';
import { establish, plainDefinition, resourceOf } from '../custom-resources/definitions.ts';
import type { TestApi } from '../environment/api.ts';
import { createTestApi } from '../environment/api.ts';

interface Disk {
  apiVersion: string;
  metadata: Record<string, unknown>;
  /** "5Gi" in v1, { amount: 5, unit: "Gi" } in v2. */
  spec: { size: string | { amount: number; unit: string } };
}

/** A user's own server that converts disks, and does what `mood` says instead. */
let mood: 'fine' | 'moody' | 'silent' | 'huge' | 'redirecting' | 'losing' = 'fine';
let server: Server;
let api: TestApi;
let asked = 0;

function converted(disk: Disk, apiVersion: string): Disk {
  const { size } = disk.spec;
  if (apiVersion.endsWith('/v2') && typeof size === 'string')
    return {
      ...disk,
      apiVersion,
      spec: { size: { amount: Number.parseInt(size, 10), unit: size.slice(-2) } },
    };
  if (apiVersion.endsWith('/v1') && typeof size === 'object')
    return { ...disk, apiVersion, spec: { size: `${size.amount}${size.unit}` } };
  return { ...disk, apiVersion };
}

const schemaOf = (size: object) => ({
  openAPIV3Schema: {
    type: 'object',
    required: ['spec'],
    properties: { spec: { type: 'object', properties: { size } } },
  },
});
const definition = plainDefinition('disks');
const v1 = resourceOf(definition);
const v2 = { ...v1, version: 'v2' };
const at = (name: string) => ({ namespace: 'default', name });
const disk = (name: string, text: string) => ({ metadata: at(name), spec: { size: text } });

beforeAll(async () => {
  const ca = await makePair({ name: 'ca', subject: 'CN=ca', use: 'ca' }, systemClock);
  const pair = await makePair(
    { name: 'hook', subject: 'CN=hook', use: 'server', addresses: ['127.0.0.1'], signer: ca },
    systemClock,
  );
  server = createServer({ cert: pair.cert, key: pair.key }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      asked++;
      const { apiVersion, request: review } = JSON.parse(Buffer.concat(chunks).toString()) as {
        apiVersion: string;
        request: { uid: string; desiredAPIVersion: string; objects: Disk[] };
      };
      if (mood === 'silent') return;
      if (mood === 'huge') return response.end(Buffer.alloc(50 * 1024 * 1024, 0x20));
      if (mood === 'redirecting') return response.writeHead(302, { location: 'https://127.0.0.1:1/' }).end();
      const objects = review.objects.map((each) => converted(each, review.desiredAPIVersion));
      if (mood === 'losing') for (const each of objects) each.spec = { size: {} as never };
      const convertedObjects =
        mood === 'moody' ? objects.map((each) => ({ ...each, metadata: { name: 'other' } })) : objects;
      const result = { status: 'Success' };
      response.setHeader('content-type', 'application/json');
      return response.end(
        JSON.stringify({
          apiVersion,
          kind: 'ConversionReview',
          response: { uid: review.uid, result, convertedObjects },
        }),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  api = await createTestApi();
  definition.spec.versions = [
    { name: 'v1', served: true, storage: true, schema: schemaOf({ type: 'string', pattern: '^\\d+Gi$' }) },
    {
      name: 'v2',
      served: true,
      storage: false,
      schema: schemaOf({
        type: 'object',
        required: ['amount'],
        properties: { amount: { type: 'integer', minimum: 1 }, unit: { type: 'string', default: 'Gi' } },
      }),
    },
  ] as never;
  definition.spec.conversion = {
    strategy: 'Webhook',
    webhook: {
      conversionReviewVersions: ['v1'],
      clientConfig: { url: `https://127.0.0.1:${port}/convert`, caBundle: ca.cert.toString('base64') },
    },
  };
  await establish(api, definition);
});
afterAll(async () => {
  await api.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

test('an object is written in either version, judged in that one, and read in both', async () => {
  await api.client.create(v1, disk('old', '5Gi'));
  const newer = await api.client.get(v2, at('old'));
  expect(newer).toMatchObject({ apiVersion: 'example.com/v2', spec: { size: { amount: 5, unit: 'Gi' } } });
  const created = await api.client.create(v2, { metadata: at('new'), spec: { size: { amount: 7 } } });
  expect(created).toMatchObject({ apiVersion: 'example.com/v2', spec: { size: { amount: 7, unit: 'Gi' } } });
  expect((await api.client.get(v1, at('new'))).spec).toEqual({ size: '7Gi' });
  await expect(
    api.client.create(v2, { metadata: at('wrong'), spec: { size: { amount: 0 } } }),
  ).rejects.toThrow('spec.size.amount: Invalid value: 0');
  const patched = await api.client.patch(v2, at('old'), 'merge', { spec: { size: { amount: 6 } } });
  expect(patched).toMatchObject({ metadata: { generation: 2 }, spec: { size: { amount: 6 } } });
  expect((await api.client.get(v1, at('old'))).spec).toEqual({ size: '6Gi' });
});

test('a list is converted in one go, and what was converted is not asked for again', async () => {
  for (const name of ['a', 'b', 'c']) await api.client.create(v1, disk(name, '1Gi'));
  asked = 0;
  const first = await api.client.list(v2);
  expect(first.items.every(({ apiVersion }) => apiVersion === 'example.com/v2')).toBe(true);
  expect(asked).toBe(1);
  await api.client.list(v2);
  expect(asked).toBe(1);
});

test('watchers see each version as they asked', async () => {
  const stop = new AbortController();
  const events = api.client.watch(v2, { fieldSelector: 'metadata.name=watched', signal: stop.signal });
  await api.client.create(v1, disk('watched', '3Gi'));
  for await (const [event] of events) {
    if (event?.type !== 'ADDED') continue;
    expect(event.object.spec).toEqual({ size: { amount: 3, unit: 'Gi' } });
    break;
  }
  stop.abort();
});

test('a webhook that fails says so to who asked, and nobody else', async () => {
  await api.client.create(v1, disk('lied', '4Gi'));
  const refusals = {
    moody:
      /conversion webhook for example.com\/v1, Kind=Disk returned invalid converted object at index 0: must have the same name: lied != other/,
    huge: /conversion webhook .* failed: .*the response is larger than/,
    redirecting: /conversion webhook .* failed: .*redirects are not followed/,
  } as const;
  for (const [how, message] of Object.entries(refusals)) {
    mood = how as typeof mood;
    await expect(api.client.get(v2, at('lied')), how).rejects.toThrow(message);
    await expect(api.client.get(v1, at('lied')), how).resolves.toMatchObject({ spec: { size: '4Gi' } });
  }
  mood = 'silent';
  const before = asked;
  const waiting = api.client.get(v2, at('lied'));
  const outcome = expect(waiting).rejects.toThrow(/conversion webhook .* failed: /);
  await expect.poll(() => asked).toBeGreaterThan(before);
  api.clock.advance(31_000);
  await outcome;
  mood = 'fine';
  await expect(api.client.get(v2, at('lied'))).resolves.toMatchObject({ spec: { size: { amount: 4 } } });
});

test('a webhook that loses what it converts shows that to who asked, and loses nothing that is stored', async () => {
  await api.client.create(v1, { ...disk('lost', '4Gi'), metadata: { ...at('lost'), labels: { of: 'ann' } } });
  mood = 'losing';
  const lossy = await api.client.get(v2, at('lost'));
  expect(lossy.spec).toEqual({ size: { unit: 'Gi' } });
  // What is no webhook's business stays, whatever it answers.
  expect(lossy.metadata).toMatchObject({ name: 'lost', labels: { of: 'ann' } });
  // Whoever changes what is lost in part learns that it is not whole.
  await expect(api.client.patch(v2, at('lost'), 'merge', { spec: { size: { unit: 'Mi' } } })).rejects.toThrow(
    'spec.size.amount: Required value',
  );
  // Who writes in the stored version does not depend on it.
  await api.client.patch(v1, at('lost'), 'merge', { metadata: { labels: { of: 'bob' } } });
  mood = 'fine';
  expect(await api.client.get(v1, at('lost'))).toMatchObject({
    metadata: { labels: { of: 'bob' } },
    spec: { size: '4Gi' },
  });
  expect((await api.client.get(v2, at('lost'))).spec).toEqual({ size: { amount: 4, unit: 'Gi' } });
});
