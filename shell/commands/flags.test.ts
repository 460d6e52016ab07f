import { describe, expect, test } from 'vitest';
import type { Flag } from './command.ts';
import { parseFlags } from './flags.ts';
import { placeOf, verbFirst } from './place.ts';

const known: readonly Flag[] = [
  { name: 'namespace', short: 'n', type: 'string', help: '' },
  { name: 'stdin', short: 'i', type: 'boolean', help: '' },
  { name: 'tty', short: 't', type: 'boolean', help: '' },
  { name: 'tail', type: 'integer', help: '' },
  { name: 'filename', short: 'f', type: 'list', help: '' },
  { name: 'output', short: 'o', type: 'string', help: '', choices: ['wide', 'yaml'] },
  { name: 'dry-run', type: 'string', bare: 'client', help: '' },
];

describe('parseFlags()', () => {
  test.each([
    [['-n', 'dev'], 'dev'],
    [['-ndev'], 'dev'],
    [['-n=dev'], 'dev'],
    [['--namespace', 'dev'], 'dev'],
    [['--namespace=dev'], 'dev'],
    [['-itn', 'dev'], 'dev'],
  ])('reads the namespace of %j', (words, namespace) => {
    expect(parseFlags(words, known).flags.string('namespace')).toBe(namespace);
  });

  test('leaves everything after "--" alone', () => {
    const { words, afterDashes, flags } = parseFlags(['web', '-it', '--', 'sh', '-c', 'ls -l'], known);
    expect(words).toEqual(['web']);
    expect(afterDashes).toEqual(['sh', '-c', 'ls -l']);
    expect([flags.boolean('stdin'), flags.boolean('tty')]).toEqual([true, true]);
  });

  test('reads a negative number as a value', () => {
    expect(parseFlags(['--tail', '-1'], known).flags.integer('tail')).toBe(-1);
  });

  test('collects repeated flags, and takes them apart at commas where that is meant', () => {
    const { flags } = parseFlags(['-f', 'a,b', '-f', 'c'], known);
    expect(flags.list('filename')).toEqual(['a,b', 'c']);
    expect(flags.commaList('filename')).toEqual(['a', 'b', 'c']);
  });

  test('gives a flag without a value its bare value', () => {
    expect(parseFlags(['--dry-run', 'x'], known).flags.string('dry-run')).toBe('client');
    expect(parseFlags(['--dry-run=server'], known).flags.string('dry-run')).toBe('server');
  });

  test.each([
    [['--nope'], 'unknown flag: --nope'],
    [['-x'], "unknown shorthand flag: 'x' in -x"],
    [['-n'], 'flag needs an argument: -n'],
    [['--tail=many'], 'invalid argument "many" for "--tail"'],
    [['-o', 'xml'], 'invalid argument "xml" for "-o": it must be one of wide, yaml'],
  ])('refuses %j', (words, message) => {
    expect(() => parseFlags(words, known)).toThrow(message);
  });
});

describe('where to work', () => {
  test('is told by words that are nothing but such flags', () => {
    expect(placeOf(['-n', 'dev'])).toMatchObject({ namespace: 'dev' });
    expect(placeOf(['get', '-n', 'dev'])).toBeUndefined();
    expect(placeOf([])).toEqual({});
  });

  test('a program name before the verb changes nothing, before or after such flags', () => {
    expect(verbFirst(['kubectl', '-n', 'dev', 'get', 'pods'])).toEqual(['get', 'pods', '--namespace', 'dev']);
    expect(verbFirst(['-n', 'dev', 'kubectl', 'get', 'pods'])).toEqual(['get', 'pods', '--namespace', 'dev']);
  });

  test('may stand before the verb', () => {
    expect(verbFirst(['-n', 'dev', '--context=c', 'rollout', 'status', 'x'])).toEqual([
      'rollout',
      'status',
      'x',
      '--namespace',
      'dev',
      '--context=c',
    ]);
    expect(verbFirst(['-n', 'dev', 'exec', 'x', '--', 'ls'])).toEqual([
      'exec',
      'x',
      '--namespace',
      'dev',
      '--',
      'ls',
    ]);
  });
});
