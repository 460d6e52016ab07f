import { afterAll, beforeAll, expect, test } from 'vitest';
import { StatusError } from '../../core/api/errors.ts';
import { establish, plainDefinition, resourceOf } from '../custom-resources/definitions.ts';
import type { TestApi } from '../environment/api.ts';
import { createTestApi } from '../environment/api.ts';

const definition = plainDefinition('things');
const { group, version, plural, kind } = resourceOf(definition);
const things = { group, version, resource: plural, namespace: 'default' };

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi();
  await establish(api, definition);
});
afterAll(() => api.close());

const forms: Readonly<Record<string, (name: string, n: string) => string>> = {
  json: (name, n) =>
    `{"apiVersion":"${group}/${version}","kind":"${kind}","metadata":{"name":"${name}"},"spec":{"count":${n}}}`,
  yaml: (name, n) =>
    `apiVersion: ${group}/${version}\nkind: ${kind}\nmetadata:\n  name: ${name}\nspec:\n  count: ${n}\n`,
};

function create(form: string, name: string, n: string) {
  const bytes = Buffer.from(forms[form]?.(name, n) ?? '');
  return api.verbs.create({}, things, { kind: 'bytes', contentType: `application/${form}`, bytes });
}

test.each(Object.keys(forms))(
  'an integer that would not come back as it was sent is refused by its value: %s',
  async (form) => {
    for (const n of ['1795282353123456789', '-9007199254740993']) {
      const refused: unknown = await create(form, 'altered', n).catch((error: unknown) => error);
      if (!(refused instanceof StatusError)) throw new Error(`${n} was taken`);
      expect(refused).toMatchObject({
        code: 400,
        message: expect.stringContaining(`the integer ${n} cannot be kept exactly`) as string,
      });
    }
    const kept = await create(form, `kept-${form}`, '9007199254740991');
    expect(kept.object).toMatchObject({ spec: { count: 9007199254740991 } });
  },
);

test('a patch cannot bring one either', async () => {
  await create('json', 'patched', '1');
  const bytes = Buffer.from('{"status":{"count":1795282353123456789}}');
  await expect(
    api.verbs.patch({}, { ...things, name: 'patched' }, { type: 'merge', bytes }),
  ).rejects.toMatchObject({ code: 400 });
});
