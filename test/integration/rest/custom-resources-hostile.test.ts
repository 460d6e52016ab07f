import { afterAll, beforeAll, expect, test } from 'vitest';
import { customresourcedefinitions } from '../../../core/api/generated/resources.ts';
import { plainDefinition, resourceOf, untilServed } from '../../custom-resources/definitions.ts';
import type { RestApi } from '../../environment/rest.ts';
import { createRestApi } from '../../environment/rest.ts';

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const objects = '/apis/example.com/v1/namespaces/default/targets';

let rest: RestApi;
beforeAll(async () => {
  rest = await createRestApi();
  const definition = plainDefinition('targets', {
    type: 'object',
    properties: {
      text: { type: 'string', pattern: '^(a+)+$' },
      open: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      numbers: { type: 'array', items: { type: 'integer', maximum: 1 } },
      set: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
    },
  });
  await rest.api.client.create(customresourcedefinitions, definition);
  await untilServed(rest.api, resourceOf(definition), true);
});
afterAll(() => rest[Symbol.asyncDispose]());

const post = (members: object, query = '') =>
  rest.send('POST', `${objects}${query}`, {
    body: JSON.stringify({
      apiVersion: 'example.com/v1',
      kind: 'Target',
      metadata: { name: 'one' },
      ...members,
    }),
  });

async function expectHealthy(): Promise<void> {
  expect((await rest.send('GET', '/readyz')).text).toBe('ok');
  expect((await post({ text: 'aaa' }, '?dryRun=All')).code).toBe(201);
}

test('an expression built to explode takes time in proportion to the text', async () => {
  const answer = await post({ text: `${'a'.repeat(100_000)}!` });
  expect(answer.code).toBe(422);
  expect(answer.text.length).toBeLessThan(4_000);
  await expectHealthy();
});

test('a hundred thousand wrong items are told of, but not all of them', async () => {
  const answer = await post({ numbers: Array.from({ length: 100_000 }, () => 2) });
  expect(answer.code).toBe(422);
  expect(answer.json().details?.causes?.length).toBeLessThanOrEqual(200);
  await expectHealthy();
});

test('a hundred thousand unknown fields are left out, and told of in few words', async () => {
  const unknown = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`field${index}`, 1]));
  const strict = await post(unknown, '?fieldValidation=Strict');
  expect(strict.code).toBe(400);
  const taken = await post({ ...unknown, text: 'a' }, '?dryRun=All');
  expect(taken.code).toBe(201);
  expect(taken.json()).not.toHaveProperty('field1');
  await expectHealthy();
});

test('a large set is compared in one pass', async () => {
  const set = Array.from({ length: 100_000 }, (_, index) => `item-${index}`);
  expect((await post({ set }, '?dryRun=All')).code).toBe(201);
  expect((await post({ set: [...set, 'item-0'] })).code).toBe(422);
  await expectHealthy();
});

test('nesting without end and members that change prototypes are refused wherever they stand', async () => {
  const deep = `{"metadata":{"name":"one"},"open":${'{"a":'.repeat(600)}1${'}'.repeat(600)}}`;
  expect((await rest.send('POST', objects, { body: deep })).code).toBe(400);
  const prototype = '{"metadata":{"name":"one"},"open":{"__proto__":{"polluted":true}}}';
  expect((await rest.send('POST', objects, { body: prototype })).code).toBe(400);
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  await expectHealthy();
});

test('metadata of the wrong type is refused before anybody reads it', async () => {
  for (const metadata of ['text', [], { name: 5 }, { name: 'one', labels: { a: 1 } }]) {
    const answer = await post({ metadata });
    expect([400, 422], answer.text).toContain(answer.code);
  }
  const wrong = { apiVersion: 'example.com/v2', kind: 'Target', metadata: { name: 'one' } };
  expect((await post(wrong)).code).toBe(400);
  await expectHealthy();
});

test('protobuf and strategic merge are not for custom resources', async () => {
  const contentType = 'application/vnd.kubernetes.protobuf';
  const answer = await rest.send('POST', objects, { body: Buffer.from('k8s\0'), contentType });
  expect([400, 415]).toContain(answer.code);
  await expectHealthy();
});

test('a schema that refers to itself, or is larger than any, is refused', async () => {
  const withSchema = (schema: object) => JSON.stringify(plainDefinition('loops', schema));
  const recursive = { type: 'object', properties: { child: { $ref: '#' } } };
  const refused = await rest.send('POST', definitions, { body: withSchema(recursive) });
  expect(refused.code).toBe(422);
  expect(refused.text).toContain('$ref is not supported');
  const properties = Object.fromEntries(
    Array.from({ length: 60_000 }, (_, index) => [`p${index}`, { type: 'string' }]),
  );
  const large = await rest.send('POST', definitions, { body: withSchema({ type: 'object', properties }) });
  expect(large.code).toBe(422);
  await expectHealthy();
});

test('a schema nested deeper than any, or that is more than a request may be, is refused at once', async () => {
  const withSchema = (schema: string) =>
    JSON.stringify(plainDefinition('pits', { type: 'object' })).replace(
      '"openAPIV3Schema":{"type":"object"}',
      `"openAPIV3Schema":${schema}`,
    );
  const level = '{"type":"object","properties":{"a":';
  const nested = (depth: number) => `${level.repeat(depth)}{"type":"object"}${'}}'.repeat(depth)}`;
  // Within what JSON may be here, and beyond.
  for (const depth of [200, 20_000]) {
    const refused = await rest.send('POST', definitions, { body: withSchema(nested(depth)) });
    expect([400, 422], refused.text.slice(0, 500)).toContain(refused.code);
    expect(refused.text.length).toBeLessThan(100_000);
    await expectHealthy();
  }
  const huge = JSON.stringify({ type: 'object', description: 'x'.repeat(10_000_000) });
  expect((await rest.send('POST', definitions, { body: withSchema(huge) })).code).toBe(413);
  await expectHealthy();
});
