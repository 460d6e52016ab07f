import { describe, expect, test } from 'vitest';
import { JsonPathTemplate } from './json-path-template.ts';

const list = {
  kind: 'List',
  items: [
    {
      metadata: { name: 'web', labels: { tier: 'x', app: 'web' } },
      spec: { replicas: 3, ports: [80, 443] },
      ready: true,
    },
    { metadata: { name: 'db' }, spec: { replicas: 1, ports: [] }, ready: false },
  ],
};
const render = (text: string) => JsonPathTemplate.parse(text).render(list);

test.each([
  ['{.kind}', 'List'],
  ['.kind', '.kind'],
  ['kind: {.kind}!', 'kind: List!'],
  ['{.items[*].metadata.name}', 'web db'],
  ['{.items[0].metadata.labels}', '{"app":"web","tier":"x"}'],
  ['{.items[*].ready}', 'true false'],
  ['{.items[0].spec.ports}', '[80,443]'],
  ['{.nothing.here}', ''],
  ['{range .items[*]}{.metadata.name}{"\\t"}{.spec.replicas}{"\\n"}{end}', 'web\t3\ndb\t1\n'],
  ["{range .items[*]}{.metadata.name}={$.kind}{' '}{end}done", 'web=List db=List done'],
  ['{range .items[*]}{@.metadata.name}:{range .spec.ports[*]}{@},{end};{end}', 'web:80,443,;db:;'],
  ['{.items[?(@.metadata.name=="db")].spec.replicas}', '1'],
  ['{.items[?(@.metadata.name == "a } b")].kind}', ''],
  ['{.items[0].metadata.name}{"\\"{}\\""}', 'web"{}"'],
  ['{.items[0].metadata.name .items[1].metadata.name}', 'webdb'],
])('%s', (text, expected) => {
  expect(render(text)).toBe(expected);
});

test('all values of all paths can be had', () => {
  const template = JsonPathTemplate.parse('{range .items[*]}{.metadata.name} {.spec.ports}{end}');
  expect(template.values(list)).toEqual(['web', [80, 443], 'db', []]);
});

describe('a template is refused', () => {
  test.each([
    ['{.kind', 'error parsing jsonpath {.kind, unclosed action'],
    ['{end}', 'not in range, nothing to end'],
    ['{range}', 'range needs one path'],
    ['{range .items[*]}{.metadata.name}', 'unclosed range'],
    ['{kind}', '"." or "[" expected'],
    ['{.items[}', 'unterminated "["'],
  ])('%s', (text, message) => {
    expect(() => render(text)).toThrow(message);
  });
});
