import { describe, expect, test } from 'vitest';
import { readDocuments } from './read-documents.ts';
import { cpuMs } from '../../../test/expectations/cpu-time.ts';

const read = (text: string) => readDocuments(text).map(({ value }) => value);
const one = (text: string) => read(text)[0];
const problem = (text: string) => {
  try {
    readDocuments(text, { source: 'x.yaml' });
  } catch (error) {
    return (error as Error).message;
  }
  return undefined;
};

describe('plain scalars mean what they mean to kubectl', () => {
  test.each<[string, unknown]>([
    ['yes', true],
    ['Yes', true],
    ['y', true],
    ['on', true],
    ['ON', true],
    ['true', true],
    ['no', false],
    ['n', false],
    ['Off', false],
    ['False', false],
    ['yEs', 'yEs'],
    ['truth', 'truth'],
    ['~', null],
    ['null', null],
    ['', null],
    ['NULL', null],
    ['5', 5],
    ['+5', 5],
    ['-5', -5],
    ['0', 0],
    ['-0', 0],
    ['0400', 256],
    ['0o14', 12],
    ['08', 8],
    ['0x1F', 31],
    ['-0x10', -16],
    ['0b11', 3],
    ['1_000', 1000],
    ['0.1', 0.1],
    ['.5', 0.5],
    ['1.', 1],
    ['1e3', 1000],
    ['1E-2', 0.01],
    ['-1.5e3', -1500],
    ['1e', '1e'],
    ['1.2.3', '1.2.3'],
    ['0x', '0x'],
    ['+', '+'],
    ['.', '.'],
    ['12:30:45', '12:30:45'],
    ['2030-01-01', '2030-01-01'],
    ['2030-01-01T00:00:00Z', '2030-01-01T00:00:00Z'],
    ['"yes"', 'yes'],
    ["'5'", '5'],
    ['!!str 5', '5'],
    ['!!int "5"', 5],
    ['!!bool "yes"', true],
    ['!!float 3', 3],
    ['!!binary aGk=', 'hi'],
    ['!!null ""', null],
    ['!custom 5', '5'],
    ['100m', '100m'],
    ['1Gi', '1Gi'],
    ['a b', 'a b'],
    ['a:b', 'a:b'],
    ['|\n  x\n  y\n', 'x\ny\n'],
    ['>-\n  x\n  y\n', 'x y'],
  ])('%j is %j', (text, value) => expect(one(`a: ${text}`)).toEqual({ a: value }));

  test('keys become text', () => {
    expect(one('{on: 1, 5: 2, 0400: 3, 1.5: 4, no: 5, "x": 6}')).toEqual({
      true: 1,
      5: 2,
      256: 3,
      1.5: 4,
      false: 5,
      x: 6,
    });
  });

  test('what JSON cannot hold is refused', () => {
    expect(problem('a: .inf')).toContain('".inf" has no place in JSON');
    expect(problem('a: !!int x')).toContain('cannot decode "x" as a !!int');
  });
});

describe('documents', () => {
  test('come one by one, empty ones left out', () => {
    expect(read('a: 1\n---\n# nothing\n---\n---\nb: 2\n...\n---\nnull\n')).toEqual([{ a: 1 }, { b: 2 }]);
    expect(read('')).toEqual([]);
    expect(read('# comment only\n')).toEqual([]);
  });

  test('know where they begin', () => {
    const documents = readDocuments('# head\na: 1\n---\n\nb: 2\n');
    expect(documents.map(({ line, column }) => [line, column])).toEqual([
      [2, 1],
      [5, 1],
    ]);
  });

  test('may be JSON, also several objects in a row, also indented by tabs', () => {
    expect(read('{"a": "yes", "b": [1, null]}')).toEqual([{ a: 'yes', b: [1, null] }]);
    expect(read('{"a":1}\n{"b":"}{"}\n')).toEqual([{ a: 1 }, { b: '}{' }]);
    expect(read('{\n\t"a": {\n\t\t"b": "\\u00fc\\/"\n\t}\n}')).toEqual([{ a: { b: 'ü/' } }]);
  });

  test('may begin with a byte order mark', () => {
    expect(one('\uFEFFa: 1')).toEqual({ a: 1 });
  });

  test('may be written with Windows line ends', () => {
    expect(one('a:\r\n  - b\r\n  - c\r\n')).toEqual({ a: ['b', 'c'] });
  });
});

describe('anchors', () => {
  test('are followed, and merged where asked', () => {
    const text =
      'base: &base {a: 1, b: 2}\ncopy: *base\nmore:\n  b: 3\n  <<: *base\nlist:\n  <<: [{c: 1}, *base, {c: 2}]\n';
    expect(one(text)).toEqual({
      base: { a: 1, b: 2 },
      copy: { a: 1, b: 2 },
      more: { a: 1, b: 3 },
      list: { a: 1, b: 2, c: 1 },
    });
  });

  test('a quoted << is a key like any other', () => {
    expect(one('"<<": 1')).toEqual({ '<<': 1 });
  });

  test.each([
    ['a: *x', 'unknown anchor "x" referenced'],
    ['a: &x [*x]', 'anchor "x" value contains itself'],
    ['<<: 5', 'map merge requires map or sequence of maps as the value'],
  ])('%j: %s', (text, message) => expect(problem(text)).toMatch(message));

  test('that multiply are refused quickly', () => {
    const lines = ['a0: &a0 [x,x,x,x,x,x,x,x,x,x]'];
    for (let i = 1; i < 30; i++)
      lines.push(`a${i}: &a${i} [${Array.from({ length: 10 }, () => `*a${i - 1}`).join(',')}]`);
    const spent = cpuMs(() => expect(problem(lines.join('\n'))).toContain('excessive aliasing'));
    expect(spent).toBeLessThan(4_000);
  });
});

test('nesting cannot be built up out of aliases', () => {
  const lines = ['a0: &a0 []', ...Array.from({ length: 60 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}]`)];
  expect(() => readDocuments(lines.join('\n'), { maxDepth: 50 })).toThrow('nested more than 50 levels deep');
});

describe('errors name the source, the line, the column and what is wrong', () => {
  test.each([
    ['a: 1\nb:\n  c: 1\n  c: 2\n', 'Cannot read x.yaml: line 4, column 3: duplicate key "c"'],
    ['yes: 1\ntrue: 2', 'Cannot read x.yaml: line 2, column 1: duplicate key "true"'],
    ['{"a": 1,\n "a": 2}', 'Cannot read x.yaml: line 2, column 2: duplicate key "a"'],
    ['{"a": 1}\n{"b": 1,\n "b": 2}', 'Cannot read x.yaml: line 3, column 2: duplicate key "b"'],
    ['a: 1\n---\nb: [1, 2\nc: 3', 'Cannot read x.yaml: line 4, column 1: '],
    ['a: b: c', 'Cannot read x.yaml: line 1, column 4: Nested mappings are not allowed in compact mappings'],
    ['a:\n\t- b', 'Cannot read x.yaml: line 2, column 1: Tabs are not allowed as indentation'],
    ['a: "b', 'Cannot read x.yaml: line 1, column 6: Missing closing "quote'],
    ['[a]: 1', 'Cannot read x.yaml: line 1, column 1: a key cannot be a list or a map'],
    ['~: 1', 'Cannot read x.yaml: line 1, column 1: a key cannot be null'],
    ['a: 1\n__proto__: {b: 1}', 'Cannot read x.yaml: line 2, column 1: a key cannot be called "__proto__"'],
    ['a: %b', 'Cannot read x.yaml: line 1, column 4: Plain value cannot start with'],
  ])('%j: %s', (text, message) => expect(problem(text)).toContain(message));

  test('five megabytes of nesting are refused at once', () => {
    const size = 5 * 1024 * 1024;
    const texts = [
      '['.repeat(size),
      '{a: '.repeat(size / 4),
      '- '.repeat(size / 2),
      `{"a":`.repeat(size / 5),
    ];
    const spent = cpuMs(() => {
      for (const text of texts) expect(problem(text)).toContain('nested more than 512 levels deep');
    });
    expect(spent).toBeLessThan(10_000);
  });

  test('nesting within the bound is read, whatever its form', () => {
    const depth = 500;
    const block = Array.from({ length: depth }, (_, i) => `${' '.repeat(i)}a:`).join('\n');
    for (const text of [
      '['.repeat(depth) + ']'.repeat(depth),
      '{a: '.repeat(depth) + '}'.repeat(depth),
      '- '.repeat(depth),
      block,
    ]) {
      expect(problem(text)).toBeUndefined();
    }
  });

  test('too long a text is refused', () => {
    expect(() => readDocuments('a: 1', { maxLength: 3 })).toThrow('it has 4 characters, the limit is 3');
  });

  test('twenty thousand keys are read without a square', () => {
    const text = Array.from({ length: 20_000 }, (_, i) => `key${i}: ${i}`).join('\n');
    const spent = cpuMs(() => expect(Object.keys(one(text) as object)).toHaveLength(20_000));
    expect(spent).toBeLessThan(10_000);
  });
});

describe('positionOf()', () => {
  const [document] = readDocuments(
    'kind: Pod\n---\nspec:\n  base: &b\n    x: 1\n  containers:\n  - name: a\n    image: b\n  - <<: *b\n    name: c\n  labels: {"a/b": 1}\n',
  ).slice(1);
  test.each([
    ['spec', 3, 1],
    ['spec.containers', 6, 3],
    ['spec.containers[0]', 7, 5],
    ['spec.containers[0].image', 8, 5],
    ['spec.containers[1].x', 5, 5],
    ['spec.labels["a/b"]', 11, 12],
    ['spec.containers[0].missing', 7, 5],
    ['spec.containers[7].image', 6, 3],
    ['', 3, 1],
  ])('%s is at line %d, column %d', (path, line, column) => {
    expect(document?.positionOf(path)).toEqual({ line, column });
  });

  test('works for JSON, and for the second object of a stream', () => {
    const documents = readDocuments('{"a": 1}\n{"b":\n  {"c": [1,\n 2]}}');
    expect(documents[1]?.positionOf('b.c[1]')).toEqual({ line: 4, column: 2 });
    expect(documents[1]?.line).toBe(2);
  });
});
