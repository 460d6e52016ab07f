import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FieldSet } from './field-set.ts';
import { readFieldsV1, writeFieldsV1 } from './fields-v1.ts';
import {
  inUpstreamOrder,
  formatElements,
  keyElement,
  memberElement,
  parsePathElement,
  valueElement,
} from './path-element.ts';

const f = memberElement;
const element = fc.oneof(
  fc.constantFrom('a', 'b', 'c').map(f),
  fc.record({ name: fc.constantFrom('x', 'y') }).map(keyElement),
  fc.record({ port: fc.nat(3), protocol: fc.constantFrom('TCP', 'UDP') }).map(keyElement),
  fc.oneof(fc.constantFrom('v', 'w'), fc.nat(3), fc.boolean()).map(valueElement),
  fc.nat(12).map((index) => `i:${index}`),
);
const path = fc.array(element, { minLength: 1, maxLength: 4 });
const set = fc.array(path, { maxLength: 12 }).map((paths) => FieldSet.of(paths));
const names = (fields: FieldSet) => [...fields.paths()].map((path) => path.join('/')).sort();

describe('the algebra of sets', () => {
  test('is that of plain sets of paths', () => {
    fc.assert(
      fc.property(set, set, (a, b) => {
        const [left, right] = [new Set(names(a)), new Set(names(b))];
        expect(names(a.union(b))).toEqual([...new Set([...left, ...right])].sort());
        expect(names(a.intersection(b))).toEqual([...left].filter((name) => right.has(name)).sort());
        expect(names(a.difference(b))).toEqual([...left].filter((name) => !right.has(name)).sort());
        const below = [...left].filter(
          (name) => ![...right].some((other) => name === other || name.startsWith(`${other}/`)),
        );
        expect(names(a.withoutSubtrees(b))).toEqual(below.sort());
      }),
    );
  });

  test('knows equality, emptiness, size and members', () => {
    fc.assert(
      fc.property(set, set, path, (a, b, path) => {
        expect(a.equals(b)).toBe(names(a).join('\n') === names(b).join('\n'));
        expect(a.union(b).equals(b.union(a))).toBe(true);
        expect(a.difference(a).isEmpty).toBe(true);
        expect(a.size).toBe(names(a).length);
        expect(a.has(path)).toBe(names(a).includes(path.join('/')));
      }),
    );
  });

  test('keeps no empty branches', () => {
    const a = FieldSet.of([[f('a'), f('b')]]);
    expect(a.difference(a)).toBe(FieldSet.empty);
    expect(
      FieldSet.of([[f('a')], [f('a'), f('b')]])
        .difference(a)
        .children.get(f('a')),
    ).toBe(FieldSet.leaf);
  });
});

describe('FieldsV1', () => {
  test('reads back as it was written', () => {
    fc.assert(
      fc.property(set, (fields) => {
        const json = JSON.parse(JSON.stringify(writeFieldsV1(fields))) as unknown;
        expect(readFieldsV1(json).equals(fields)).toBe(true);
      }),
    );
  });

  test('is written in upstream’s form and order', () => {
    const fields = FieldSet.of([
      ['f:b', 'k:{"port":443}'],
      ['f:b', 'k:{"port":80}'],
      ['f:b', 'k:{"port":80}', 'f:name'],
      ['f:a', 'v:"x"'],
      ['f:a', 'i:10'],
      ['f:a', 'i:9'],
    ]);
    expect(JSON.stringify(writeFieldsV1(fields))).toBe(
      '{"f:a":{"v:\\"x\\"":{},"i:9":{},"i:10":{}},"f:b":{"k:{\\"port\\":80}":{".":{},"f:name":{}},"k:{\\"port\\":443}":{}}}',
    );
  });

  test('what was read is given back as the same object', () => {
    const json = { 'f:a': { 'f:b': {} } };
    expect(writeFieldsV1(readFieldsV1(json))).toBe(json);
  });

  test.each<[unknown, string]>([
    [null, 'it is not an object'],
    [{ x: {} }, '"x" is no path element'],
    [{ 'f:a': 1 }, '"f:a" is not an object'],
    [{ 'k:[1]': {} }, '"k:[1]" is no path element'],
    [{ 'v:{': {} }, 'is no path element'],
    [{ 'i:x': {} }, 'is no path element'],
  ])('%j is refused', (json, message) => expect(() => readFieldsV1(json)).toThrow(message));
});

test('elements have one form, however they were spelled', () => {
  expect(parsePathElement('k:{"protocol":"TCP", "port":80.0}')).toBe('k:{"port":80,"protocol":"TCP"}');
  expect(parsePathElement('v: "a"')).toBe('v:"a"');
  expect(inUpstreamOrder(['i:10', 'v:2', 'f:b', 'k:{"a":1}', 'v:10', 'f:a', 'i:9'])).toEqual([
    'f:a',
    'f:b',
    'k:{"a":1}',
    'v:2',
    'v:10',
    'i:9',
    'i:10',
  ]);
});

test('paths are printed as upstream prints them', () => {
  expect(formatElements(['f:spec', 'f:containers', 'k:{"name":"x"}', 'f:args', 'i:0'])).toBe(
    '.spec.containers[name="x"].args[0]',
  );
  expect(formatElements(['f:finalizers', 'v:"a"'])).toBe('.finalizers[="a"]');
  expect(formatElements(['f:ports', 'k:{"port":80,"protocol":"TCP"}'])).toBe(
    '.ports[port=80,protocol="TCP"]',
  );
});
