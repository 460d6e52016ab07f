import { expect } from 'vitest';
import type { EditorWindow } from '../environment/editor/editor-window.ts';

export function errors({ editor }: EditorWindow) {
  return editor.locator('.squiggly-error');
}

export function warnings({ editor }: EditorWindow) {
  return editor.locator('.squiggly-warning');
}

/** What the editor says of the only problem in the open file. */
export async function onlyProblem(window: EditorWindow): Promise<string> {
  await window.goToLine(1);
  const widget = window.page.locator('.zone-widget').filter({ has: window.page.locator('.marker-widget') });
  const text = await window.until(
    'the only problem',
    async () => {
      if (!(await widget.isVisible())) await window.page.keyboard.press('Alt+F8');
      return (await widget.textContent({ timeout: 3_000 }).catch(() => '')) ?? '';
    },
    (said) => /\d+ of \d+ problem/.test(said),
  );
  await window.page.keyboard.press('Escape');
  expect(text).toContain('1 of 1 problem');
  return text;
}

/** Takes what the editor proposes at the cursor, asking for it where it does not by itself. */
export async function takeProposal(window: EditorWindow, label: string): Promise<void> {
  const focused = window.page.locator('.suggest-widget.visible .monaco-list-row.focused');
  await window.until(
    `the proposal ${label}`,
    async () => {
      const text = await focused.textContent({ timeout: 2_000 }).catch(() => undefined);
      if (text == null) await window.page.keyboard.press('Control+Space');
      return text ?? '';
    },
    (text) => text.includes(label),
  );
  await window.page.keyboard.press('Enter');
}

/** Takes a quick fix of what stands at a place. With the keyboard: the menu lies under something that takes clicks. */
export async function takeFix(window: EditorWindow, line: number, title: string, column = 4): Promise<void> {
  const rows = window.page.locator('.action-widget .monaco-list-row');
  const focused = rows.and(window.page.locator('.focused'));
  await window.until(
    `the fix ${title}`,
    async () => {
      if (!(await rows.first().isVisible())) {
        // What was pressed before the menu came has moved the cursor.
        await window.goToLine(line, column);
        await window.page.keyboard.press('Control+.');
        await rows
          .first()
          .waitFor({ timeout: 5_000 })
          .catch(() => {});
      }
      if (!(await rows.first().isVisible())) return '';
      const text = (await focused.textContent({ timeout: 3_000 }).catch(() => '')) ?? '';
      if (!text.includes(title)) await window.page.keyboard.press('ArrowDown');
      return text;
    },
    (text) => text.includes(title),
  );
  await window.page.keyboard.press('Enter');
  await rows.first().waitFor({ state: 'hidden' });
}

/** What the panel "Problems" tells of an open file, as `line:column severity text`, in the order of their places. */
async function shownProblems(window: EditorWindow, file: string): Promise<readonly string[]> {
  const rows = window.page.locator('.markers-panel .monaco-list-row');
  const labels = await rows.evaluateAll((found) =>
    found
      .map((row) => ({ top: row.getBoundingClientRect().top, label: row.getAttribute('aria-label') ?? '' }))
      .sort((a, b) => a.top - b.top)
      .map(({ label }) => label),
  );
  const files = labels.map((label) => / problems? in file (.*) of folder /.exec(label)?.[1]);
  return labels
    .flatMap((label, at) => {
      const [, severity = '', text = '', line, column] =
        /^(Error|Warning|Info): (.*) at line (\d+) and character (\d+)\./s.exec(label) ?? [];
      // The files are rows as well, each above what is wrong in it.
      const of = files.slice(0, at).findLast((name) => name !== undefined);
      if (line === undefined || of !== file) return [];
      return [{ said: `${severity} ${text}`, line: Number(line), column: Number(column) }];
    })
    .sort((a, b) => a.line - b.line || a.column - b.column)
    .map(({ line, column, said }) => `${line}:${column} ${said}`);
}

/** Pixels: a panel that is not maximized has about a third of the window's 800. */
const maximizedAbove = 500;

/**
 * Waits until the panel "Problems" tells of these and no others in a file, each given by how it begins, and closes it
 * again. No more than fit on the screen: what would have to be scrolled to is not there.
 */
export async function untilProblemsAre(
  window: EditorWindow,
  file: string,
  wanted: readonly string[],
): Promise<void> {
  await window.run('Problems: Focus on Problems View');
  await window.page.locator('.markers-panel').waitFor();
  // It may still be as it was when it was closed.
  const { height = 0 } = (await window.page.locator('.part.panel').boundingBox()) ?? {};
  if (height < maximizedAbove) await window.run('View: Toggle Maximized Panel');
  await window.until(
    `these problems of ${file}:\n${wanted.join('\n')}\n`,
    async () => (await shownProblems(window, file)).join('\n'),
    (text) => {
      const lines = text === '' ? [] : text.split('\n');
      return lines.length === wanted.length && lines.every((line, at) => line.startsWith(wanted[at] ?? ''));
    },
  );
  await window.run('View: Toggle Panel Visibility');
}
