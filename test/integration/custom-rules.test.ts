import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { customresourcedefinitions } from '../../core/api/generated/resources.ts';
import { establish, plainDefinition, resourceOf } from '../custom-resources/definitions.ts';
import type { TestApi } from '../environment/api.ts';
import { createTestApi } from '../environment/api.ts';

const schema = {
  type: 'object',
  'x-kubernetes-validations': [
    {
      rule: "self.metadata.name != 'forbidden'",
      message: 'that name is taken',
      reason: 'FieldValueForbidden',
    },
  ],
  properties: {
    spec: {
      type: 'object',
      'x-kubernetes-validations': [
        {
          rule: '!has(self.min) || !has(self.max) || self.min <= self.max',
          messageExpression: "'min ' + string(self.min) + ' is above max ' + string(self.max)",
          fieldPath: '.min',
        },
        {
          rule: 'oldSelf.hasValue() || !has(self.locked) || !self.locked',
          message: 'must not begin locked',
          optionalOldSelf: true,
        },
        { rule: '!has(oldSelf.owner) || self.owner == oldSelf.owner' },
      ],
      properties: {
        min: { type: 'integer' },
        max: { type: 'integer' },
        locked: { type: 'boolean' },
        owner: { type: 'string', maxLength: 64 },
        until: {
          type: 'string',
          format: 'date-time',
          'x-kubernetes-validations': [{ rule: "self > timestamp('2020-01-01T00:00:00Z')" }],
        },
        ports: {
          type: 'array',
          maxItems: 100,
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name'],
          'x-kubernetes-validations': [{ rule: "self.all(p, p.name != 'none')" }],
          items: {
            type: 'object',
            required: ['name'],
            properties: {
              name: { type: 'string', maxLength: 10 },
              port: {
                type: 'integer',
                'x-kubernetes-validations': [{ rule: 'self >= oldSelf', message: 'may only grow' }],
              },
            },
          },
        },
        work: {
          type: 'array',
          maxItems: 100,
          items: { type: 'integer' },
          'x-kubernetes-validations': [
            { rule: 'self.all(a, self.all(b, self.all(c, a + b + c >= 0)))', message: 'adds up' },
          ],
        },
      },
    },
  },
};

let api: TestApi;
const definition = plainDefinition('rules', schema);
const rules = resourceOf(definition);
beforeAll(async () => {
  api = await createTestApi();
  await establish(api, definition);
});
afterAll(() => api.close());

const create = (name: string, spec: Record<string, unknown>) =>
  api.client.create(rules, { metadata: { name, namespace: 'default' }, spec });
const change = (name: string, spec: Record<string, unknown>) =>
  api.client.patch(rules, { namespace: 'default', name }, 'merge', { spec });

describe('rules in CEL', () => {
  test('judge an object by its parts and by its name', async () => {
    await expect(create('range', { min: 3, max: 2 })).rejects.toThrow(
      'Rule.example.com "range" is invalid: spec.min: Invalid value: "object": min 3 is above max 2',
    );
    await expect(create('forbidden', {})).rejects.toThrow('Forbidden: that name is taken');
    await expect(create('past', { until: '2019-01-01T00:00:00Z' })).rejects.toThrow(
      `spec.until: Invalid value: "string": failed rule: self > timestamp('2020-01-01T00:00:00Z')`,
    );
    await expect(create('ports', { ports: [{ name: 'none' }] })).rejects.toThrow(
      'spec.ports: Invalid value: "array"',
    );
    await expect(create('fine', { min: 1, max: 2, until: '2030-01-01T00:00:00Z' })).resolves.toBeDefined();
  });

  test('judge a change by what there was, item by item where a list is a map', async () => {
    await create('moving', {
      owner: 'a',
      ports: [
        { name: 'x', port: 5 },
        { name: 'y', port: 5 },
      ],
    });
    await expect(change('moving', { owner: 'b' })).rejects.toThrow(
      'failed rule: !has(oldSelf.owner) || self.owner == oldSelf.owner',
    );
    await expect(
      change('moving', {
        ports: [
          { name: 'y', port: 6 },
          { name: 'x', port: 4 },
        ],
      }),
    ).rejects.toThrow('spec.ports[1].port: Invalid value: "integer": may only grow');
    const changed = await change('moving', {
      ports: [
        { name: 'z', port: 1 },
        { name: 'x', port: 6 },
      ],
    });
    expect(changed.metadata.generation).toBe(2);
  });

  test('that know of no old self where there was none say so', async () => {
    await expect(create('locked', { locked: true })).rejects.toThrow('must not begin locked');
    await create('later', {});
    await expect(change('later', { locked: true })).resolves.toBeDefined();
  });

  test('that cost too much refuse the object, and the server goes on', async () => {
    const work = Array.from({ length: 100 }, (_, index) => index);
    await expect(create('work', { work })).rejects.toThrow(
      /spec.work: Invalid value: "array": .*no further validation rules will be run/,
    );
    await expect(create('after', { work: [1] })).resolves.toBeDefined();
  });
});

describe('a definition is refused for', () => {
  const refusal = async (field: object) => {
    const wrong = plainDefinition('wrongs', { type: 'object', properties: { field } });
    const error = await api.client
      .create(customresourcedefinitions, wrong)
      .catch((thrown: unknown) => thrown);
    return (error as Error).message;
  };
  const text = (rule: object) => ({ type: 'string', 'x-kubernetes-validations': [rule] });

  test.each<[string, object, RegExp]>([
    ['a rule that is no expression', text({ rule: 'self ==' }), /rule: Invalid value: .*compilation failed/],
    ['a rule of the wrong type', text({ rule: 'self + self' }), /must evaluate to bool/],
    ['a rule about what is not there', text({ rule: 'self.a == 1' }), /compilation failed/],
    ['no rule', text({ rule: '' }), /rule: Required value: rule is not specified/],
    [
      'a message of two lines',
      text({ rule: 'true', message: 'a\nb' }),
      /message must not contain line breaks/,
    ],
    [
      'a message that is no text',
      text({ rule: 'true', messageExpression: '1' }),
      /messageExpression: Invalid value: "1": must evaluate to string/,
    ],
    ['a path that leads nowhere', text({ rule: 'true', fieldPath: '.x' }), /does not refer to a valid field/],
    [
      'an old self that no item of a list has',
      { type: 'array', items: text({ rule: 'self == oldSelf' }) },
      /oldSelf cannot be used on the uncorrelatable portion of the schema/,
    ],
    [
      'a choice about an old self that is not used',
      text({ rule: 'true', optionalOldSelf: true }),
      /may not be set if oldSelf is not used in rule/,
    ],
    [
      'a rule that may cost too much',
      {
        type: 'array',
        items: { type: 'integer' },
        'x-kubernetes-validations': [{ rule: 'self.all(a, self.all(b, a + b >= 0))' }],
      },
      /rule: Forbidden: estimated rule cost exceeds budget by factor of more than 100x \(try simplifying the rule/,
    ],
    [
      'a default that breaks a rule',
      { ...text({ rule: "self != 'a'" }), default: 'a' },
      /default: Invalid value: "string": failed rule/,
    ],
  ])('%s', async (_why, field, message) => {
    expect(await refusal(field)).toMatch(message);
  });
});
