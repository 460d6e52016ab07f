import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deepEqual, deepFreeze } from '../json.ts';
import { applyJsonPatch } from './json-patch.ts';
import { formatJsonPointer, parseJsonPointer } from './json-pointer.ts';
import { cpuMs } from '../../../test/expectations/cpu-time.ts';

const target = deepFreeze({ a: { b: [1, 2, 3], c: 'x' }, d: { e: null }, 'f/g': { '~': 1 }, '': 0 });

describe('operations', () => {
  test.each<[string, object[], object]>([
    [
      'add a member',
      [{ op: 'add', path: '/a/n', value: { x: 1 } }],
      { ...target, a: { ...target.a, n: { x: 1 } } },
    ],
    [
      'add over a member',
      [{ op: 'add', path: '/a/c', value: 'y' }],
      { ...target, a: { b: [1, 2, 3], c: 'y' } },
    ],
    [
      'insert into a list',
      [{ op: 'add', path: '/a/b/1', value: 9 }],
      { ...target, a: { b: [1, 9, 2, 3], c: 'x' } },
    ],
    [
      'append to a list',
      [{ op: 'add', path: '/a/b/-', value: 9 }],
      { ...target, a: { b: [1, 2, 3, 9], c: 'x' } },
    ],
    ['remove a member', [{ op: 'remove', path: '/d/e' }], { ...target, d: {} }],
    ['remove an item', [{ op: 'remove', path: '/a/b/0' }], { ...target, a: { b: [2, 3], c: 'x' } }],
    [
      'replace an item',
      [{ op: 'replace', path: '/a/b/2', value: 7 }],
      { ...target, a: { b: [1, 2, 7], c: 'x' } },
    ],
    ['replace all', [{ op: 'replace', path: '', value: { z: 1 } }], { z: 1 }],
    ['escaped paths', [{ op: 'replace', path: '/f~1g/~0', value: 2 }], { ...target, 'f/g': { '~': 2 } }],
    ['the empty key', [{ op: 'replace', path: '/', value: 2 }], { ...target, '': 2 }],
    [
      'move',
      [{ op: 'move', from: '/a/c', path: '/d/c' }],
      { ...target, a: { b: [1, 2, 3] }, d: { e: null, c: 'x' } },
    ],
    [
      'move within a list',
      [{ op: 'move', from: '/a/b/0', path: '/a/b/2' }],
      { ...target, a: { b: [2, 3, 1], c: 'x' } },
    ],
    ['move to itself', [{ op: 'move', from: '/a', path: '/a' }], target],
    ['copy', [{ op: 'copy', from: '/a', path: '/h' }], { ...target, h: target.a }],
    [
      'test and go on',
      [
        { op: 'test', path: '/a/b', value: [1, 2, 3] },
        { op: 'remove', path: '/a' },
      ],
      { d: { e: null }, 'f/g': { '~': 1 }, '': 0 },
    ],
    [
      'a member called constructor',
      [{ op: 'add', path: '/constructor', value: 1 }],
      { ...target, constructor: 1 },
    ],
  ])('%s', (_, operations, expected) => expect(applyJsonPatch(target, operations)).toEqual(expected));

  test('what is copied lives on its own', () => {
    const operations = [
      { op: 'add', path: '/a/b/-', value: 4 },
      { op: 'copy', from: '/a', path: '/h' },
      { op: 'add', path: '/a/b/-', value: 5 },
      { op: 'add', path: '/h/b/-', value: 6 },
    ];
    expect(applyJsonPatch(target, operations)).toMatchObject({
      a: { b: [1, 2, 3, 4, 5] },
      h: { b: [1, 2, 3, 4, 6] },
    });
  });

  test('values of the patch are not changed by later operations', () => {
    const operations = deepFreeze([
      { op: 'add', path: '/v', value: { list: [] } },
      { op: 'add', path: '/v/list/-', value: 1 },
    ]);
    expect(applyJsonPatch({}, operations)).toEqual({ v: { list: [1] } });
  });

  test('untouched parts are shared', () => {
    const result = applyJsonPatch(target, [{ op: 'add', path: '/d/x', value: 1 }]) as typeof target;
    expect(result.a).toBe(target.a);
    expect(applyJsonPatch(target, [])).toBe(target);
  });
});

describe('refusals', () => {
  test.each<[unknown, string]>([
    [{}, 'it is not a list of operations'],
    [[5], 'operation 0: it is not an object'],
    [[{ path: '/a' }], 'it has no "op"'],
    [[{ op: 'add', path: 'a', value: 1 }], 'its "path" is not a JSON pointer'],
    [[{ op: 'add', path: '/a~2', value: 1 }], 'its "path" is not a JSON pointer'],
    [[{ op: 'move', path: '/a' }], 'its "from" is not a JSON pointer'],
    [[{ op: 'add', path: '/x' }], 'operation 0 (add "/x"): it has no "value"'],
    [[{ op: 'add', path: '/x/y', value: 1 }], 'there is nothing at "/x"'],
    [[{ op: 'add', path: '/a/c/y', value: 1 }], 'there is nothing at "/a/c/y"'],
    [[{ op: 'add', path: '/a/b/4', value: 1 }], 'there is nothing at "/a/b/4"'],
    [[{ op: 'add', path: '/a/b/01', value: 1 }], 'there is nothing at "/a/b/01"'],
    [[{ op: 'remove', path: '/a/b/-' }], 'there is nothing at "/a/b/-"'],
    [[{ op: 'remove', path: '/nope' }], 'there is nothing at "/nope"'],
    [[{ op: 'remove', path: '' }], 'cannot be removed'],
    [[{ op: 'replace', path: '/toString', value: 1 }], 'there is nothing at "/toString"'],
    [[{ op: 'copy', from: '/constructor', path: '/x' }], 'there is nothing at "/constructor"'],
    [[{ op: 'move', from: '/a', path: '/a/z' }], 'cannot be moved into itself'],
    [[{ op: 'add', path: '/__proto__/x', value: 1 }], 'names "__proto__"'],
    [[{ op: 'burn', path: '/a' }], 'there is no such operation'],
  ])('%j: %s', (operations, message) => expect(() => applyJsonPatch(target, operations)).toThrow(message));

  test('a failed test has a reason of its own', () => {
    const patch = [{ op: 'test', path: '/a/c', value: 'y' }];
    expect(() => applyJsonPatch(target, patch)).toThrow(
      expect.objectContaining({ reason: 'does-not-fit' }) as Error,
    );
  });

  test('too many operations, copy bombs, long shifts and deep results are too large', () => {
    const tooLarge = expect.objectContaining({ reason: 'too-large' }) as Error;
    const op = { op: 'add', path: '/x', value: 1 };
    expect(() =>
      applyJsonPatch(
        {},
        Array.from({ length: 10_001 }, () => op),
      ),
    ).toThrow(tooLarge);
    const bomb = Array.from({ length: 60 }, (_, i) => ({ op: 'copy', from: '', path: `/x${i}` }));
    expect(() => applyJsonPatch({ x: 'a' }, bomb)).toThrow(tooLarge);
    // Each copy hangs the whole document under its own deepest member, which doubles the depth.
    const deepen = Array.from({ length: 14 }, (_, i) => ({
      op: 'copy',
      from: '',
      path: '/n'.repeat(2 ** i),
    }));
    expect(() => applyJsonPatch({}, deepen)).toThrow(tooLarge);
    const long = { list: Array.from({ length: 400_000 }, () => 0) };
    const shifts = Array.from({ length: 10_000 }, () => ({ op: 'add', path: '/list/0', value: 0 }));
    const spent = cpuMs(() => expect(() => applyJsonPatch(long, shifts)).toThrow(tooLarge));
    expect(spent).toBeLessThan(8_000);
    const nest = Array.from({ length: 600 }, (_, i) => ({ op: 'add', path: '/n'.repeat(i + 1), value: {} }));
    expect(() => applyJsonPatch({}, nest)).toThrow(tooLarge);
  });
});

test('adding a value and removing it again gives the target back', () => {
  const document = fc.dictionary(
    fc.string().filter((key) => key !== '__proto__'),
    fc.jsonValue({ maxDepth: 2 }),
  );
  fc.assert(
    fc.property(
      document,
      fc.string().filter((key) => key !== '__proto__'),
      fc.jsonValue(),
      (document, key, value) => {
        fc.pre(!Object.hasOwn(document, key));
        const path = formatJsonPointer([key]);
        const added = applyJsonPatch(deepFreeze(document), [{ op: 'add', path, value }]);
        expect(
          deepEqual(
            applyJsonPatch(added, [
              { op: 'test', path, value },
              { op: 'remove', path },
            ]),
            document,
          ),
        ).toBe(true);
      },
    ),
  );
});

test('pointers read back as they were written', () => {
  fc.assert(
    fc.property(fc.array(fc.string(), { minLength: 1 }), (tokens) => {
      expect(parseJsonPointer(formatJsonPointer(tokens))).toEqual(tokens);
    }),
  );
});
