import { describe, expect, test } from 'vitest';
import { StatusError } from '../../core/api/errors.ts';
import type { WriteOptions } from '../../core/api/verbs.ts';
import type { TestApi } from '../environment/api.ts';
import { createTestApi } from '../environment/api.ts';

const deployments = { group: 'apps', version: 'v1', resource: 'deployments', namespace: 'default' };
const configmaps = { group: '', version: 'v1', resource: 'configmaps', namespace: 'default' };

/** What the server says to a body; the object is never there afterwards. */
async function refusal(api: TestApi, body: string, options: WriteOptions = {}, target = deployments) {
  const bytes = Buffer.from(body);
  const sent = { kind: 'bytes', contentType: 'application/json', bytes } as const;
  const error = await api.verbs.create({}, target, sent, options).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof StatusError)) throw new Error(`The server took ${body}`, { cause: error });
  return { code: error.code, message: error.message };
}

function deployment(change: string): string {
  return `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{"selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"main","image":"web:1"}]}}${change}}}`;
}

describe('a body is refused with its path and value', () => {
  test('when a field is of the wrong type', async () => {
    await using api = await createTestApi();
    expect(await refusal(api, deployment(',"replicas":"three"'))).toEqual({
      code: 400,
      message:
        'Deployment in version "v1" cannot be handled as a Deployment: spec.replicas: must be an integer, not the string "three"',
    });
  });

  test('when a field is unknown or given twice, where the client is strict', async () => {
    await using api = await createTestApi();
    const strict = { fieldValidation: 'Strict' } as const;
    expect((await refusal(api, deployment(',"replcas":3'), strict)).message).toBe(
      'Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: unknown field "spec.replcas"; did you mean "replicas"?',
    );
    expect((await refusal(api, deployment(',"replicas":1,"replicas":2'), strict)).message).toBe(
      'Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: duplicate field "spec.replicas"',
    );
  });

  test('when something is missing or has a bad name', async () => {
    await using api = await createTestApi();
    expect(await refusal(api, '{"metadata":{"name":"web"}}')).toMatchObject({ code: 422 });
    expect((await refusal(api, '{"metadata":{"name":"Web_1"}}', {}, configmaps)).message).toMatch(
      /^ConfigMap "Web_1" is invalid: metadata\.name: Invalid value: "Web_1": a lowercase RFC 1123 subdomain/,
    );
    expect((await refusal(api, '{}', {}, configmaps)).message).toContain(
      'metadata.name: Required value: name or generateName is required',
    );
  });

  test('when it is of another kind, version, namespace or address', async () => {
    await using api = await createTestApi();
    expect((await refusal(api, '{"kind":"Pod","apiVersion":"apps/v1"}')).message).toContain('"Pod"');
    expect((await refusal(api, '{"kind":"Deployment","apiVersion":"apps/v9"}')).message).toBe(
      'the API version in the data ("apps/v9") does not match the expected API version (apps/v1)',
    );
    expect((await refusal(api, '{"metadata":{"name":"a","namespace":"b"}}')).message).toBe(
      'the namespace of the provided object does not match the namespace sent on the request',
    );
    expect(await refusal(api, '{}', {}, { ...deployments, resource: 'deploymentz' })).toEqual({
      code: 404,
      message: 'the server could not find the requested resource',
    });
  });

  test('when it is no JSON object, too deep or meant to poison', async () => {
    await using api = await createTestApi();
    for (const body of ['', '{', '[]', '"x"', 'null', '{"metadata":{"name":"a"}'])
      expect((await refusal(api, body)).code).toBe(400);
    const deep = `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`;
    expect((await refusal(api, deep)).message).toContain('nested too deeply');
    const poison = '{"metadata":{"name":"a","labels":{"__proto__":"x"}}}';
    expect((await refusal(api, poison, {}, configmaps)).code).toBe(400);
  });

  test('of a content type nobody reads', async () => {
    await using api = await createTestApi();
    const sent = { kind: 'bytes', contentType: 'text/plain', bytes: Buffer.from('{}') } as const;
    await expect(api.verbs.create({}, configmaps, sent)).rejects.toMatchObject({ code: 415 });
  });
});

describe('a body of a client that is not strict', () => {
  test('loses what nobody knows, with a warning each', async () => {
    await using api = await createTestApi();
    const warnings: string[] = [];
    const bytes = Buffer.from('{"metadata":{"name":"a"},"dta":{"x":"y"}}');
    const sent = { kind: 'bytes', contentType: 'application/json', bytes } as const;
    const { object } = await api.verbs.create({ warn: (text) => warnings.push(text) }, configmaps, sent);
    expect(warnings).toEqual(['unknown field "dta"; did you mean "data"?']);
    expect(object).not.toHaveProperty('dta');
    const ignored = Buffer.from('{"metadata":{"name":"b"},"dta":{"x":"y"}}');
    await api.verbs.create(
      { warn: (text) => warnings.push(text) },
      configmaps,
      { ...sent, bytes: ignored },
      { fieldValidation: 'Ignore' },
    );
    expect(warnings).toHaveLength(1);
  });
});

describe('a patch', () => {
  test('that does not fit is refused and changes nothing', async () => {
    await using api = await createTestApi();
    const { verbs } = api;
    await verbs.create({}, configmaps, {
      kind: 'object',
      object: { metadata: { name: 'a' }, data: { x: '1' } },
    });
    const target = { ...configmaps, name: 'a' };
    const patch = (type: 'json' | 'merge' | 'strategic', text: string) =>
      verbs.patch({}, target, { type, bytes: Buffer.from(text) });
    await expect(patch('json', '[{"op":"test","path":"/data/x","value":"2"}]')).rejects.toMatchObject({
      code: 422,
    });
    await expect(patch('json', '[{"op":"remove","path":"/data/y"}]')).rejects.toBeInstanceOf(StatusError);
    await expect(patch('merge', '{"data":{"x":1}}')).rejects.toThrow(
      'data.x: must be a string, not the number 1',
    );
    await expect(patch('merge', '{"metadata":{"name":"b"}}')).rejects.toBeInstanceOf(StatusError);
    await expect(patch('strategic', '[]')).rejects.toMatchObject({ code: 400 });
    const { object } = await patch('merge', '{}');
    expect(object).toMatchObject({ data: { x: '1' } });
  });
});
