import { describe, expect, test } from 'vitest';
import { quoteWord, splitLine } from './words.ts';

const texts = (line: string) => splitLine(line).words.map(({ text }) => text);

describe('splitLine()', () => {
  test('splits at blanks and keeps what is quoted together', () => {
    expect(texts(`get pods -l 'app in (a, b)' "x y"`)).toEqual(['get', 'pods', '-l', 'app in (a, b)', 'x y']);
  });

  test('joins quoted and bare parts of one word, as a shell does', () => {
    expect(texts(`--from-literal=key='a b'"c"d`)).toEqual(['--from-literal=key=a bcd']);
  });

  test('takes a backslash before any character literally, and before a newline as a continuation', () => {
    expect(texts('a\\ b c\\\nd')).toEqual(['a b', 'cd']);
  });

  test('leaves comments out, but not a "#" inside a word', () => {
    expect(texts('get pods # all of them\nget nodes a#b')).toEqual(['get', 'pods', 'get', 'nodes', 'a#b']);
  });

  test.each([
    [`say 'open`, 'single quote'],
    ['say "open', 'double quote'],
    ['say \\', 'backslash'],
    ['apply -f - <<EOF\nkind: Pod\n', 'here-document'],
  ])('knows that %j is not finished', (line, unfinished) => {
    expect(splitLine(line).unfinished).toBe(unfinished);
  });

  test('hands a here-document over as the standard input of its command', () => {
    const { words, hereDocument, unfinished } = splitLine('apply -f - <<EOF\nkind: Pod\nmetadata: {}\nEOF');
    expect(words.map(({ text }) => text)).toEqual(['apply', '-f', '-']);
    expect(hereDocument).toBe('kind: Pod\nmetadata: {}\n');
    expect(unfinished).toBeUndefined();
  });

  test.each(['plain', 'a b', `it's`, '', '$HOME', 'a\\b', '"q"'])(
    'reads %j back after quoting it',
    (text) => {
      expect(texts(quoteWord(text))).toEqual([text]);
    },
  );
});
