import { expect, test } from 'vitest';
import type { JSONSchemaProps } from './schema.ts';
import { validateRules } from './rules.ts';

const schema: JSONSchemaProps = {
  type: 'object',
  properties: {
    rows: {
      type: 'array',
      items: {
        type: 'array',
        items: { type: 'integer' },
        'x-kubernetes-validations': [
          { rule: 'self.all(x, self.all(y, x + y >= 0))', message: 'must not be negative' },
        ],
      },
    },
  },
};
const row = (length: number) => Array.from({ length }, (_, index) => index);

/** How often others had a turn. */
async function turnsDuring(work: Promise<unknown>): Promise<number> {
  let turns = 0;
  let done = false;
  const count = () => {
    turns++;
    if (!done) setImmediate(count);
  };
  setImmediate(count);
  await work;
  done = true;
  return turns;
}

test('others have their turns between the rules of an object that takes long', async () => {
  const rows = row(10).map(() => row(150));
  expect(await turnsDuring(validateRules(schema, { rows }, undefined))).toBeGreaterThanOrEqual(5);
});

test('an object that takes no time is judged at once', async () => {
  const judged = validateRules(schema, { rows: [row(3)] }, undefined);
  expect(await turnsDuring(judged)).toBe(0);
});

test('problems are told in the order of the fields, and what is too expensive ends the walk', async () => {
  const errors = await validateRules(schema, { rows: [[-1], row(2000), [-1]] }, undefined);
  expect(errors.map(({ field, message }) => `${field}: ${message}`)).toEqual([
    'rows[0]: Invalid value: "array": must not be negative',
    expect.stringMatching(/^rows\[1\]: .*no further validation rules will be run/),
  ]);
});
