import { describe, expect, test } from 'vitest';
import {
  annotationKeyProblems,
  certificateNameProblems,
  configMapKeyProblems,
  dns1035LabelProblems,
  dns1123LabelProblems,
  dns1123SubdomainProblems,
  envVarNameProblems,
  labelKeyProblems,
  labelValueProblems,
  pathSegmentNameProblems,
  percentProblems,
  portNameProblems,
  portNumberProblems,
  wildcardDns1123SubdomainProblems,
} from './names.ts';
import { cpuMs } from '../../test/expectations/cpu-time.ts';

const cases: [string, (value: string) => string[], string[], string[]][] = [
  [
    'DNS-1123 labels',
    dns1123LabelProblems,
    ['a', '0', 'my-name', '123-abc', 'a'.repeat(63)],
    ['', '-a', 'a-', 'A', 'a_b', 'a b', 'ä', 'a'.repeat(64)],
  ],
  [
    'DNS-1123 subdomains',
    dns1123SubdomainProblems,
    ['a', 'a.b', 'a-1.b.c', 'a'.repeat(253)],
    ['', 'a..b', '.a', 'a.', 'a.-b', 'A.b', 'a'.repeat(254)],
  ],
  [
    'names in certificates',
    certificateNameProblems,
    ['a', 'ann@example.com', 'system:masters', 'A_b-1'],
    ['', '-a', '../a', 'a/b', 'a, O=system:masters', 'a\nb', 'ä', 'a'.repeat(64)],
  ],
  ['DNS-1035 labels', dns1035LabelProblems, ['a', 'abc-123'], ['1a', '', 'a-']],
  [
    'wildcard subdomains',
    wildcardDns1123SubdomainProblems,
    ['*.bar.com'],
    ['*', '*.*.com', 'f*.com', 'bar.com'],
  ],
  [
    'label keys',
    labelKeyProblems,
    ['a', 'A_b.c-d', 'example.com/MyName', '1'],
    ['', 'a/b/c', '/a', 'a/', 'Exa.com/a', '-a', 'a b', 'a'.repeat(64)],
  ],
  ['annotation keys', annotationKeyProblems, ['Example.COM/MyName'], ['a b', '/a']],
  [
    'label values',
    labelValueProblems,
    ['', 'a', 'MyValue', 'my_value', '1.2-3'],
    ['-a', 'a-', 'a b', 'a/b', 'a'.repeat(64)],
  ],
  [
    'port names',
    portNameProblems,
    ['http', 'a', '8080-tcp', 'x-1'],
    ['', '80', 'a--b', '-a', 'a-', 'HTTP', 'a'.repeat(16)],
  ],
  [
    'environment variables',
    envVarNameProblems,
    ['A', 'a.b', '1x', 'with space', '~'],
    ['', 'a=b', 'ä', 'a\nb'],
  ],
  ['config keys', configMapKeyProblems, ['a', 'app.conf', '_', '.hidden'], ['', 'a/b', '.', '..', '..a']],
  ['percentages', percentProblems, ['1%', '100%'], ['1', '%', '-1%']],
  ['path segments', pathSegmentNameProblems, ['a', 'system:node', '...'], ['.', '..', 'a/b', 'a%2f']],
];

describe.each(cases)('%s', (_, problems, valid, invalid) => {
  test.each(valid.map((value) => [value]))('%j is valid', (value) => expect(problems(value)).toEqual([]));
  test.each(invalid.map((value) => [value]))('%j is refused', (value) =>
    expect(problems(value)).not.toEqual([]),
  );
});

test('messages are those of upstream, down to their spacing', () => {
  expect(dns1123LabelProblems('A')).toEqual([
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
  ]);
  expect(dns1123LabelProblems('a.b')).toEqual(['must not contain dots']);
  expect(labelValueProblems('a'.repeat(64))).toEqual(['must be no more than 63 bytes']);
  expect(labelKeyProblems('/a')).toEqual(['prefix part must be non-empty']);
  expect(portNumberProblems(0)).toEqual(['must be between 1 and 65535, inclusive']);
});

test('an older environment variable rule can be asked for', () => {
  expect(envVarNameProblems('1x', true)).not.toEqual([]);
  expect(envVarNameProblems('x1', true)).toEqual([]);
});

test('a hostile megabyte is refused at once', () => {
  const spent = cpuMs(() => {
    expect(dns1123SubdomainProblems(`${'a.'.repeat(500_000)}!`)).toHaveLength(1);
    expect(labelKeyProblems(`${'a-'.repeat(500_000)}!`)).not.toEqual([]);
  });
  expect(spent).toBeLessThan(1_000);
});
