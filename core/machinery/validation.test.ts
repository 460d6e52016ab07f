import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deepEqual, deepFreeze } from './json.ts';
import { nearestName } from './nearest-name.ts';
import { any, field, list, map, object, scalar } from './schema-builder.ts';
import { applyDefaults, prune } from './schema-transform.ts';
import type { Schema } from './schema.ts';
import { validate, type Violation } from './validation.ts';
import { cpuMs } from '../../test/expectations/cpu-time.ts';

const text = scalar('string');
const container = object({
  name: field(text, { required: true }),
  image: text,
  args: list(text),
  pullPolicy: scalar('string', ['Always', 'Never', 'IfNotPresent']),
  port: field(scalar('int32'), { default: 80 }),
  resources: map(scalar('quantity')),
});
const pod = object({
  metadata: object({ labels: map(text), created: scalar('date-time') }),
  spec: object({
    containers: field(list(container, ['name']), { required: true }),
    grace: scalar('int64'),
    strategy: field(object({ type: field(text, { default: 'Rolling' }) }), { default: {} }),
  }),
  raw: any,
  open: object({ known: text }, { preserveUnknown: true }),
});

const podWith = (more: object) => ({ spec: { containers: [{ name: 'a', ...more }] } });
const short = (violations: Violation[]) =>
  violations.map(({ path, reason, message }) => `${path}: ${reason}: ${message}`);

describe('validate()', () => {
  test('finds nothing wrong with a value of the schema', () => {
    const value = {
      ...podWith({ image: 'x', args: ['a'], pullPolicy: 'Never', resources: { cpu: 1, memory: '1Gi' } }),
      raw: { anything: [null] },
      open: { known: 'a', other: { deep: 1 } },
    };
    expect(validate(pod, value)).toEqual([]);
  });

  test.each<[object, string]>([
    [
      podWith({ imgae: 'x' }),
      'spec.containers[0].imgae: unknown: is an unknown field; did you mean "image"?',
    ],
    [
      podWith({ Image: 'x' }),
      'spec.containers[0].Image: unknown: is an unknown field; did you mean "image"?',
    ],
    [podWith({ zebra: 'x' }), 'spec.containers[0].zebra: unknown: is an unknown field'],
    [podWith({ constructor: 'x' }), 'spec.containers[0].constructor: unknown: is an unknown field'],
    [
      podWith({ image: 5 }),
      'spec.containers[0].image: type: must be a string, not the number 5: put quotes around it',
    ],
    [podWith({ args: 'a' }), 'spec.containers[0].args: type: must be a list, not the string "a"'],
    [podWith({ args: ['a', null] }), 'spec.containers[0].args[1]: type: must be a string, not null'],
    [podWith({ port: 'x' }), 'spec.containers[0].port: type: must be an integer, not the string "x"'],
    [podWith({ port: 1.5 }), 'spec.containers[0].port: type: must be an integer, not the number 1.5'],
    [
      podWith({ port: 2 ** 31 }),
      'spec.containers[0].port: format: must be between -2147483648 and 2147483647',
    ],
    [
      podWith({ pullPolicy: 'always' }),
      'spec.containers[0].pullPolicy: enum: must be one of "Always", "Never", "IfNotPresent", not the string "always"; did you mean "Always"?',
    ],
    [
      podWith({ resources: { cpu: '1x' } }),
      'spec.containers[0].resources.cpu: format: must be a quantity such as "100m" or "1Gi"',
    ],
    [{ spec: {} }, 'spec.containers: required: is required'],
    [{ spec: { containers: null } }, 'spec.containers: required: is required'],
    [{ spec: [] }, 'spec: type: must be an object, not a list'],
    [
      { metadata: { labels: { 'a/b': 1 } } },
      'metadata.labels["a/b"]: type: must be a string, not the number 1: put quotes around it',
    ],
    [
      { metadata: { created: '2030-01-01' } },
      'metadata.created: format: must be a time such as "2030-01-31T23:59:59Z"',
    ],
  ])('%j: %s', (value, expected) => expect(short(validate(pod, value))).toEqual([expected]));

  test('lists every violation in the order they stand', () => {
    const value = { spec: { containers: [{ image: 1 }, { name: 'b', prot: 1 }] } };
    expect(validate(pod, value).map(({ path }) => path)).toEqual([
      'spec.containers[0].image',
      'spec.containers[0].name',
      'spec.containers[1].prot',
    ]);
  });

  test('can let unknown fields pass', () => {
    expect(validate(pod, podWith({ zebra: 1 }), { ignoreUnknown: true })).toEqual([]);
  });

  test('takes null members as absent and null strings of maps as empty', () => {
    expect(validate(pod, { ...podWith({ image: null }), metadata: { labels: { a: null } } })).toEqual([]);
  });

  test('bounds violations and depth, so hostile input costs little', () => {
    const many = Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`unknown${i}`, 1]));
    const spent = cpuMs(() => expect(validate(pod, many)).toHaveLength(100));
    const tree: Schema = object({ next: field(() => tree) });
    let deep: object = {};
    for (let i = 0; i < 5000; i++) deep = { next: deep };
    expect(validate(tree, deep).map(({ reason }) => reason)).toEqual(['depth']);
    expect(spent).toBeLessThan(2_000);
  });

  test('never throws, whatever it is given', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, maxDepth: 4 }), (value) => {
        expect(Array.isArray(validate(pod, value))).toBe(true);
      }),
    );
  });
});

describe('scalars', () => {
  test.each([
    ['bytes', 'YWJj', true],
    ['bytes', 'YWJ', false],
    ['bytes', 'a b=', false],
    ['duration', '1h30m', true],
    ['duration', '1 hour', false],
    ['date-time', '2030-01-31T23:59:59Z', true],
    ['date-time', '2030-13-31T23:59:59Z', false],
    ['micro-time', '2030-01-31T23:59:59.123456+02:00', true],
    ['int-or-string', '25%', true],
    ['int-or-string', 8080, true],
    ['int-or-string', 1.5, false],
    ['int-or-string', true, false],
    ['int64', 2 ** 60, true],
    ['double', 0.5, true],
    ['double', '0.5', false],
    ['bool', 'true', false],
    ['bool', false, true],
    ['quantity', true, false],
    ['quantity', 1e30, true],
  ] as const)('%s %j: %s', (type, value, valid) => {
    expect(validate(scalar(type), value).length === 0).toBe(valid);
  });
});

describe('prune()', () => {
  test('leaves out unknown and null members and shares the rest', () => {
    const value = deepFreeze({
      ...podWith({ image: null, zebra: 1 }),
      raw: { x: null },
      open: { y: null },
      extra: 1,
    });
    const pruned = prune(pod, value) as typeof value;
    expect(pruned).toEqual({ spec: { containers: [{ name: 'a' }] }, raw: { x: null }, open: { y: null } });
    expect(pruned.raw).toBe(value.raw);
    expect(pruned.open).toBe(value.open);
  });

  test('returns an unchanged value itself', () => {
    const value = deepFreeze(podWith({ image: 'x' }));
    expect(prune(pod, value)).toBe(value);
  });

  test('turns null strings of maps into empty ones', () => {
    expect(prune(pod, { metadata: { labels: { a: null } } })).toEqual({ metadata: { labels: { a: '' } } });
  });

  test('leaves nothing unknown, whatever it is given', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const unknown = validate(pod, prune(pod, { spec: value })).filter(
          ({ reason }) => reason === 'unknown',
        );
        expect(unknown).toEqual([]);
      }),
    );
  });
});

describe('applyDefaults()', () => {
  test('fills absent fields of what is there, defaults within defaults too', () => {
    const value = deepFreeze(podWith({}));
    expect(applyDefaults(pod, value)).toEqual({
      spec: { containers: [{ name: 'a', port: 80 }], strategy: { type: 'Rolling' } },
    });
    expect(applyDefaults(pod, { metadata: {} })).toEqual({ metadata: {} });
  });

  test('keeps what is set, replaces null, and changes nothing twice', () => {
    const once = applyDefaults(pod, podWith({ port: null, image: 'x' }));
    expect(once).toMatchObject({ spec: { containers: [{ port: 80, image: 'x' }] } });
    expect(applyDefaults(pod, once)).toBe(once);
    expect(applyDefaults(pod, podWith({ port: 0 }))).toMatchObject({ spec: { containers: [{ port: 0 }] } });
  });

  test('is at ease with cyclic schemas', () => {
    const node: Schema = object({ size: field(scalar('int32'), { default: 1 }), next: field(() => node) });
    const value = applyDefaults(node, { next: { next: {} } });
    expect(deepEqual(value, { size: 1, next: { size: 1, next: { size: 1 } } })).toBe(true);
  });
});

test('nearestName() finds slips and refuses guesses', () => {
  const names = ['containers', 'initContainers', 'image', 'imagePullPolicy', 'tty'];
  expect(nearestName('contianers', names)).toBe('containers');
  expect(nearestName('IMAGE', names)).toBe('image');
  expect(nearestName('imagepullpolicy', names)).toBe('imagePullPolicy');
  expect(nearestName('volume', names)).toBeUndefined();
  expect(nearestName('ty', names)).toBe('tty');
  expect(nearestName('x'.repeat(100), names)).toBeUndefined();
});
