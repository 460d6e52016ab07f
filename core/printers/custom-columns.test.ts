import { describe, expect, test } from 'vitest';
import { customColumnsRow, parseCustomColumns, parseCustomColumnsFile } from './custom-columns.ts';

const object = {
  apiVersion: 'v1',
  kind: 'Thing',
  metadata: { name: 'web', labels: { b: '2', a: '1' } },
  spec: { ports: [{ port: 80 }, { port: 443 }], on: true, nothing: null },
};
const row = (text: string) => customColumnsRow(parseCustomColumns(text), object);

test.each([
  ['NAME:.metadata.name', ['web']],
  ['NAME:metadata.name,ON:{.spec.on}', ['web', 'true']],
  ['PORTS:.spec.ports[*].port,MORE:.spec.more', ['80,443', '<none>']],
  ['LABELS:.metadata.labels,ALL:.spec.ports', ['map[a:1 b:2]', '[map[port:80] map[port:443]]']],
  ['HTTP:.spec.ports[?(@.port==80)].port,N:.spec.nothing', ['80', '<nil>']],
  ["TWO:['kind','apiVersion']", ['Thing,v1']],
])('%s', (text, expected) => {
  expect(row(text)).toEqual(expected);
});

test('columns may stand in a file', () => {
  const columns = parseCustomColumnsFile('NAME          PORT\n.metadata.name   spec.ports[0].port\n');
  expect(columns.map(({ header }) => header)).toEqual(['NAME', 'PORT']);
  expect(customColumnsRow(columns, object)).toEqual(['web', '80']);
});

describe('columns are refused', () => {
  test.each([
    ['', 'no custom columns given'],
    ['NAME', 'unexpected custom-columns spec: NAME, expected <header>:<json-path-expr>'],
    [':.metadata', 'unexpected custom-columns spec: :.metadata'],
    ['A:.b[', 'unterminated'],
  ])('"%s"', (text, message) => {
    expect(() => parseCustomColumns(text)).toThrow(message);
  });

  test('that do not match their headings', () => {
    expect(() => parseCustomColumnsFile('A B\n.a\n')).toThrow(
      "number of headers (2) and field specifications (1) don't match",
    );
  });
});
