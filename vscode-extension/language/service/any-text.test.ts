import { array, assert, constantFrom, nat, property, tuple } from 'fast-check';
import { expect, test } from 'vitest';
import { deployment, problemsOf } from '../checks/check-story.ts';
import { complete } from '../completion/complete.ts';
import { expandedSnippets } from '../completion/snippet-story.ts';
import { definitionAt } from '../definition/definition.ts';
import { hoverAt } from '../hover/hover.ts';
import { outlineOf } from '../outline/outline.ts';
import { FileObjects } from '../references/object-index.ts';
import { builtInModel } from '../schema/built-in.ts';
import { ManifestFile } from '../syntax/manifest-file.ts';
import { parseDocument } from '../syntax/parse-document.ts';

const model = builtInModel();
const known = { files: new FileObjects(), live: undefined };
const texts = [deployment, ...expandedSnippets()];

/** Things that turn a manifest into something its author did not mean. */
const slips = constantFrom(
  '',
  ' ',
  '  ',
  '\n',
  '\t',
  ':',
  ': ',
  '- ',
  '-',
  '{',
  '}',
  '[',
  ']',
  '"',
  "'",
  '&a ',
  '*a',
  '<<: *a',
  '|\n',
  'null',
  '~',
  '5',
  '-1',
  'true',
  '1e400',
  '!!int ',
  '#',
  '%',
  '{{ .x }}',
  '\r\n',
  'name',
  'spec: []',
  'é😀',
);

const edits = array(tuple(nat(), nat(24), slips), { minLength: 1, maxLength: 6 });

function edited(text: string, changes: readonly (readonly [number, number, string])[]): string {
  return changes.reduce((before, [place, removed, put]) => {
    const at = place % (before.length + 1);
    return before.slice(0, at) + put + before.slice(at + removed);
  }, text);
}

test('whatever is typed, every question is answered', () => {
  assert(
    property(constantFrom(...texts), edits, nat(), (base, changes, place) => {
      const text = edited(base, changes);
      const document = parseDocument(text);
      const offset = place % (text.length + 1);
      for (const { range, fixes = [] } of problemsOf(text)) {
        expect(range.start).toBeLessThanOrEqual(range.end);
        expect(range.end).toBeLessThanOrEqual(text.length);
        for (const { edits: mending } of fixes)
          for (const edit of mending) expect(edit.range.start).toBeLessThanOrEqual(edit.range.end);
      }
      outlineOf(document);
      hoverAt(document, offset, { model, live: undefined });
      const context = { model, namespace: 'default', known };
      const completions = complete(text, offset, context);
      // What is known of the text before the slips changes nothing but how long it takes.
      const file = new ManifestFile();
      file.update(base).forEach(({ parsed }) => parsed);
      const [placed, ...others] = file.update(text);
      if (placed !== undefined && others.length === 0) {
        const quick = complete(text, offset, context, (other) => placed.parseInstead(other));
        expect(quick).toEqual(completions);
      }
      definitionAt({ document, model, namespace: 'default' }, offset, known);
    }),
    { numRuns: 400, seed: 20 },
  );
});
