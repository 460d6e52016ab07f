import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { StatusError } from '../../core/api/errors.ts';
import { configmaps, secrets } from '../../core/api/generated/resources.ts';
import type { Patch, PatchOptions } from '../../core/api/verbs.ts';
import type { TestApi } from '../environment/api.ts';
import { createTestApi } from '../environment/api.ts';

const at = { namespace: 'default', name: 'it' };
const target = (resource: string) => ({ group: '', version: 'v1', resource, ...at });

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi();
  await api.client.create(configmaps, { metadata: at, data: { a: 'b' } });
  await api.client.create(secrets, { metadata: at });
});
afterAll(() => api.close());

async function patched(
  type: Patch['type'],
  text: string,
  options: PatchOptions = {},
  resource = 'configmaps',
) {
  const warnings: string[] = [];
  const call = { warn: (warning: string) => warnings.push(warning) };
  const patch = { type, bytes: Buffer.from(text) };
  try {
    await api.verbs.patch(call, target(resource), patch, { dryRun: true, ...options });
    return { warnings };
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    const { code, reason, message, status } = error;
    return { code, reason, message, fields: status.details?.causes?.map(({ field }) => field) };
  }
}

const strict = { fieldValidation: 'Strict' } as const;

describe('a patch whose result is no object of the kind is invalid, and says why', () => {
  test.each<[Patch['type'], string]>([
    ['merge', '{"data":{"a":1}}'],
    ['strategic', '{"data":{"a":1}}'],
    ['json', '[{"op":"add","path":"/data/a","value":1}]'],
  ])('%s %s', async (type, text) => {
    expect(await patched(type, text)).toEqual({
      code: 422,
      reason: 'Invalid',
      message: ` "" is invalid: patch: Invalid value: ${JSON.stringify(text)}: data.a: must be a string, not the number 1: put quotes around it`,
      fields: ['patch'],
    });
  });

  test.each<[Patch['type'], string]>([
    ['merge', '{"date":{}}'],
    ['strategic', '{"date":{}}'],
    ['json', '[{"op":"add","path":"/date","value":{}}]'],
  ])('%s %s, where the client is strict', async (type, text) => {
    expect(await patched(type, text, strict)).toMatchObject({
      code: 422,
      message: expect.stringContaining('strict decoding error: unknown field "date"') as string,
    });
    expect((await patched(type, text)).warnings).toHaveLength(1);
  });

  test('without what a Secret would have held', async () => {
    const refused = await patched('merge', '{"stringData":{"password":["hunter2"]}}', {}, 'secrets');
    expect(refused).toMatchObject({ code: 422, fields: ['patch'] });
    expect(refused.message).not.toContain('hunter2');
  });
});

describe('what a patch says twice, or in an operation too many, is told of or refused', () => {
  test.each<[Patch['type'], string, readonly string[]]>([
    ['merge', '{"data":{"a":"1","a":"2"}}', ['duplicate field "data.a"']],
    ['strategic', '{"data":{"a":"1","a":"2"}}', ['duplicate field "data.a"']],
    [
      'json',
      '[{"op":"add","path":"/data/c","value":"1","foo":1},{"op":"add","path":"/data/d","path":"/data/d","value":"1"}]',
      ['json patch unknown field "[0].foo"', 'json patch duplicate field "[1].path"'],
    ],
  ])('%s %s', async (type, text, problems) => {
    expect(await patched(type, text)).toEqual({ warnings: problems });
    expect(await patched(type, text, { fieldValidation: 'Ignore' })).toEqual({ warnings: [] });
    expect(await patched(type, text, strict)).toMatchObject({
      code: 422,
      message: expect.stringContaining(`strict decoding error: ${problems.join(', ')}`) as string,
    });
  });
});
