import { array, assert, constantFrom, nat, property, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deployment } from '../checks/check-story.ts';
import { expandedSnippets } from '../completion/snippet-story.ts';
import { parseDocument } from './parse-document.ts';
import { patchDocument } from './patch-document.ts';

const containers = Array.from(
  { length: 20 },
  (_, index) =>
    `    - name: c${index}\n      image: "busybox"\n      command: [sh, -c]\n      env:\n      - { name: A, value: a }\n`,
).join('');
const pod = `apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  labels:\n    app: a\nspec:\n  containers:\n${containers}  nodeName: b\n`;
const odd = `---\na:\n  b: |\n    text\n\n  c: >-\n    one\n     two\n\n  d: one\n    two\n  e: 'one\n    two'\n  f:\n  - - g\n    - h: i\n  -\n    j: k\n  - l\n  # m\n  n: {o: p,\n    q: r}\n  s:\n  t: # u\n    v: w\nx:\n- y\n- z\n`;

/** What becomes of `text` where a part of it is replaced; undefined where it was parsed as a whole. */
function patched(text: string, part: string, by: string) {
  const after = text.replace(part, by);
  expect(after).not.toBe(text);
  const document = patchDocument(parseDocument(text), after);
  if (document !== undefined) expect(document).toEqual(parseDocument(after));
  return document;
}

describe('of a document that changed, only the piece that did is parsed', () => {
  test.each([
    ['a value', 'app: a', 'app: ab'],
    ['a value that was nothing', 'nodeName: b', 'nodeName:'],
    ['a value in an item of a long list', 'name: c7', 'name: c-seven'],
    ['a value in brackets', '[sh, -c]', '[sh, -c, "x y"]'],
    ['an entry that is new', 'name: c7\n', 'name: c7\n      tty: true\n'],
    ['an entry that goes', '      image: "busybox"\n', ''],
    [
      'a whole block',
      'command: [sh, -c]',
      'command:\n        - sh\n        - |\n          echo a\n\n          echo b',
    ],
    ['a key that is there twice', 'name: c7', 'image: c7'],
  ])('%s', (_, part, by) => {
    const isFine = by !== 'image: c7';
    expect(patched(pod, part, by) !== undefined).toBe(isFine);
  });
});

describe('all of it is parsed', () => {
  test.each([
    ['where a line moves out', pod, '      image: "busybox"', '    image: "busybox"'],
    ['where it is no YAML', pod, 'name: c7', 'name: "c7'],
    ['where a key of the document changes', pod, 'metadata:', 'meta:'],
    ['where an item is new', pod, '    - name: c7', '    - name: new\n    - name: c7'],
    ['where there is an alias', pod, 'name: c7', 'name: *c'],
    ['where there are actions of a template', pod, 'name: c7', 'name: {{ c }}'],
    ['where a comment begins', pod, 'app: a', 'app: a #'],
    ['where a document ends', pod, '    app: a\n', '    app: a\n...\n'],
  ])('%s', (_, text, part, by) => {
    expect(patched(text, part, by)).toBeUndefined();
  });
});

const texts = [deployment, pod, odd, ...expandedSnippets()];
const slips = constantFrom(
  '',
  ' ',
  '  ',
  '\n',
  '\n  ',
  '\t',
  ':',
  ': ',
  '- ',
  '\n- ',
  '{',
  '}',
  '[',
  ']',
  '"',
  "'",
  '&a ',
  '*a',
  '#',
  ' # x',
  '<<: {a: b}',
  '|\n',
  '>\n',
  '? ',
  '! ',
  '!!str ',
  '...',
  '---',
  '%',
  'null',
  '5',
  'a',
  'name',
  'a: b\n',
  '\r\n',
  '\r',
  '\u2028',
);

test('whatever is typed, a patched document is what parsing all of it gives', () => {
  let count = 0;
  assert(
    property(
      constantFrom(...texts),
      array(tuple(nat(), nat(12), slips), { minLength: 1, maxLength: 8 }),
      (base, edits) => {
        let document = parseDocument(base);
        for (const [place, removed, put] of edits) {
          const at = place % (document.text.length + 1);
          const text = document.text.slice(0, at) + put + document.text.slice(at + removed);
          const after = patchDocument(document, text);
          const whole = parseDocument(text);
          if (after !== undefined) {
            expect(after).toEqual(whole);
            count++;
          }
          document = after ?? whole;
        }
      },
    ),
    { numRuns: 2_000, seed: 5 },
  );
  expect(count).toBeGreaterThan(500);
});
