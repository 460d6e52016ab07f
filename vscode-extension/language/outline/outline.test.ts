import { describe, expect, test } from 'vitest';
import { deployment } from '../checks/check-story.ts';
import { parseDocument } from '../syntax/parse-document.ts';
import { outlineOf, type OutlineItem } from './outline.ts';

function drawn(items: readonly OutlineItem[], indent = ''): string[] {
  return items.flatMap(({ name, detail, children }) => [
    `${indent}${name}${detail === '' ? '' : ` (${detail})`}`,
    ...drawn(children, `${indent}  `),
  ]);
}

describe('the outline', () => {
  test('shows an object with its parts and named items', () => {
    expect(drawn(outlineOf(parseDocument(deployment)))).toEqual([
      'Deployment web (apps/v1)',
      '  metadata',
      '  spec',
      '    selector',
      '      matchLabels',
      '    template',
      '      metadata',
      '        labels',
      '      spec',
      '        containers',
      '          web (busybox)',
      '            resources',
      '              requests',
    ]);
  });

  test('shows the items of a List as objects of their own', () => {
    const text =
      'apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: a, namespace: b}}\n- {apiVersion: v1, kind: Secret, metadata: {name: c}}\n';
    expect(outlineOf(parseDocument(text)).map(({ name, detail }) => `${name} ${detail}`)).toEqual([
      'Pod a b',
      'Secret c v1',
    ]);
  });

  test('selects within what it shows, which the editor insists on', () => {
    const check = ({ range, selection, children }: OutlineItem) => {
      expect(range.start).toBeLessThanOrEqual(selection.start);
      expect(range.end).toBeGreaterThanOrEqual(selection.end);
      children.forEach(check);
    };
    const shared =
      'apiVersion: v1\nkind: Pod\nm: &m {name: a}\nmetadata: *m\nspec: {containers: [{name: x}, {}]}\n';
    for (const text of [deployment, shared]) outlineOf(parseDocument(text)).forEach(check);
  });

  test('of what is no manifest is empty', () => {
    expect(outlineOf(parseDocument('a: {b: 1}\n'))).toEqual([]);
  });

  test('of a very long list ends somewhere', () => {
    const keys = Array.from({ length: 6_000 }, (_, index) => `  k${index}: {a: 1}`).join('\n');
    const [object] = outlineOf(
      parseDocument(`apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n${keys}\n`),
    );
    expect(object?.children.at(-1)?.children.length).toBeLessThan(5_001);
  });
});
