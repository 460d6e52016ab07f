import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deepEqual } from '../json.ts';
import { compareKeys } from './key-order.ts';
import { readDocuments } from './read-documents.ts';
import { writeYaml } from './write-yaml.ts';

test('objects are written as kubectl prints them', () => {
  const pod = {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: { name: 'web', labels: {}, creationTimestamp: null, annotations: { note: 'a\nb\n' } },
    spec: {
      containers: [{ name: 'a', args: ['-c', 'yes'], ports: [{ containerPort: 80 }] }, {}],
      list: [[1, [2]], []],
    },
    gone: undefined,
  };
  expect(writeYaml(pod)).toBe(`apiVersion: v1
kind: Pod
metadata:
  annotations:
    note: |
      a
      b
  creationTimestamp: null
  labels: {}
  name: web
spec:
  containers:
  - args:
    - -c
    - "yes"
    name: a
    ports:
    - containerPort: 80
  - {}
  list:
  - - 1
    - - 2
  - []
`);
});

describe('strings', () => {
  // Each was printed by kubectl 1.32.
  test.each([
    ['', '""'],
    ['plain text', 'plain text'],
    ['yes', '"yes"'],
    ['n', '"n"'],
    ['null', '"null"'],
    ['5', '"5"'],
    ['0400', '"0400"'],
    ['1e3', '"1e3"'],
    ['12:30', '"12:30"'],
    ['2030-01-01T00:00:00Z', '"2030-01-01T00:00:00Z"'],
    ['2030-13-45', '2030-13-45'],
    ['10.244.0.0/16', '10.244.0.0/16'],
    ['100m', '100m'],
    ['- a', "'- a'"],
    ['-a', '-a'],
    ['a: b', "'a: b'"],
    ['a:b', 'a:b'],
    ['a #b', "'a #b'"],
    ['*a', "'*a'"],
    ['{}', "'{}'"],
    ["it's", "it's"],
    ["'a'", "'''a'''"],
    [' a', "' a'"],
    ['a\tb', '"a\\tb"'],
    ['a \nb', '"a \\nb"'],
    ['a\nb', '|-\n  a\n  b'],
    ['a\n\n', '|+\n  a\n'],
    [' a\nb', '|2-\n   a\n  b'],
    ['ü', 'ü'],
    ['😀', '"\\U0001F600"'],
    ['\u001b[0m', '"\\e[0m"'],
    ['<<', '<<'],
  ])('%j is written %s', (text, written) => expect(writeYaml({ k: text })).toBe(`k: ${written}\n`));

  test('long lines are folded after column 80', () => {
    const words = 'word '.repeat(30).trim();
    expect(writeYaml({ a: { b: words } })).toBe(
      `a:\n  b: ${'word '.repeat(16).trim()}\n    ${'word '.repeat(14).trim()}\n`,
    );
  });

  test('keys are quoted like values and never folded', () => {
    expect(writeYaml({ on: 1, '5': 2, 'a: b': 3 })).toBe(`"5": 2\n'a: b': 3\n"on": 1\n`);
    const long = 'k'.repeat(200);
    expect(writeYaml({ [long]: { a: 1 } })).toBe(`? ${long}\n:\n  a: 1\n`);
  });
});

test('numbers are written as Go does', () => {
  expect(writeYaml([1, -0.5, 1e20, 1234567.25, 1e-7, 0.0001, 2 ** 53])).toBe(
    '- 1\n- -0.5\n- 1e+20\n- 1.23456725e+06\n- 1e-07\n- 0.0001\n- 9007199254740992\n',
  );
});

test('scalars may stand alone', () => {
  expect(writeYaml('a')).toBe('a\n');
  expect(writeYaml(null)).toBe('null\n');
  expect(writeYaml([])).toBe('[]\n');
});

test('keys are sorted with their numbers in order', () => {
  const keys = ['a10', 'a2', 'A', 'b', 'a-b', 'a.b', '10', '9', '1.10', '1.9', 'ab'];
  expect(keys.sort(compareKeys)).toEqual([
    '1.9',
    '1.10',

    '9',
    '10',
    'A',
    'a-b',
    'a.b',
    'a2',
    'a10',
    'ab',
    'b',
  ]);
});

test('what is written reads back the same', () => {
  const piece = fc.constantFrom(
    'a',
    'b c',
    ' ',
    '\n',
    ':',
    ': ',
    '#',
    "'",
    '"',
    '-',
    '- ',
    '\t',
    '\\',
    'ü',
    '😀',
    '1',
    'yes',
    '\u2028',
    'long enough to be folded after a while ',
  );
  const text = fc.oneof(
    fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
    fc.string({ unit: 'grapheme' }),
  );
  const value = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      text,
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      tie('list'),
      tie('object'),
    ),
    list: fc.array(tie('value'), { maxLength: 3 }),
    object: fc.dictionary(
      text.filter((key) => key !== '__proto__'),
      tie('value'),
      { maxKeys: 3 },
    ),
  })).object;
  fc.assert(
    fc.property(value, (value) => {
      const [document] = readDocuments(writeYaml(value));
      expect(deepEqual(document?.value, JSON.parse(JSON.stringify(value)))).toBe(true);
    }),
    { numRuns: 500 },
  );
});
