import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { StatusError } from '../../core/api/errors.ts';
import type { WriteOptions } from '../../core/api/verbs.ts';
import type { TestApi } from '../environment/api.ts';
import { createTestApi } from '../environment/api.ts';

const configMaps = { group: '', version: 'v1', resource: 'configmaps', namespace: 'default' };

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi();
});
afterAll(() => api.close());

/** What a write leads to: the data that are stored, or the refusal, and what was warned of. */
async function outcome(
  write: (call: { warn: (text: string) => void }) => Promise<{ readonly object: object }>,
) {
  const warnings: string[] = [];
  try {
    const { object } = await write({ warn: (text) => warnings.push(text) });
    return { data: (object as { data?: unknown }).data, warnings };
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return { code: error.code, message: error.message, warnings };
  }
}

describe('of a key that a YAML body has twice', () => {
  const yaml = (name: string) =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n  a: b\n  a: c\n`;
  const create = (name: string, options: WriteOptions) =>
    outcome((call) => {
      const bytes = Buffer.from(yaml(name));
      return api.verbs.create(
        call,
        configMaps,
        { kind: 'bytes', contentType: 'application/yaml', bytes },
        options,
      );
    });
  const apply = (name: string, options: WriteOptions) =>
    outcome((call) => {
      const bytes = Buffer.from(yaml(name));
      const target = { ...configMaps, name };
      return api.verbs.patch(call, target, { type: 'apply', bytes }, { fieldManager: 'me', ...options });
    });
  const said = 'line 7: key "a" already set in map';

  test.each([
    ['create', create],
    ['apply', apply],
  ] as const)('the last counts, with a warning, unless the client is strict: %s', async (verb, write) => {
    expect(await write(`${verb}-warned`, {})).toEqual({ data: { a: 'c' }, warnings: [said] });
    const ignored = await write(`${verb}-ignored`, { fieldValidation: 'Ignore' });
    expect(ignored).toEqual({ data: { a: 'c' }, warnings: [] });
    const refused = await write(`${verb}-refused`, { fieldValidation: 'Strict' });
    expect(refused).toMatchObject({ code: 400, message: expect.stringContaining(said) as string });
  });
});
