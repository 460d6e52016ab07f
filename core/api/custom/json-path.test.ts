import { describe, expect, test } from 'vitest';
import { JsonPath, JsonPathError } from './json-path.ts';

const object = {
  metadata: { name: 'web', annotations: { 'a.b/c': 'x' } },
  spec: {
    replicas: 3,
    ports: [
      { name: 'http', port: 80 },
      { name: 'dns', port: 53 },
    ],
  },
  status: {
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'Other', status: 'False' },
    ],
  },
};

test.each<[string, unknown[]]>([
  ['.spec.replicas', [3]],
  ['.metadata.annotations.a\\.b/c', ['x']],
  [".metadata.annotations['a.b/c']", ['x']],
  ['.spec.ports[0].name', ['http']],
  ['.spec.ports[-1].name', ['dns']],
  ['.spec.ports[*].port', [80, 53]],
  ['.spec.ports[0:1].port', [80]],
  ["['metadata','nothing']['name']", ['web']],
  ['.status.conditions[?(@.type=="Ready")].status', ['True']],
  ["$.status.conditions[?(@.type != 'Ready')].type", ['Other']],
  ['.spec.ports[?(@.port>60)].name', ['http']],
  ['.spec.ports[?(@.port)].name', ['http', 'dns']],
  ['..port', [80, 53]],
  ['.nothing.at.all', []],
  ['.', [object]],
])('%s leads to %j', (path, expected) => {
  expect(JsonPath.parse(path).find(object)).toEqual(expected);
});

describe('a path is refused', () => {
  test.each(['spec', '.spec[', '.a..', '.a[?(@.x==)]', '.a[b]', `.${'a'.repeat(2_000)}`])('%s', (path) => {
    expect(() => JsonPath.parse(path)).toThrow(JsonPathError);
  });
});

test('a path that visits everything gives up on what is too much', () => {
  const wide = {
    items: Array.from({ length: 400 }, () => ({ items: Array.from({ length: 400 }, () => ({})) })),
  };
  expect(JsonPath.parse('..x').find(wide)).toEqual([]);
});
