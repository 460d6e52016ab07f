import { describe, expect, test } from 'vitest';
import type { Revision } from '../../core/client/operations/revisions.ts';
import { builtAtMs, replicaSet, timestamp } from '../../test/builders/index.ts';
import { revisionRow, templateText } from './revision-texts.ts';

describe('a revision in the list', () => {
  const revision = (more: Partial<Revision> = {}): Revision => ({
    number: 3,
    changeCause: undefined,
    createdAt: timestamp(builtAtMs),
    template: {
      spec: {
        containers: [
          { name: 'web', image: 'web:3' },
          { name: 'side', image: 'proxy:1' },
        ],
      },
    },
    replicas: 2,
    current: false,
    keeper: replicaSet().build(),
    ...more,
  });
  const row = (more?: Partial<Revision>) => revisionRow(revision(more), builtAtMs + 5 * 3_600_000);

  test('tells its age, its Pods and its images', () => {
    expect(row()).toEqual({
      label: '$(history) Revision 3',
      description: '5h ago · 2 Pods',
      detail: 'web:3, proxy:1',
    });
  });

  test('says which one runs now, and why it was made', () => {
    const { label, description, detail } = row({ current: true, replicas: 1, changeCause: 'new logo' });
    expect(label).toContain('$(pass-filled)');
    expect(description).toBe('runs now · 5h ago · 1 Pod');
    expect(detail).toBe('new logo · web:3, proxy:1');
  });

  test('counts no Pods where nobody does', () => {
    expect(row({ replicas: undefined }).description).toBe('5h ago');
  });

  test('does not hand on what a terminal or a window would obey', () => {
    expect(row({ changeCause: 'a\u001b[2Jb\nc' }).detail).not.toMatch(/[\u001b\n]/);
  });

  test('is compared by its template, at the place it has in the object', () => {
    expect(templateText(revision().template)).toMatch(/^spec:\n {2}template:\n/);
  });
});
